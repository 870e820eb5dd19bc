"""TANH: the real function, tables, fixed point, int16 interpolation, and every refusal."""

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


def tanh_node(dtype="INT8", scale=0.05, zero_point=0, out=None, out_zero=None, **keywords):
    if out is None:
        out = 2.0**-15 if dtype == "INT16" else 1 / 128
    if out_zero is None:
        out_zero = 128 if dtype == "UINT8" else 0
    x = operand(dtype, (4,), scale, zero_point)
    return node("TANH", [x], operand(dtype, (4,), out, out_zero), **keywords)


def every(dtype, step=1):
    low, high = LIMITS[dtype]
    return np.arange(low, high + 1, step).astype(dtype.lower())


@pytest.mark.parametrize("dtype", ["INT8", "UINT8"])
@pytest.mark.parametrize(
    "scale, out", [(0.05, 1 / 128), (0.0123, 0.0031), (1.7, 0.02), (1e-4, 1e-6)]
)
def test_the_table_is_the_rounded_function(dtype, scale, out):
    low, high = LIMITS[dtype]
    x = every(dtype)
    zi, zo = low + 117, low + 130
    outputs = prepare(tanh_node(dtype, scale, zi, out, zo)).spec(x)
    real = np.array([math.tanh(float32(scale) * (v - zi)) / float32(out) for v in x.tolist()])
    clear = abs(abs(real) % 1 - 0.5) > 1e-3
    expected = np.clip(np.copysign(np.floor(abs(real) + 0.5), real) + zo, low, high)
    assert clear.sum() > 240
    assert (outputs == expected)[clear].all()
    assert abs(outputs - expected).max() <= 1


def test_literal_table():
    x = np.array([-128, -20, 0, 20, 127], np.int8)
    # tanh of -6.4, -1, 0, 1 and 6.35, times 128
    assert prepare(tanh_node()).spec(x).tolist() == [-128, -97, 0, 97, 127]


def gemmlowp_int8(x, scale, zero_point):
    multiplier, shift = quantize_multiplier(float32(scale) * 2**27)
    radius = 15 * 2**27 // 2**shift if shift >= 0 else 15 * 2**27 * 2**-shift
    d = x - zero_point
    if d <= -radius:
        return -128
    if d >= radius:
        return 127
    raw = gemmlowp.tanh(double_rounding(d, multiplier, shift), 4)
    return clamp(divide_by_pot(raw, 24), -128, 127)


@pytest.mark.parametrize("scale, zero_point", [(0.05, 0), (0.31, -90), (1e-3, 100), (20.0, 3)])
def test_fixed_point_equals_python_integers(scale, zero_point):
    x = every("INT8")
    expected = [gemmlowp_int8(v, scale, zero_point) for v in x.tolist()]
    assert prepare(tanh_node("INT8", scale, zero_point, rules="tflm")).spec(x).tolist() == expected
    # Scale and zero point of the output are not read.
    elsewhere = tanh_node("INT8", scale, zero_point, 0.5, 7, rules="tflm")
    assert prepare(elsewhere).spec(x).tolist() == expected


def test_fixed_point_refuses_scales_whose_saturation_leaves_int32():
    prepare(tanh_node(scale=2.0**-28, rules="tflm"))
    with pytest.raises(DomainError, match="outside int32"):
        prepare(tanh_node(scale=2.0**-29, rules="tflm"))


def multiplier_int16(scale):
    if scale in (2.0**-12, 2.0**-11):
        return int(3 * 4096 * scale), 0
    real, shift = float32(scale) * 12288, 0
    while real <= 32767 / 2 and shift <= 30:
        real, shift = real * 2, shift + 1
    return int(real), shift


def interpolate(x, multiplier, shift):
    u = (x * multiplier + (2**shift >> 1)) >> shift
    k, fraction = divmod(abs(u), 256)
    r = 0xFFFF * 256
    if k < 255:
        r = int(SIGMOID[k]) * 256 + fraction * int(SIGMOID[k + 1] - SIGMOID[k])
    return (r - 2**23 + 128) // 256 if u >= 0 else (-r + 2**23 + 127) // 256


@pytest.mark.parametrize("scale", [2.0**-12, 2.0**-11, 2.0**-10, 1e-3, 3.3e-4, 1e-9, 0.01, 2.0])
def test_int16_equals_python_integers(scale):
    x = every("INT16", 13)
    multiplier, shift = multiplier_int16(scale)
    record = prepare(tanh_node("INT16", scale))
    assert record.spec(x).tolist() == [interpolate(v, multiplier, shift) for v in x.tolist()]


@pytest.mark.parametrize("exponent", [-12, -11])
def test_int16_that_is_almost_a_power_of_two_is_one(exponent):
    x = every("INT16", 13)
    exact, almost, beyond = (
        prepare(tanh_node("INT16", 2.0**exponent * more)).spec(x) for more in (1, 1.0005, 1.001)
    )
    assert (almost == exact).all()
    assert (beyond != exact).any()


def test_int16_shows_the_table():
    """A scale of 1/6144 puts the table's border k at input 128 * k."""
    x = np.arange(255, dtype=np.int16) * 128
    out = prepare(tanh_node("INT16", 1 / 6144)).spec(x)
    assert out.tolist() == (SIGMOID[:255] - 32768).tolist()


def test_int16_is_close_to_the_real_function():
    x = every("INT16", 101)
    for scale in (2.0**-12, 2.0**-10, 1.3e-4):
        out = prepare(tanh_node("INT16", scale)).spec(x)
        real = np.array([32768 * math.tanh(scale * v) for v in x.tolist()])
        assert abs(out - real).max() < 16


def test_refuses_asymmetric_int16_and_other_output_scales_C1():
    assert refused(tanh_node("INT16", zero_point=1)) == "C1"
    assert refused(tanh_node("INT16", out_zero=1)) == "C1"
    assert refused(tanh_node("INT16", out=2.0**-14)) == "C1"


def test_refuses_what_fixed_point_does_not_take_C2():
    assert refused(tanh_node("UINT8", rules="tflm")) == "C2"


def test_refuses_versions_dtypes_and_missing_scales():
    prepare(tanh_node(version=3))
    assert refused(tanh_node(version=4)) == "version"
    assert refused(tanh_node("FLOAT32")) == "dtype"
    x, out = operand("INT8", (4,)), operand("INT8", (4,), 1 / 128)
    assert refused(node("TANH", [x], out)) == "scale"


def test_shapes_are_kept():
    assert run(tanh_node(), np.zeros((4,), np.int8)).tolist() == [0, 0, 0, 0]
