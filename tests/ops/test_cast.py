"""CAST: low bits, truth, rounding, truncation and saturation, and every refusal."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from refint8.model.types import NUMPY_DTYPE
from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import clamp

INTEGERS = ["INT8", "UINT8", "INT16", "UINT16", "INT32", "UINT32", "INT64"]
VALUES = [
    0,
    1,
    -1,
    127,
    128,
    -128,
    255,
    256,
    300,
    32768,
    70000,
    -70000,
    2**24 + 1,
    2**31,
    2**63 - 1,
]


def cast(values, dtype, out, rules="tflite", version=1):
    x = np.asarray(values, NUMPY_DTYPE[dtype])
    operator = node(
        "CAST", [operand(dtype, x.shape)], operand(out, x.shape), rules=rules, version=version
    )
    return run(operator, x)


def in_dtype(value, dtype):
    limits = np.iinfo(dtype.lower())
    span = int(limits.max) - int(limits.min) + 1
    return (value - int(limits.min)) % span + int(limits.min)


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("out", INTEGERS)
def test_integers_keep_their_low_bits(dtype, out):
    values = [in_dtype(v, dtype) for v in VALUES]
    assert cast(values, dtype, out).tolist() == [in_dtype(v, out) for v in values]


def test_literals():
    assert cast([300], "INT16", "INT8").tolist() == [44]
    assert cast([-1], "INT8", "UINT16").tolist() == [65535]
    assert cast([200], "UINT8", "INT8").tolist() == [-56]


@pytest.mark.parametrize("other", [*INTEGERS, "FLOAT32"])
def test_truth(other):
    assert cast([True, False], "BOOL", other).tolist() == [1, 0]
    assert cast([0, 1, 5, 100], other, "BOOL").tolist() == [False, True, True, True]


def test_truth_of_floats():
    values = [0.0, -0.0, 1e-45, math.nan, -math.inf]
    assert cast(values, "FLOAT32", "BOOL").tolist() == [False, False, True, True, True]


def nearest_float32(value):
    """Ties to even, by fractions."""
    bits = abs(value).bit_length()
    if bits <= 24:
        return float(value)
    unit = 2 ** (bits - 24)
    return float(round(Fraction(value, unit)) * unit)


def test_integers_to_float32_round_to_nearest_even():
    values = [2**24 + 1, 2**24 + 3, -(2**24) - 1, 2**31 - 1, 2**62 + 2**38, 2**62 + 2**38 + 1, -5]
    assert cast(values, "INT64", "FLOAT32").tolist() == [nearest_float32(v) for v in values]
    assert cast([2**32 - 1, 2**31 + 129], "UINT32", "FLOAT32").tolist() == [2.0**32, 2.0**31 + 256]


@pytest.mark.parametrize("out", INTEGERS)
def test_floats_truncate_and_saturate(out):
    values = [0.9, -0.9, 1.5, -1.5, 126.99, 255.5, 300.0, -300.0, 7e4, 3e9, -3e9, 5e18, 1e19, -1e30]
    values += [2.0**31, 2.0**63, -(2.0**63), 2.0**32, math.inf, -math.inf]
    limits = np.iinfo(out.lower())
    bounds = int(limits.min), int(limits.max)
    single = np.array(values, np.float32).tolist()
    expected = [
        bounds[v > 0] if math.isinf(v) else clamp(math.trunc(Fraction(v)), *bounds) for v in single
    ]
    assert cast(values, "FLOAT32", out).tolist() == expected
    assert cast(values, "FLOAT32", out, "litert-ref").tolist() == expected


@pytest.mark.parametrize("out", INTEGERS)
def test_nan_is_a_rule(out):
    assert cast([math.nan, 1], "FLOAT32", out).tolist() == [0, 1]
    highest = int(np.iinfo(out.lower()).max)
    assert cast([math.nan, 1], "FLOAT32", out, "litert-ref").tolist() == [highest, 1]
    assert cast([math.nan, 1], "FLOAT32", out, "tflm").tolist() == [0, 1]


@pytest.mark.parametrize(
    "dtype, values", [("INT4", [-8, 7]), ("UINT4", [0, 15]), ("INT2", [-2, 1])]
)
def test_narrow_integers_become_floats(dtype, values):
    assert cast(values, dtype, "FLOAT32").tolist() == values


def test_scales_are_not_looked_at():
    x = np.array([5], np.int8)
    operator = node("CAST", [operand("INT8", (1,), 0.5, 3)], operand("INT32", (1,), 7.0))
    assert run(operator, x).tolist() == [5]


def test_refuses_versions_and_dtypes():
    one = operand("INT8", (1,))
    run(node("CAST", [one], one, version=9), np.zeros(1, np.int8))
    assert refused(node("CAST", [one], one, version=10)) == "version"
    for dtype in ("COMPLEX64", "INT4", "FLOAT64"):
        assert refused(node("CAST", [one], operand(dtype, (1,)))) == "dtype"
    assert refused(node("CAST", [operand("INT4", (1,))], operand("INT8", (1,)))) == "dtype"
