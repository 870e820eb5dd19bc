"""Goldens made by hand, with every dtype and with names as bad as they come."""

from __future__ import annotations

import numpy as np

from refint8.model.types import NUMPY_DTYPE
from refint8.oracle.golden.contents import Golden, OperatorInfo, TensorInfo

HOSTILE = (
    "",
    "",
    "../x",
    "/etc/passwd",
    "a/b",
    "a_b",
    "A/B",
    "a/b/0",
    "0",
    "3",
    "0001_",
    "..",
    "a/../../b",
    "C:\\x",
    "con",
    'x\ny`include "z"',
    "*/ int evil[1] = {1}; /*",
    "日本",
    "é" * 300,
    "file",
    "__meta__",
    "x.npy",
    "serving_default_input:0",
    "same",
    "same",
    "a;b;c",
    "output_ref",
    "t0003",
    "testing_input/a",
    "//",
    "n" * 5000,
)


def arrays():
    """One array for each dtype with the values at its ends, then scalars, empty and odd ones."""
    yield "INT8", np.array([[-128, -1, 0], [1, 126, 127]], np.int8)
    yield "UINT8", np.array([0, 1, 127, 128, 255], np.uint8)
    yield "INT16", np.array([-32768, -1, 0, 258, 32767], np.int16)
    yield "UINT16", np.array([0, 1, 65535], np.uint16)
    yield "INT32", np.array([-(2**31), -1, 0, 0x01020304, 2**31 - 1], np.int32)
    yield "UINT32", np.array([0, 2**32 - 1], np.uint32)
    yield "INT64", np.array([-(2**63), -1, 0, 0x0102030405060708, 2**63 - 1], np.int64)
    yield "UINT64", np.array([0, 2**63, 2**64 - 1], np.uint64)
    yield "BOOL", np.array([True, False, True], np.bool_)
    bits = np.array([0, 1 << 31, 0x7F800000, 0xFF800000, 0x7FC00001, 0x3F800000, 1], np.uint32)
    yield "FLOAT32", bits.view(np.float32)
    yield "FLOAT16", np.array([1.5, -0.0, 65504], np.float16)
    yield "FLOAT64", np.array([1 / 3, -0.0, np.nan], np.float64)
    yield "COMPLEX64", np.array([1 + 2j, -3j], np.complex64)
    yield "COMPLEX128", np.array([1 / 3 - 2j], np.complex128)
    yield "INT4", np.array([-8, -1, 7], np.int8)
    yield "INT8", np.array(-77, np.int8)
    yield "INT64", np.array(-(2**63), np.int64)
    yield "BOOL", np.array(True)
    yield "FLOAT32", np.array(-0.0, np.float32)
    yield "INT8", np.zeros((1, 0, 3), np.int8)
    yield "FLOAT32", np.zeros((0,), np.float32)
    yield "INT8", np.arange(-35, 36, dtype=np.int8).reshape(71, 1)
    yield "INT32", np.arange(5, dtype=np.int32)[:, None]


def golden(values, names=None, model_name="some model.tflite"):
    """A golden of (dtype, array) pairs: the first is the input, the last the output.

    `values` may be one list of pairs, or one for each sample.
    """
    samples = values if isinstance(values[0], list) else [values]
    last = len(samples[0]) - 1
    tensors = tuple(
        TensorInfo(
            index=index,
            name=names[index] if names else f"net/layer{index}",
            dtype=dtype,
            shape=array.shape,
            scales=(0.5,),
            zero_points=(3,),
            quantized_dimension=0,
            role="input" if index == 0 else "output" if index == last else "inner",
            operator=index - 1,
        )
        for index, (dtype, array) in enumerate(samples[0])
    )
    two = tuple(OperatorInfo(i, "RELU", (i,), (i + 1,), {}) for i in range(2))
    return Golden(
        model=b"a model",
        model_name=model_name,
        profile="tflite",
        rules={},
        version="0",
        seed=None,
        operators=two,
        tensors=tensors,
        samples=tuple({i: array for i, (_, array) in enumerate(pairs)} for pairs in samples),
    )


def every_dtype(samples=1):
    pairs = list(arrays())
    assert all(array.dtype == NUMPY_DTYPE[dtype] for dtype, array in pairs)
    if samples == 1:
        return golden(pairs)
    return golden([[(d, np.roll(a, shift)) for d, a in pairs] for shift in range(samples)])


def hostile():
    pairs = [("INT8", np.array([i, -i], np.int8)) for i in range(len(HOSTILE))]
    return golden(pairs, names=HOSTILE, model_name="../*/evil\n#.tflite")


def same(dump, of, indexes=None):
    """Every tensor of every sample is there, bit for bit, and nothing was wrong."""
    assert dump.problems == ()
    assert len(dump.samples) == len(of.samples)
    for read, sample in zip(dump.samples, of.samples, strict=True):
        wanted = {i: sample[i] for i in (sample if indexes is None else indexes)}
        assert set(read) == set(wanted)
        for index, array in wanted.items():
            found = read[index]
            assert found.dtype == array.dtype and found.dtype.isnative
            assert found.shape == array.shape
            assert found.tobytes() == array.tobytes(), index
