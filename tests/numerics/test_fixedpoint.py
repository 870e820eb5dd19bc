"""Every primitive against its definition in unbounded integers and fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refint8.numerics import fixedpoint as fp
from tests.numerics.strategies import INT32_MAX, INT32_MIN, limits, products_next_to_a_tie, signed
from tests.ops.python_integers import clamp, divide_by_pot, high_mul, round_half_away

INT64 = st.integers(-(2**62), 2**62)


def as_signed(value: int, bits: int) -> int:
    low = value % 2**bits
    return low - 2**bits if low >= 2 ** (bits - 1) else low


@given(INT64)
def test_wrapping_keeps_the_low_bits(x):
    assert fp.wrap32(x) == as_signed(x, 32)
    assert fp.wrap16(x) == as_signed(x, 16)


@given(INT64, st.integers(2, 63))
def test_saturation_clamps(x, bits):
    assert fp.saturate(x, bits) == clamp(x, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


@given(st.one_of(st.tuples(signed(32), signed(32)), products_next_to_a_tie(32)))
def test_high_mul_rounds_once_with_ties_up(factors):
    assert fp.saturating_rounding_doubling_high_mul(*factors) == high_mul(*factors)


@given(st.one_of(st.tuples(signed(16), signed(16)), products_next_to_a_tie(16)))
def test_high_mul_of_16_bits_rounds_once_with_ties_up(factors):
    a, b = factors
    expected = min(math.floor(Fraction(a * b, 2**15) + Fraction(1, 2)), 2**15 - 1)
    assert fp.saturating_rounding_doubling_high_mul_16(a, b) == expected


def test_high_mul_saturates_in_one_case_only():
    low = INT32_MIN
    assert fp.saturating_rounding_doubling_high_mul(low, low) == INT32_MAX
    assert fp.saturating_rounding_doubling_high_mul(low, low + 1) == INT32_MAX
    assert fp.saturating_rounding_doubling_high_mul(low, INT32_MAX) == low + 1


@st.composite
def dividends_next_to_a_tie(draw):
    exponent = draw(st.integers(0, 31))
    half = draw(st.integers(-(2**31), 2**31)) * 2**exponent + 2**exponent // 2
    x = half + draw(st.integers(-1, 1))
    return clamp(x, INT32_MIN, INT32_MAX), exponent


@given(st.one_of(st.tuples(signed(32), st.integers(0, 31)), dividends_next_to_a_tie()))
def test_rounding_division_by_a_power_of_two_has_ties_away(arguments):
    expected = divide_by_pot(*arguments)
    assert fp.rounding_divide_by_pot(*arguments) == expected
    assert fp.rounding_divide_by_pot_x86(*arguments) == expected


@given(signed(16), st.integers(0, 15))
def test_rounding_division_of_16_bits(x, exponent):
    assert fp.rounding_divide_by_pot_16(x, exponent) == divide_by_pot(x, exponent)


@given(signed(16), st.integers(16, 31))
def test_rounding_division_of_16_bits_by_more_never_gives_0(x, exponent):
    # The mask 2^exponent - 1 is kept in 16 bits, where it is full: x & mask > mask >> 1 = -1.
    assert fp.rounding_divide_by_pot_16(x, exponent) == (1 if x >= 0 else -1)


@given(signed(32), st.one_of(st.integers(-64, -1), st.integers(32, 64)))
def test_an_undefined_shift_wraps_on_x86(x, exponent):
    assert fp.rounding_divide_by_pot_x86(x, exponent) == (x >> exponent % 32) + (x >= 0)


@given(signed(32), st.integers(0, 31))
def test_saturating_shift_left(x, amount):
    shifted = clamp(x * 2**amount, INT32_MIN, INT32_MAX)
    assert fp.saturating_shift_left(x, amount) == shifted


@given(signed(16), st.integers(0, 15))
def test_saturating_shift_left_of_16_bits(x, amount):
    shifted = clamp(x * 2**amount, -(2**15), 2**15 - 1)
    assert fp.saturating_shift_left(x, amount, 16) == shifted


@given(signed(32), signed(32))
def test_half_sum_has_ties_away(a, b):
    assert fp.rounding_half_sum(a, b) == round_half_away(Fraction(a + b, 2))


@given(signed(48), signed(32).filter(bool))
def test_division_truncates(a, b):
    assert fp.truncating_divide(a, b) == math.trunc(Fraction(a, b))


@given(st.integers(1, 2**20), st.integers(-(2**20), 2**20), st.integers(-1, 1))
def test_rounding_division_has_ties_away(b, k, off):
    a = k * b + b // 2 + off
    assert fp.rounding_divide(a, b) == round_half_away(Fraction(a, b))


@given(signed(48), st.integers(1, 40))
def test_rounding_shift_right_has_ties_up(x, amount):
    expected = math.floor(Fraction(x, 2**amount) + Fraction(1, 2))
    assert fp.rounding_shift_right(x, amount) == expected


@given(st.one_of(st.integers(0, 2**32 - 1), limits(33).filter(lambda v: 0 <= v < 2**32)))
def test_leading_zeros(x):
    assert fp.count_leading_zeros_32(x) == 32 - x.bit_length()


@given(st.integers(-(2**52), 2**52), st.sampled_from([-1, 0, 1]))
def test_round_half_away(twice, ulps):
    value = twice / 2
    value = math.nextafter(value, math.inf * ulps) if ulps else value
    assert fp.round_half_away(value) == round_half_away(Fraction(value))


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_round_half_away_keeps_infinities(value):
    assert fp.round_half_away(value) == value
    assert np.isnan(fp.round_half_away(math.nan))


def test_round_half_away_is_not_floor_of_x_plus_a_half():
    assert fp.round_half_away(0.49999999999999994) == 0
    assert fp.round_half_away([0.5, 1.5, 2.5, -0.5, -2.5]).tolist() == [1, 2, 3, -1, -3]


def test_primitives_take_whole_arrays():
    x = np.array([[3, -3], [1 << 30, -(1 << 30)]])
    assert fp.rounding_divide_by_pot(x, np.array([1, 2])).tolist() == [[2, -1], [2**29, -(2**28)]]
    assert fp.saturating_rounding_doubling_high_mul(x, 2**30).tolist() == [
        [2, -1],
        [2**29, -(2**29)],
    ]
