"""LOGISTIC: the real function, tables, fixed point, int16 interpolation, and every refusal."""

from __future__ import annotations

import math

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.numerics.sigmoid_table import SIGMOID
from refint8.ops._op import prepare
from tests.ops import gemmlowp_integers as gemmlowp
from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import (
    clamp,
    divide_by_pot,
    double_rounding,
    float32,
    quantize_multiplier,
)

LIMITS = {"INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767)}


def logistic_node(
    dtype="INT8", scale=0.05, zero_point=0, out=None, out_zero=None, version=1, rules="tflite"
):
    if out is None:
        out = 2.0**-15 if dtype == "INT16" else 1 / 256
    if out_zero is None:
        out_zero = -128 if dtype == "INT8" else 0
    return node(
        "LOGISTIC",
        [operand(dtype, (4,), scale, zero_point)],
        operand(dtype, (4,), out, out_zero),
        version=version,
        rules=rules,
    )


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def every(dtype, step=1):
    low, high = LIMITS[dtype]
    return np.arange(low, high + 1, step).astype(dtype.lower())


@pytest.mark.parametrize("dtype, zero_point", [("INT8", -128), ("INT8", 5), ("UINT8", 0)])
@pytest.mark.parametrize("scale", [0.05, 0.0123, 1.7, 1e-4])
def test_the_table_is_the_rounded_function(dtype, zero_point, scale):
    """float32 arithmetic is within 2^-22: entries that no tie is near are the function rounded."""
    low, high = LIMITS[dtype]
    x = every(dtype)
    zi = low + 117
    out = prepare(logistic_node(dtype, scale, zi, out_zero=zero_point)).spec(x)
    real = np.array([256 * sigmoid(float32(scale) * (v - zi)) for v in x.tolist()])
    clear = abs(real % 1 - 0.5) > 1e-4
    expected = np.clip(np.floor(real + 0.5) + zero_point, low, high)
    assert clear.sum() > 250
    assert (out == expected)[clear].all()
    assert abs(out - expected).max() <= 1


def test_literal_table():
    x = np.array([-128, -40, 0, 40, 127], np.int8)
    # sigmoid of -6.4, -2, 0, 2 and 6.35, times 256
    assert prepare(logistic_node()).spec(x).tolist() == [-128, -97, 0, 97, 127]


def gemmlowp_int8(x, scale, zero_point):
    multiplier, shift = quantize_multiplier(float32(scale) * 2**27)
    radius = 15 * 2**27 // 2**shift if shift >= 0 else 15 * 2**27 * 2**-shift
    d = x - zero_point
    if d <= -radius:
        return -128
    if d >= radius:
        return 127
    raw = gemmlowp.logistic(double_rounding(d, multiplier, shift), 4)
    return clamp(divide_by_pot(raw, 23) - 128, -128, 127)


@pytest.mark.parametrize("scale, zero_point", [(0.05, 0), (0.31, -90), (1e-3, 100), (20.0, 3)])
def test_fixed_point_equals_python_integers(scale, zero_point):
    x = every("INT8")
    record = prepare(logistic_node(scale=scale, zero_point=zero_point, rules="tflm"))
    assert record.spec(x).tolist() == [gemmlowp_int8(v, scale, zero_point) for v in x.tolist()]


def test_fixed_point_refuses_scales_whose_saturation_leaves_int32():
    prepare(logistic_node(scale=2.0**-28, rules="tflm"))
    with pytest.raises(DomainError, match="outside int32"):
        prepare(logistic_node(scale=2.0**-29, rules="tflm"))


def multiplier_int16(scale):
    if scale == 2.0**-12:
        return 3, 0
    real, shift = float32(scale) * 12288, 0
    while real <= 32767 / 2 and shift <= 30:
        real, shift = real * 2, shift + 1
    return int(real), shift


def interpolate(x, multiplier, shift):
    u = (x * multiplier + (2**shift >> 1)) >> shift
    k, fraction = divmod(abs(u), 512)
    r = 0x7FFF * 1024
    if k < 255:
        r = int(SIGMOID[k]) * 512 + fraction * int(SIGMOID[k + 1] - SIGMOID[k])
    return (r + 512) // 1024 if u >= 0 else (2**25 - r + 511) // 1024


@pytest.mark.parametrize("scale", [2.0**-12, 2.0**-11, 1e-3, 3.3e-4, 1e-9, 0.01, 2.0, 2.0**-30])
def test_int16_equals_python_integers(scale):
    x = every("INT16", 13)
    multiplier, shift = multiplier_int16(scale)
    record = prepare(logistic_node("INT16", scale))
    assert record.spec(x).tolist() == [interpolate(v, multiplier, shift) for v in x.tolist()]


def test_int16_is_close_to_the_real_function():
    x = every("INT16", 101)
    for scale in (2.0**-12, 2.0**-10, 1.3e-4):
        out = prepare(logistic_node("INT16", scale)).spec(x)
        real = np.array([32768 * sigmoid(scale * v) for v in x.tolist()])
        assert abs(out - real).max() < 16


def test_int16_that_is_almost_a_power_of_two_is_one():
    x = every("INT16", 101)
    exact = prepare(logistic_node("INT16", 2.0**-12)).spec(x)
    assert (prepare(logistic_node("INT16", 2.0**-12 * 1.0005)).spec(x) == exact).all()
    assert (prepare(logistic_node("INT16", 2.0**-12 * 1.001)).spec(x) != exact).any()


def test_int16_product_out_of_32_bits_is_reported_or_wraps():
    x = np.array([1, 32767], np.int16)
    with pytest.raises(DomainError, match="accumulator"):
        prepare(logistic_node("INT16", 6.0)).spec(x)
    # 32767 * 73728 wraps to a negative number.
    out = prepare(logistic_node("INT16", 6.0, rules="litert-ref")).spec(x)
    assert out.tolist() == [interpolate(1, 73728, 0), 1]


def test_refuses_other_output_scales_C1():
    assert refused(logistic_node(out=1 / 255)) == "C1"
    assert refused(logistic_node("UINT8", out=1 / 128)) == "C1"
    prepare(logistic_node(out=1 / 255, rules="tflm"))


def test_refuses_asymmetric_int16_and_other_output_scales_C2():
    assert refused(logistic_node("INT16", zero_point=1)) == "C2"
    assert refused(logistic_node("INT16", out_zero=1)) == "C2"
    assert refused(logistic_node("INT16", out=2.0**-14)) == "C2"
    assert refused(logistic_node("INT16", out=2.0**-15 * 1.01)) == "C2"


def test_refuses_what_fixed_point_does_not_take_C3():
    assert refused(logistic_node(out_zero=0, rules="tflm")) == "C3"
    assert refused(logistic_node("UINT8", out_zero=-128, rules="tflm")) == "C3"


def test_refuses_versions_dtypes_and_missing_scales():
    prepare(logistic_node(version=3))
    assert refused(logistic_node(version=4)) == "version"
    assert refused(logistic_node("FLOAT32")) == "dtype"
    x, out = operand("INT8", (4,)), operand("INT8", (4,), 1 / 256, -128)
    assert refused(node("LOGISTIC", [x], out)) == "scale"


def test_shapes_are_kept():
    x = np.zeros((4,), np.int8)
    assert run(logistic_node(), x).tolist() == [0, 0, 0, 0]
