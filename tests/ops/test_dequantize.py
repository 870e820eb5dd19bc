"""DEQUANTIZE: one rounding of the real value, channels, narrow integers, every refusal."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import float32

LIMITS = {
    "INT2": (-2, 1),
    "INT4": (-8, 7),
    "UINT4": (0, 15),
    "INT8": (-128, 127),
    "UINT8": (0, 255),
    "INT16": (-32768, 32767),
}


def dequantize_node(dtype="INT8", shape=(3,), scale=0.5, zero_point=0, axis=0, version=1):
    x = operand(dtype, shape, scale, zero_point, axis)
    return node("DEQUANTIZE", [x], operand("FLOAT32", shape), version=version)


def test_literal():
    x = np.array([-128, 0, 127], np.int8)
    assert run(dequantize_node(zero_point=-1), x).tolist() == [-63.5, 0.5, 64]


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("scale", [0.1, 1 / 3, 1.2345e-7, 3.3e-38])
def test_is_the_real_value_rounded_once(dtype, scale):
    low, high = LIMITS[dtype]
    zero_point = 0 if dtype == "INT16" else low + (high - low) // 3
    held = {"INT2": "int8", "INT4": "int8", "UINT4": "uint8"}.get(dtype, dtype.lower())
    x = np.arange(low, high + 1).astype(held)
    out = run(dequantize_node(dtype, x.shape, scale, zero_point), x)
    step = Fraction(float32(scale))
    sample = range(0, x.size, 1 if dtype != "INT16" else 29)
    for k in sample:
        exact = step * (int(x[k]) - zero_point)
        assert float(out[k]) == float32(float(exact)), k


def test_channels_have_their_own_scales():
    x = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
    operator = dequantize_node("UINT8", x.shape, [1.0, 0.5, 2.0], [0, 1, 3], axis=1)
    assert run(operator, x).tolist() == [[1, 0.5, 0], [4, 2, 6]]
    rows = dequantize_node("INT4", x.shape, [1.0, 0.5], [0, 4], axis=0)
    assert run(rows, x.astype(np.int8)).tolist() == [[1, 2, 3], [0, 0.5, 1]]


def test_float16_is_widened():
    x = np.array([0.1, -65504, 6e-8, np.inf, np.nan, -0.0], np.float16)
    out = run(dequantize_node("FLOAT16", x.shape, None), x)
    assert np.array_equal(out, x.astype(np.float32), equal_nan=True)
    assert np.signbit(out[-1])


def test_refuses_asymmetric_int16_C1():
    assert refused(dequantize_node("INT16", zero_point=1)) == "C1"


def test_refuses_channels_that_do_not_fit_C2():
    assert refused(dequantize_node(scale=[1.0, 2.0])) == "C2"
    assert refused(dequantize_node(scale=[1.0] * 3, axis=1)) == "C2"
    assert refused(dequantize_node("INT16", scale=[1.0] * 3)) == "C2"
    prepare(dequantize_node(scale=[1.0] * 3))


def test_refuses_versions_dtypes_and_missing_scales():
    prepare(dequantize_node(version=9))
    assert refused(dequantize_node(version=10)) == "version"
    assert refused(dequantize_node("INT32")) == "dtype"
    assert refused(dequantize_node("FLOAT32", scale=None)) == "dtype"
    assert refused(dequantize_node(scale=None)) == "scale"
