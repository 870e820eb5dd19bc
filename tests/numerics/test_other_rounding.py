"""Families Dup, S and F32E against unbounded integers, at the ties that tell them apart."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refint8.errors import DomainError
from refint8.numerics.channels import over_channels
from refint8.numerics.float32_rounding import LIMIT, Float32Rounding
from refint8.numerics.requantize import (
    DoubleRounding,
    ReducedMultiplier,
    mean_requantizer,
    requantizer,
)
from refint8.numerics.rounding_up import DoubleRoundingUp, SingleRounding
from refint8.numerics.rules import Rules
from tests.numerics.strategies import INT32_MAX, float32s, multipliers, signed
from tests.numerics.test_requantize import double_rounding_cases, integer
from tests.ops.python_integers import (
    double_rounding,
    double_rounding_up,
    float32_rounding,
    single_rounding,
)


@given(double_rounding_cases())
def test_double_rounding_up_equals_python_integers(case):
    x, multiplier, shift = case
    out = DoubleRoundingUp(integer(multiplier), integer(shift))(integer(x))
    assert out == double_rounding_up(x, multiplier, shift)


@given(double_rounding_cases())
def test_single_rounding_equals_python_integers(case):
    x, multiplier, shift = case
    out = SingleRounding(integer(multiplier), integer(shift), "wrap")(integer(x))
    assert out == (single_rounding(x, multiplier, shift) + 2**31) % 2**32 - 2**31


@given(multipliers(), st.integers(-31, 0), st.integers(-(2**20), 2**20), st.integers(-1, 1))
def test_single_rounding_at_its_ties(multiplier, shift, k, off):
    border = (k + Fraction(1, 2)) * 2 ** (31 - shift) / multiplier
    x = min(max(math.floor(border) + off, -(2**31)), INT32_MAX)
    out = SingleRounding(integer(multiplier), integer(shift))(integer([x]))
    assert out == [single_rounding(x, multiplier, shift)]


def test_the_families_differ_where_they_should():
    # Times 1/8 by 2^30 and -2: 4/8, -4/8 are ties; 3/8 is one after the first rounding to 2/4.
    x = np.array([4, -4, 3, -3, 12, -12])
    factor = integer(2**30), integer(-2)
    assert DoubleRounding(*factor)(x).tolist() == [1, -1, 1, 0, 2, -2]
    assert DoubleRoundingUp(*factor)(x).tolist() == [1, 0, 1, 0, 2, -1]
    assert SingleRounding(*factor)(x).tolist() == [1, 0, 0, 0, 2, -1]
    assert Float32Rounding(np.float32(0.125))(x).tolist() == [0, 0, 0, 0, 2, -2]


@given(signed(32), float32s(2.0**-60, 2.0**20))
def test_float32_equals_fractions(x, scale):
    expected = min(max(float32_rounding(x, scale), -LIMIT), LIMIT)
    assert Float32Rounding(np.float32(scale))(integer([x])) == [expected]


def test_float32_rounds_the_accumulator_beyond_24_bits():
    x = np.array([2**24 + 1, 2**24 + 3, -(2**24) - 1])
    rounding = Float32Rounding(np.float32(1))
    assert rounding(x).tolist() == [2**24, 2**24 + 4, -(2**24)]
    assert Float32Rounding(np.float32(np.inf))(np.array([1, -1])).tolist() == [LIMIT, -LIMIT]


@pytest.mark.parametrize("family", [DoubleRoundingUp, SingleRounding])
def test_what_leaves_32_bits_is_reported_or_wraps(family):
    x = np.array([2**29])
    with pytest.raises(DomainError, match="outside 32 bits"):
        family(integer(2**30), integer(4))(x)
    assert family(integer(2**30), integer(4), "wrap")(x) == [0]
    with pytest.raises(DomainError, match="shifts left"):
        family(integer(2**30), integer(32))


@pytest.mark.parametrize(
    ("family", "meant"),
    [
        ("double", double_rounding),
        ("double_up", double_rounding_up),
        ("single", single_rounding),
    ],
)
def test_rules_choose_the_family(family, meant):
    rules = Rules(requantize=family)
    x = np.array([4, -4, 3, -3, 12, -12])
    assert requantizer(0.125, rules)(x).tolist() == [meant(v, 2**30, -2) for v in x.tolist()]
    assert mean_requantizer(0.5, 4, rules)(x).tolist() == requantizer(0.125, rules)(x).tolist()
    assert (
        requantizer(0.125, Rules(), family=family)(x).tolist()
        == requantizer(0.125, rules)(x).tolist()
    )
    assert isinstance(requantizer(0.125, rules, wide=True), ReducedMultiplier)


def test_float32_by_rule():
    rules, x = Rules(requantize="float32"), np.array([4, 12, -20])
    assert requantizer(0.125, rules)(x).tolist() == [0, 2, -2]
    assert mean_requantizer(0.5, 4, rules)(x).tolist() == [0, 2, -2]


def test_a_single_rounding_factor_beyond_the_largest_becomes_it():
    rules = Rules(requantize="single", left_shift="wrap")
    for factor in (2.0**30, 1.5 * 2.0**30, 2.0**40):
        made = requantizer(factor, rules)
        assert (made.multiplier, made.shift) == (INT32_MAX, 30)
    below = requantizer(0.75 * 2.0**30, rules)
    assert (below.multiplier, below.shift) == (3 << 29, 30)


def test_over_channels_picks_from_what_has_channels():
    many = DoubleRounding(np.array([2**30, 2**30 + 1]), np.array([-1, -2]))
    one = over_channels(many, lambda values: values[1:])
    assert (one.multiplier.tolist(), one.shift.tolist()) == ([2**30 + 1], [-2])
    same = over_channels(DoubleRounding(integer(2**30), integer(0)), lambda values: values[1:])
    assert same.multiplier == 2**30
