"""Precision and order of scale products, against fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given

from refint8.numerics.scales import (
    PRODUCT_RATIO,
    QUOTIENT_RATIO,
    RATIO,
    power_of_two_exponent,
    ratio_to_root,
)
from tests.numerics.strategies import float32s

MODERATE = float32s(1e-9, 1e9)


def rounded(x: Fraction, mantissa_bits: int) -> Fraction:
    """Nearest value of so many bits, ties to even; no exponent limits."""
    shift = 0
    while abs(x) >= 2**mantissa_bits:
        x /= 2
        shift += 1
    while abs(x) < 2 ** (mantissa_bits - 1):
        x *= 2
        shift -= 1
    return Fraction(round(x)) * Fraction(2) ** shift


def f32(x):
    return rounded(Fraction(x), 24)


def f64(x):
    return rounded(Fraction(x), 53)


@given(MODERATE, MODERATE, MODERATE)
def test_products_round_where_their_names_say(a, b, out):
    a, b, out = Fraction(a), Fraction(b), Fraction(out)
    arguments = float(a), float(b), float(out)
    assert PRODUCT_RATIO["float32"](*arguments) == f32(f32(a * b) / out)
    assert PRODUCT_RATIO["float64"](*arguments) == f64(a * b / out)
    assert PRODUCT_RATIO["mixed"](*arguments) == f64(f32(a * b) / out)


@given(MODERATE, MODERATE)
def test_ratios_round_once(a, out):
    exact = Fraction(a) / Fraction(out)
    assert RATIO["float32"](a, out) == f32(exact)
    assert RATIO["float64"](a, out) == f64(exact)


def test_the_three_products_differ():
    arguments = [float(np.float32(v)) for v in (0.0123, 0.0456, 0.789)]
    assert len({PRODUCT_RATIO[name](*arguments) for name in PRODUCT_RATIO}) == 3


def test_float32_overflow_is_infinite_and_says_nothing():
    assert PRODUCT_RATIO["float32"](3e38, 3e38, 1.0) == math.inf
    assert RATIO["float32"](3e38, 1e-30) == math.inf


@pytest.mark.parametrize("exponent", [-126, -50, -15, -12, -1, 0, 1, 20])
def test_powers_of_two_within_a_thousandth_of_a_bit(exponent):
    exact = 2.0**exponent
    for factor in (1, 1.0004, 0.9996, 1.00069, 0.99931):
        assert power_of_two_exponent(float(np.float32(exact * factor))) == exponent
    for factor in (1.00071, 0.99929, 1.5, 1.4142135):
        assert power_of_two_exponent(float(np.float32(exact * factor))) is None


@given(float32s())
def test_no_other_scale_counts_as_a_power_of_two(scale):
    bits = math.log2(scale)
    if abs(abs(bits - round(bits)) - 1e-3) > 2e-5:
        close = abs(bits - round(bits)) < 1e-3
        assert power_of_two_exponent(scale) == (round(bits) if close else None)


def test_quotients_round_after_every_step_or_once():
    a, b, out = (np.float32(v) for v in (0.1, 0.3, 0.7))
    assert QUOTIENT_RATIO["float32"](a, b, out) == float(a / (b * out))
    assert QUOTIENT_RATIO["float64"](a, b, out) == float(a) / (float(b) * float(out))
    assert QUOTIENT_RATIO["float32"](a, b, out) != QUOTIENT_RATIO["float64"](a, b, out)
    assert math.isinf(QUOTIENT_RATIO["float32"](1.0, 0.0, 1.0))


def test_a_ratio_to_a_root_is_double():
    scale, out = float(np.float32(0.3)), float(np.float32(0.7))
    assert ratio_to_root(scale, out, 1) == scale / out
    assert ratio_to_root(scale, 4.0, 2) == scale / 2
    assert abs(ratio_to_root(scale, out, 3) * math.cbrt(out) / scale - 1) < 1e-15
