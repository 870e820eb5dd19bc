"""CUMSUM: Python integers, its options, sums of int8 by rule, and every refusal."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import constant, node, operand, refused, run
from tests.ops.python_integers import clamp, float32, requantize_double

OPTIONS = list(itertools.product([False, True], repeat=2))


def cumsum(shape=(4,), axis=0, dtype="INT8", scales=(0.5, 0.5), zero_points=(0, 0), **changes):
    inputs = [operand(dtype, shape, scales[0], zero_points[0]), constant("INT32", axis)]
    return node("CUMSUM", inputs, operand(dtype, shape, scales[1], zero_points[1]), **changes)


@pytest.mark.parametrize(
    "exclusive, reverse, expected",
    [
        (False, False, [1, 3, 6, 10]),
        (True, False, [0, 1, 3, 6]),
        (False, True, [10, 9, 7, 4]),
        (True, True, [9, 7, 4, 0]),
    ],
)
@pytest.mark.parametrize("dtype", ["INT8", "INT32", "INT64"])
def test_literal(exclusive, reverse, expected, dtype):
    scales = (0.5, 0.5) if dtype == "INT8" else (None, None)
    x = np.array([1, 2, 3, 4], dtype.lower())
    node = cumsum(dtype=dtype, scales=scales, exclusive=exclusive, reverse=reverse)
    assert run(node, x).tolist() == expected


@pytest.mark.parametrize("axis", [-3, -1, 1])
@pytest.mark.parametrize("exclusive, reverse", OPTIONS)
@pytest.mark.parametrize("dtype", ["INT8", "INT32", "INT64"])
@pytest.mark.parametrize("shape", [(3, 5, 4), (2, 1, 70), (1, 33, 1), (4, 0, 2)])
def test_the_kernel(axis, exclusive, reverse, dtype, shape):
    info = np.iinfo(dtype.lower())
    x = np.random.default_rng(2).integers(info.min, info.max, shape).astype(dtype.lower())
    scales = (0.5, 0.5) if dtype == "INT8" else (None, None)
    node = cumsum(shape, axis, dtype, scales, exclusive=exclusive, reverse=reverse)
    if dtype != "INT8":
        run(node, x)
    assert_kernel_equals_spec(node, x)


def line(values, exclusive, reverse):
    values = values[::-1] if reverse else values
    sums = [sum(values[: k + (0 if exclusive else 1)]) for k in range(len(values))]
    return sums[::-1] if reverse else sums


@pytest.mark.parametrize("axis", [-3, -1, 1])
@pytest.mark.parametrize("exclusive, reverse", OPTIONS)
@pytest.mark.parametrize("rules", ["tflite", "tflm"])
def test_int8_equals_python_integers(axis, exclusive, reverse, rules):
    x = np.random.default_rng(2).integers(-128, 128, (3, 5, 4)).astype(np.int8)
    scales, z = (0.0123, 0.0456), (11, -9)
    options = {"exclusive": exclusive, "reverse": reverse}
    out = run(cumsum(x.shape, axis, "INT8", scales, z, rules=rules, **options), x)
    real = 2 * float32(scales[0]) / (2**20 * float32(scales[1]))
    start = -11 if rules == "tflm" else 0
    lines, results = np.moveaxis(x, axis, -1), np.moveaxis(out, axis, -1)
    for index in np.ndindex(*lines.shape[:-1]):
        sums = line([v - 11 for v in lines[index].tolist()], exclusive, reverse)
        assert results[index].tolist() == [
            clamp(requantize_double((start + s) * 2**19, real) - 9, -128, 127) for s in sums
        ]


def test_plain_integers_wrap():
    x = np.array([2**31 - 1, 1, 1, -5], np.int32)
    out = run(cumsum(dtype="INT32", scales=(None, None)), x)
    assert out.tolist() == [2**31 - 1, -(2**31), -(2**31) + 1, 2**31 - 4]


def test_int32_overflow_is_reported_or_wraps_by_rule():
    x = np.full(40, 127, np.int8)
    with pytest.raises(DomainError, match="accumulator"):
        run(cumsum(x.shape), x)
    out = run(cumsum(x.shape, scales=(0.5, 20.0), rules="tflm"), x)
    # 33 times 127 is 4191, past 2^12: -4001 of 1/40.
    assert out[31:33].tolist() == [102, -100]


def test_refuses_axes_C1():
    assert refused(cumsum(axis=1)) == "C1"
    assert refused(cumsum(axis=[0, 0])) == "C1"
    assert refused(cumsum((), 0)) == "C1"


def test_refuses_fine_outputs_C2():
    prepare(cumsum(scales=(1.0, 2.0**-18)))
    with pytest.raises(DomainError) as refusal:
        prepare(cumsum(scales=(1.0, 2.0**-19)))
    assert refusal.value.label == "C2"


def test_refuses_versions_and_dtypes():
    assert refused(cumsum(version=2)) == "version"
    assert refused(cumsum(dtype="INT16")) == "dtype"
