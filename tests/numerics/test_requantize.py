"""Requantization families against unbounded integers, and where each stops being defined."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refint8.errors import DomainError
from refint8.numerics.profiles import profile
from refint8.numerics.requantize import (
    DoubleRounding,
    Float64Rounding,
    ReducedMultiplier,
    RightShiftRounding,
    float_to_int32,
    mean_requantizer,
    requantizer,
    right_shift_rounding,
)
from refint8.numerics.rules import Rules
from tests.numerics.strategies import INT32_MAX, INT32_MIN, multipliers, signed
from tests.ops import python_integers
from tests.ops.python_integers import double_rounding, q15, round_half_away

ENGINE = profile("litert-ref").rules


def integer(value):
    return np.int64(value)


@st.composite
def double_rounding_cases(draw):
    """(x, multiplier, shift): x next to a border of the first or of the second rounding."""
    multiplier, shift = draw(multipliers()), draw(st.integers(-31, 8))
    unit = Fraction(multiplier, 2**31) * Fraction(2) ** max(shift, 0)
    first = draw(st.integers(-(2**30), 2**30 - 1)) + Fraction(1, 2)
    step = 2 ** max(-shift, 0)
    second = (draw(st.integers(-(2**30) // step, 2**30 // step)) + Fraction(1, 2)) * step
    border = draw(st.sampled_from([first, second])) / unit
    x = math.floor(border) + draw(st.integers(-1, 2))
    limit = 2 ** (31 - max(shift, 0))
    return min(max(x, -limit), limit - 1), multiplier, shift


@given(double_rounding_cases())
def test_double_rounding_equals_python_integers(case):
    x, multiplier, shift = case
    out = DoubleRounding(integer(multiplier), integer(shift))(integer(x))
    assert out == double_rounding(x, multiplier, shift)


def test_double_rounding_is_not_single_rounding():
    # 3 * 2^-31 * 2^30 = 1.5 goes up to 2, 2 / 4 goes away from zero to 1; 1.5 / 4 is nearer 0.
    twice = DoubleRounding(integer(2**30), integer(-2))
    assert twice(np.array([3, -3, 5, -5])).tolist() == [1, 0, 1, -1]


@given(signed(32), multipliers(), st.integers(1, 31))
def test_a_left_shift_that_overflows_is_reported_or_wraps(x, multiplier, shift):
    shifted = x * 2**shift
    report = DoubleRounding(integer(multiplier), integer(shift))
    wrap = DoubleRounding(integer(multiplier), integer(shift), "wrap")
    kept = (shifted + 2**31) % 2**32 - 2**31
    assert wrap(integer([x])) == [double_rounding(kept, multiplier, 0)]
    if kept == shifted:
        assert report(integer([x])) == wrap(integer([x]))
    else:
        with pytest.raises(DomainError, match="shifted left"):
            report(integer([x]))


def test_a_left_shift_past_31_is_refused_or_counts_modulo_32_by_rule():
    requantizer(2.0**30, Rules())
    with pytest.raises(DomainError, match="more than 31"):
        requantizer(2.0**31, Rules())
    # Measured on LiteRT 2.3.0: 2^31 has the shift 32, and shifts by 0; so does 2^63.
    x = np.array([6, -6, 2**20])
    for exponent, shift in ((31, 0), (33, 2), (63, 0), (100, 5)):
        made = requantizer(2.0**exponent, ENGINE)
        assert made(x).tolist() == [v * 2**shift // 2 for v in x.tolist()]
        mean = mean_requantizer(2.0**exponent, 1, ENGINE)
        assert mean(x).tolist() == made(x).tolist()


@given(double_rounding_cases())
def test_right_shift_rounding_is_double_rounding_below_one(case):
    x, multiplier, shift = case
    shift = min(shift, 0)
    for domain in ("report", "x86"):
        out = RightShiftRounding(integer(multiplier), integer(shift), domain)(integer([x]))
        assert out == [double_rounding(x, multiplier, shift)]


def test_right_shift_rounding_from_one_on():
    with pytest.raises(DomainError, match="negative count"):
        right_shift_rounding(1.0, Rules())
    x = np.array([-(2**20), -1, 0, 1, 2**20, 2**30, -(2**30)])
    scalar = right_shift_rounding(256.0, ENGINE)
    # SRDHM by 2^30 halves with ties up; a shift by -9 is one by 23, and 1 is added from 0 on.
    assert scalar(x).tolist() == [-1, 1, 1, 1, 1, 65, -64]
    vectors = right_shift_rounding(256.0, ENGINE, lanes=4)
    assert vectors(x).tolist() == [-1, 1, 1, 1, 1, 65, -64]
    assert vectors(x[:3]).tolist() == scalar(x[:3]).tolist()


@given(multipliers(), st.integers(-31, 7), st.integers(-(2**47) + 1, 2**47 - 1))
def test_q15_equals_python_integers(multiplier, shift, x):
    expected = q15(x, multiplier, shift)
    kept = (expected + 2**31) % 2**32 - 2**31
    assert ReducedMultiplier(integer(multiplier), integer(shift))(integer([x])) == [kept]


@given(multipliers(), st.integers(-31, 7), st.integers(-(2**30), 2**30), st.integers(-1, 1))
def test_q15_ties_go_up(multiplier, shift, k, off):
    reduced = min((multiplier + 2**15) // 2**16, 0x7FFF)
    border = (k + Fraction(1, 2)) * Fraction(2) ** (15 - shift) / reduced
    x = min(max(math.floor(border) + off, -(2**47) + 1), 2**47 - 1)
    expected = (q15(x, multiplier, shift) + 2**31) % 2**32 - 2**31
    assert ReducedMultiplier(integer(multiplier), integer(shift))(integer([x])) == [expected]


def test_q15_domain():
    with pytest.raises(DomainError, match=r"\[-31, 7\]"):
        ReducedMultiplier(integer(2**30), integer(8))
    narrow = ReducedMultiplier(integer(2**30), integer(0))
    for x in (2**47, -(2**47) - 1):
        with pytest.raises(DomainError, match="48 bits"):
            narrow(integer([x]))
    assert narrow(integer([-(2**47)])) == [0]  # -2^46, of which 32 bits are kept


@given(multipliers(), st.integers(-60, 130), signed(64))
def test_q15_outside_its_domain_as_x86_computes(multiplier, shift, x):
    reduced = min((multiplier + 2**15) // 2**16, 0x7FFF)
    half = 2 ** ((14 - shift) % 64)
    total = (x * reduced + half + 2**63) % 2**64 - 2**63
    kept = ((total >> (15 - shift) % 64) + 2**31) % 2**32 - 2**31
    rounding = ReducedMultiplier(integer(multiplier), integer(shift), "x86")
    assert rounding(integer([x])) == [kept]


def test_the_rule_widens_q15():
    with pytest.raises(DomainError, match=r"\[-31, 7\], not 8"):
        requantizer(128.0, Rules(), wide=True)
    for name in ("litert-ref", "tflm"):
        assert requantizer(128.0, profile(name).rules, wide=True)(integer([3, -3])).tolist() == [
            384,
            -384,
        ]


@given(signed(32), st.floats(1e-9, 1e3), st.sampled_from([0, 1, -1]))
def test_float64_rounds_the_double_product_away(x, scale, ulp):
    scale = (x // 2 + 0.5) / x if x and ulp == 0 else scale
    expected = round_half_away(Fraction(x * scale))
    out = Float64Rounding(np.float64(scale))(integer([x]))
    assert out == [min(max(expected, INT32_MIN), INT32_MAX)]


def test_float_to_int32():
    values = np.array([math.nan, math.inf, -math.inf, 2.0**31, -(2.0**31), -(2.0**31) - 1, 5.0])
    low, high = INT32_MIN, INT32_MAX
    assert float_to_int32(values, "x86").tolist() == [low, low, low, low, low, low, 5]
    assert float_to_int32(values, "saturate").tolist() == [0, high, low, high, low, low, 5]


def test_rules_choose_the_family():
    rules = Rules()
    narrow = requantizer([0.5, 0.25], rules)
    assert isinstance(narrow, DoubleRounding)
    assert narrow(np.array([[3, 6], [-3, -6]])).tolist() == [[2, 2], [-1, -2]]
    assert isinstance(requantizer(0.5, rules, wide=True), ReducedMultiplier)


@given(signed(24), st.floats(1e-3, 2.0), st.integers(1, 5000))
def test_mean_divides_within_the_multiplier(x, scale, count):
    multiplier, shift = python_integers.quantize_multiplier(scale)
    left = min(count.bit_length() - 1, 32, 31 + shift)
    expected = double_rounding(x, multiplier * 2**left // count, shift - left)
    assert mean_requantizer(scale, count, Rules())(integer([x])) == [expected]
