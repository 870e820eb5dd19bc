"""Real factors as mantissa and shift, against fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refint8.errors import DomainError
from refint8.numerics.multiplier import (
    divide_multiplier,
    multiplier_to_16_bits,
    quantize_multiplier,
    quantize_multipliers,
)
from tests.numerics.strategies import multipliers
from tests.ops import python_integers


@st.composite
def reals_next_to_a_tie(draw):
    """A mantissa of 53 bits whose 31st bit is followed by one half, give or take an ulp."""
    mantissa = Fraction(2 * draw(st.integers(2**30, 2**31 - 1)) + 1, 2**32)
    value = math.ldexp(float(mantissa), draw(st.integers(-31, 31)))
    return math.nextafter(value, draw(st.sampled_from([0, value, math.inf])))


@given(st.one_of(st.floats(1e-12, 1e12), reals_next_to_a_tie()), st.sampled_from([1, -1]))
def test_equals_python_integers(real, sign):
    assert quantize_multiplier(sign * real) == python_integers.quantize_multiplier(sign * real)


@given(st.integers(-31, 31))
def test_a_mantissa_that_rounds_up_to_one_is_halved(shift):
    real = math.ldexp(1 - 2**-33, shift)
    assert quantize_multiplier(real) == (2**30, shift + 1)


def test_small_factors_are_flushed():
    assert quantize_multiplier(2.0**-32) == (2**30, -31)
    assert quantize_multiplier(math.nextafter(2.0**-32, 0)) == (2**30, -31)
    assert quantize_multiplier(2.0**-33) == (0, 0)
    assert quantize_multiplier(5e-324) == (0, 0)
    assert quantize_multiplier(0.0) == quantize_multiplier(-0.0) == (0, 0)


@pytest.mark.parametrize("real", [math.inf, -math.inf, math.nan])
def test_refuses_what_no_integer_represents(real):
    with pytest.raises(DomainError, match="no integer multiplier"):
        quantize_multiplier(real)


def test_channels_come_as_arrays():
    multiplier, shift = quantize_multipliers([0.5, 0.75, 0.0])
    assert multiplier.tolist() == [2**30, 3 * 2**29, 0]
    assert shift.tolist() == [0, 0, 0]


@given(multipliers())
def test_sixteen_bits_are_the_rounded_upper_half(multiplier):
    assert multiplier_to_16_bits(multiplier) == min(
        math.floor(Fraction(multiplier, 2**16) + Fraction(1, 2)), 2**15 - 1
    )


@given(multipliers(), st.integers(-31, 20), st.integers(1, 2**31 - 1))
def test_division_truncates_and_keeps_the_shift_in_range(multiplier, shift, count):
    divided, new_shift = divide_multiplier(multiplier, shift, count)
    left = shift - new_shift
    assert 0 <= left <= 32
    assert new_shift >= -31
    assert divided == multiplier * 2**left // count
    assert left in (count.bit_length() - 1, 32, 31 + shift)
