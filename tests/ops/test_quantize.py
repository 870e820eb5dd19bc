"""QUANTIZE: floats and their ties, requantization, channels, what overflows, every refusal."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import clamp, float32, requantize_double, round_half_away

LIMITS = {
    "INT8": (-128, 127),
    "UINT8": (0, 255),
    "INT16": (-32768, 32767),
    "INT32": (-(2**31), 2**31 - 1),
    "INT4": (-8, 7),
    "UINT4": (0, 15),
}


def quantize_node(
    dtype="FLOAT32",
    out="INT8",
    shape=(4,),
    scales=(None, 1.0),
    zero_points=(0, 0),
    axis=0,
    version=1,
    rules="tflite",
):
    x = operand(dtype, shape, scales[0], zero_points[0])
    y = operand(out, shape, scales[1], zero_points[1], axis)
    return node("QUANTIZE", [x], y, version=version, rules=rules)


def floats(*values):
    return np.array(values, np.float32)


def test_ties_of_floats_go_away_from_zero():
    x = floats(0.5, 1.5, -0.5, -2.5, 0.49999997, 3)
    assert run(quantize_node(shape=(6,)), x).tolist() == [1, 2, -1, -3, 0, 3]


@pytest.mark.parametrize("out", ["INT8", "UINT8", "INT16", "INT4", "UINT4"])
@pytest.mark.parametrize("scale", [0.1, 0.0371, 1e-5, 3.0])
def test_floats_equal_fractions_next_to_every_tie(out, scale):
    low, high = LIMITS[out]
    zero_point = 0 if out == "INT16" else low + 3
    step = float32(scale)
    k = np.unique(np.linspace(low - 9, high + 9, 1200).round()) - zero_point
    ties = ((k + 0.5) * step).astype(np.float32)
    x = np.concatenate([np.nextafter(ties, np.float32(s)) for s in (-np.inf, np.inf)] + [ties])
    got = run(
        quantize_node(out=out, shape=x.shape, scales=(None, scale), zero_points=(0, zero_point)), x
    )
    assert got.tolist() == [
        clamp(round_half_away(Fraction(float32(v / step))) + zero_point, low, high)
        for v in x.tolist()
    ]


def test_the_quotient_is_rounded_to_float32_and_is_not_a_product():
    step = np.float32(0.011)
    k = np.arange(-120, 120, dtype=np.float32) + np.float32(0.5)
    x = (k * step).astype(np.float32)
    out = run(quantize_node(shape=x.shape, scales=(None, 0.011)), x)
    by_product = np.trunc(x * (np.float32(1) / step) + np.copysign(0.5, x))
    assert (out != by_product).any()
    assert out.tolist() == [round_half_away(Fraction(float32(float(v) / step))) for v in x]


@pytest.mark.parametrize("zero_point", [0, 5, -5])
def test_floats_outside_int32(zero_point):
    x = floats(np.nan, np.inf, -np.inf, 3e9, -3e9, 200)
    arguments = {"shape": x.shape, "zero_points": (0, zero_point)}
    inside = clamp(200 + zero_point, -128, 127)
    default = run(quantize_node(**arguments), x)
    assert default.tolist() == [zero_point, 127, -128, 127, -128, inside]
    # x86 casts all of them to -2^31, from which a negative zero point wraps to the top.
    cast = 127 if zero_point < 0 else -128
    engine = run(quantize_node(**arguments, rules="litert-ref"), x)
    assert engine.tolist() == [cast] * 5 + [inside]


def test_channels_have_their_own_scales():
    x = floats([1, 2, 3], [1, 2, 3]).reshape(2, 3)
    by_column = quantize_node(
        shape=(2, 3), scales=(None, [1.0, 0.5, 2.0]), zero_points=(0, [0, 1, -1]), axis=1
    )
    assert run(by_column, x).tolist() == [[1, 5, 1], [1, 5, 1]]
    by_row = quantize_node(
        out="INT16", shape=(2, 3), scales=(None, [1.0, 0.25]), zero_points=(0, [0, 7]), axis=0
    )
    assert run(by_row, x).tolist() == [[1, 2, 3], [11, 15, 19]]


PAIRS = [
    *[("INT8", out) for out in ("INT8", "UINT8", "INT16", "INT32")],
    *[("UINT8", out) for out in ("INT8", "UINT8", "INT16")],
    *[("INT16", out) for out in ("INT8", "INT16", "INT32")],
    *[("INT32", out) for out in ("INT8", "INT16")],
]


@pytest.mark.parametrize("dtype, out", PAIRS)
@pytest.mark.parametrize("ratio", [1.0, 0.37, 1.9, 0.5, 0.25, 1 / 300])
def test_steps_equal_python_integers(dtype, out, ratio):
    low, high = LIMITS[out]
    bottom, top = LIMITS[dtype]
    zi = 0 if dtype == "INT16" else 3
    zo = 0 if out == "INT16" else 5
    scales = (0.0371 * ratio, 0.0371)
    if dtype == "INT32":
        scales = (0.0371 * ratio * 2.0**-20, 0.0371)
        x = np.linspace(bottom + 3, top - 3, 999).round().astype(np.int32)
    else:
        x = np.arange(bottom, top + 1, 1 if dtype != "INT16" else 41).astype(dtype.lower())
    effective = float32(scales[0]) / float32(scales[1])
    operator = quantize_node(dtype, out, x.shape, scales, (zi, zo))
    assert run(operator, x).tolist() == [
        clamp(requantize_double(v - zi, effective) + zo, low, high) for v in x.tolist()
    ]


def test_int8_and_uint8_differ_by_128():
    x = np.array([-128, -1, 0, 127], np.int8)
    operator = quantize_node("INT8", "UINT8", scales=(0.3, 0.3), zero_points=(-1, 127))
    assert run(operator, x).tolist() == [0, 127, 128, 255]


def test_the_ratio_is_a_double():
    """A float32 ratio rounds elsewhere: 2^30 steps of int32 tell."""
    scales = (float32(0.0123), float32(0.0123 * 2**15.3))
    x = (np.arange(4000) * 200009 + 2**29).astype(np.int32)
    out = run(quantize_node("INT32", "INT16", x.shape, scales), x)
    double, single = (
        [clamp(requantize_double(v, ratio), -32768, 32767) for v in x.tolist()]
        for ratio in (scales[0] / scales[1], float32(scales[0] / scales[1]))
    )
    assert out.tolist() == double != single


def test_int32_differences_and_shifts_are_reported_or_wrap():
    x = np.array([-(2**31), 5], np.int32)
    arguments = ("INT32", "INT8", (2,), (2.0**-31, 2.0**-7), (1, 0))
    with pytest.raises(DomainError, match="accumulator"):
        run(quantize_node(*arguments), x)
    assert run(quantize_node(*arguments, rules="litert-ref"), x).tolist() == [127, 0]
    steep = ("INT32", "INT8", (2,), (4.0, 1.0), (0, 0))
    with pytest.raises(DomainError, match="shifted left"):
        run(quantize_node(*steep), x)
    assert run(quantize_node(*steep, rules="litert-ref"), x).tolist() == [0, 20]


def test_refuses_asymmetric_int16_C1():
    assert refused(quantize_node("INT16", "INT16", scales=(1.0, 1.0), zero_points=(1, 0))) == "C1"
    assert refused(quantize_node("INT16", "INT16", scales=(1.0, 1.0), zero_points=(0, 1))) == "C1"
    prepare(quantize_node("INT16", "INT8", scales=(1.0, 1.0), zero_points=(0, 1)))


def test_refuses_channels_that_do_not_fit_C2():
    assert refused(quantize_node(scales=(None, [1.0, 2.0]))) == "C2"
    assert refused(quantize_node(scales=(None, [1.0] * 4), axis=1)) == "C2"
    assert refused(quantize_node(out="INT4", scales=(None, [1.0] * 4))) == "C2"
    prepare(quantize_node(scales=(None, [1.0] * 4)))


def test_refuses_versions_dtypes_and_scales():
    prepare(quantize_node(version=6))
    assert refused(quantize_node(version=7)) == "version"
    assert refused(quantize_node(out="FLOAT32")) == "dtype"
    assert refused(quantize_node("INT32", "UINT8")) == "dtype"
    assert refused(quantize_node("INT64", "INT8")) == "dtype"
    assert refused(quantize_node(scales=(None, None))) == "scale"
    assert refused(quantize_node("INT8", scales=(None, 1.0))) == "scale"
    assert refused(quantize_node("INT8", scales=(1.0, [1.0] * 4))) == "scale"
