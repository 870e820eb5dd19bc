"""EXPAND_DIMS: literal shapes, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.nodes import constant, node, operand, refused, run


def expand_dims(shape, axis, dtype="INT8", axis_dtype="INT32", out=(), **quantization):
    x = operand(dtype, shape, **quantization)
    result = operand(dtype, (1,), *out) if out else operand(dtype, (1,), **quantization)
    return node("EXPAND_DIMS", [x, constant(axis_dtype, axis)], result)


@pytest.mark.parametrize(
    "shape, axis, expected",
    [
        ((2, 3), 0, (1, 2, 3)),
        ((2, 3), 1, (2, 1, 3)),
        ((2, 3), 2, (2, 3, 1)),
        ((2, 3), -1, (2, 3, 1)),
        ((2, 3), -3, (1, 2, 3)),
        ((), 0, (1,)),
        ((), -1, (1,)),
        ((0, 2), 1, (0, 1, 2)),
        ((1, 2, 1, 2, 1, 2), 3, (1, 2, 1, 1, 2, 1, 2)),
    ],
)
@pytest.mark.parametrize("axis_dtype", ["INT32", "INT64"])
def test_inserts_an_axis(shape, axis, expected, axis_dtype):
    x = np.arange(np.prod(shape), dtype=np.int8).reshape(shape)
    out = run(expand_dims(shape, axis, axis_dtype=axis_dtype), x, None)
    assert out.shape == expected
    assert out.reshape(-1).tolist() == list(range(x.size))


def test_an_axis_of_shape_1_counts_as_a_number():
    assert run(expand_dims((2,), [1]), np.array([4, 5], np.int8), None).tolist() == [[4], [5]]


@pytest.mark.parametrize("dtype", ["FLOAT32", "INT64", "BOOL", "INT4", "UINT8"])
def test_moves_every_dtype(dtype):
    x = operand(dtype, (2,), data=[0, 1]).value
    assert run(expand_dims((2,), 0, dtype), x, None).tolist() == [[0, 1]]


def test_refuses_axes_outside_C1():
    assert refused(expand_dims((2, 3), 3)) == "C1"
    assert refused(expand_dims((2, 3), -4)) == "C1"
    assert refused(expand_dims((2, 3), [0, 1])) == "C1"
    assert refused(expand_dims((2, 3), np.zeros(0))) == "C1"


def test_refuses_a_change_of_quantization_C2():
    good = expand_dims((2,), 0, scale=0.5, zero_point=3)
    assert run(good, np.zeros(2, np.int8), None).shape == (1, 2)
    assert refused(expand_dims((2,), 0, scale=0.5, zero_point=3, out=(0.5, 4))) == "C2"
    assert refused(expand_dims((2,), 0, scale=0.5, zero_point=3, out=(0.25, 3))) == "C2"
    assert refused(expand_dims((2,), 0, out=(0.25, 3))) == "C2"
    assert refused(expand_dims((2,), 0, "INT16", scale=0.5, zero_point=3)) == "C2"
    # A NaN scale equals nothing, not even itself.
    assert refused(expand_dims((2,), 0, scale=float("nan"))) == "C2"


def test_several_scales_count_as_none():
    per_channel = expand_dims((2,), 0, scale=[0.5, 0.25], zero_point=[0, 0])
    assert run(per_channel, np.zeros(2, np.int8), None).shape == (1, 2)
    x = operand("INT8", (2,), [0.5, 0.25])
    unquantized = node("EXPAND_DIMS", [x, constant("INT32", 0)], operand("INT8", (1, 2)))
    assert run(unquantized, np.zeros(2, np.int8), None).shape == (1, 2)


def test_refuses_versions_and_dtypes():
    good = expand_dims((2,), 0)
    assert refused(node("EXPAND_DIMS", good.inputs, good.outputs, version=2)) == "version"
    assert refused(expand_dims((2,), 0, axis_dtype="INT16")) == "dtype"
