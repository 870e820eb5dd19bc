"""HARD_SWISH: the real function, a definition in Python integers, narrow results, refusals."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import clamp, divide_by_pot, float32, quantize_multiplier
from tests.ops.sum_integers import wrapped

LIMITS = {"INT8": (-128, 127), "UINT8": (0, 255)}


def swish_node(dtype="INT8", scales=(0.05, 0.05), zero_points=(0, 0), version=1):
    x, out = (operand(dtype, (256,), s, z) for s, z in zip(scales, zero_points, strict=True))
    return node("HARD_SWISH", [x], out, version=version)


def every(dtype):
    low, high = LIMITS[dtype]
    return np.arange(low, high + 1).astype(dtype.lower())


def narrow_multiplier(real):
    multiplier, shift = quantize_multiplier(real)
    return min(math.floor(Fraction(multiplier, 2**16) + Fraction(1, 2)), 32767), shift


def high_mul_16(a, b):
    return min(math.floor(Fraction(a * b, 2**15) + Fraction(1, 2)), 32767)


def divide_16(x, exponent):
    """Rounded, in 16 bits: a mask of more bits is full, and its half is -1."""
    return divide_by_pot(x, exponent) if exponent < 16 else (1 if x >= 0 else -1)


def hard_swish(x, scales, zero_points, low, high):
    si, so = (float32(s) for s in scales)
    fine = float32(si / 128)
    m_out, e_out = narrow_multiplier(float32(fine / so))
    m_relu, e_relu = narrow_multiplier(float32(fine / (3 / 32768)))
    v = (x - zero_points[0]) * 128
    p = high_mul_16(v, m_out)
    if e_relu > 0:
        r = high_mul_16(clamp(v * 2 ** (e_relu - 1), -32768, 32767), m_relu)
        r = clamp(2 * r, -32768, 32767)
    else:
        r = divide_16(high_mul_16(v, m_relu), -e_relu)
    r = (r + 2**15) // 2
    y = math.trunc(Fraction(r * p, 2**15))
    return clamp(wrapped(divide_16(y, -e_out) + zero_points[1], 16), low, high)


@pytest.mark.parametrize(
    "scales, x, right, in_double",
    [
        ((0.03859971836209297, 0.004629570059478283), -8, -25, -24),
        ((0.06870395690202713, 0.003756860736757517), -13, -76, -75),
        ((0.014078136533498764, 0.0026730350218713284), 36, 117, 116),
    ],
)
def test_the_outputs_ratio_is_float32(scales, x, right, in_double):
    """Ratios so near to a tie of the 16-bit multiplier that a double rounds to the other side.

    The gate's ratio has no such scales: a float32 divided by 3 is on a tie or far from any.
    """
    fine = float32(float32(scales[0]) / 128)
    single, double = (
        narrow_multiplier(ratio)[0]
        for ratio in (float32(fine / float32(scales[1])), fine / float32(scales[1]))
    )
    assert single != double and right != in_double
    zero_points = (-3, -5)
    assert hard_swish(x, scales, zero_points, -128, 127) == right
    assert run(swish_node("INT8", scales, zero_points), every("INT8"))[x + 128] == right


def test_is_close_to_the_real_function():
    x = every("INT8")
    real = 0.05 * x.astype(float)
    exact = real * np.clip(real + 3, 0, 6) / 6
    out = run(swish_node(), x)
    assert abs(out - exact / 0.05).max() < 1
    # -6.4, -3, -1.5, 0, 1.5, 3, 6.35: -1.5 * 1.5 / 6 and 1.5 * 4.5 / 6 are -7.5 and 22.5 steps.
    assert out[[0, 68, 98, 128, 158, 188, 255]].tolist() == [0, 0, -8, 0, 23, 60, 127]


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize(
    "scales",
    [
        (0.05, 0.05),
        (0.0123, 0.0456),
        (3 / 128, 3 / 256),
        (2.0, 1.7),
        (0.001, 0.0001),
        (1e-6, 1e-7),
        (1e-9, 1e-10),
        (700.0, 900.0),
        (1e6, 2e6),
        (0.25, 0.5),
        (0.01, 2.6),
    ],
)
def test_equals_python_integers_on_every_input(dtype, scales):
    low, high = LIMITS[dtype]
    for zero_points in [(low + 128, low + 128), (low, high), (low + 30, low + 222)]:
        out = run(swish_node(dtype, scales, zero_points), every(dtype))
        assert out.tolist() == [
            hard_swish(x, scales, zero_points, low, high) for x in every(dtype).tolist()
        ]


def test_a_coarse_output_gives_one_not_zero():
    """Past 15 bits the right shift of LiteRT and TFLM leaves 1 or -1 (measured on both)."""
    out = run(swish_node(scales=(0.01, 10.0), zero_points=(0, 5)), every("INT8"))
    assert sorted(set(out.tolist())) == [4, 6]
    assert out[[0, 127, 128, 255]].tolist() == [4, 4, 6, 6]


def test_refuses_a_fine_output_C1():
    assert refused(swish_node(scales=(1.28, 0.01))) == "C1"
    prepare(swish_node(scales=(1.28, 0.0101)))


def test_refuses_an_undefined_left_shift_C2():
    prepare(swish_node(scales=(2e7, 2e7)))
    with pytest.raises(DomainError) as caught:
        prepare(swish_node(scales=(1e9, 1e9)))
    assert caught.value.label == "C2"


def test_refuses_zero_points_outside_the_dtype_C3():
    assert refused(swish_node(zero_points=(128, 0))) == "C3"
    assert refused(swish_node("UINT8", zero_points=(0, -1))) == "C3"


def test_refuses_versions_dtypes_and_missing_scales():
    assert refused(swish_node(version=2)) == "version"
    assert refused(swish_node("INT16")) == "dtype"
    assert refused(swish_node("FLOAT32")) == "dtype"
    assert refused(swish_node(scales=(None, 1.0))) == "scale"
