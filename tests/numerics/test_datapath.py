"""Registers that are narrower than the engines', steps that wrap, products that are not rounded."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refint8.errors import DomainError
from refint8.numerics.datapath import USUAL, Datapath
from refint8.numerics.requantize import requantizer
from refint8.numerics.rounding_up import Truncation
from refint8.numerics.rules import Rules
from tests.numerics.strategies import multipliers


@pytest.mark.parametrize(
    ("bits", "value", "kept"),
    [
        (24, 2**23 - 1, 2**23 - 1),
        (24, 2**23, -(2**23)),
        (24, -(2**23) - 1, 2**23 - 1),
        (20, 2**19 + 5, -(2**19) + 5),
        (16, -(2**31), 0),
        (32, 2**40, 2**40),
    ],
)
def test_a_register_keeps_its_low_bits(bits, value, kept):
    assert Datapath(bits).held(np.array([value]))[0] == kept


def test_a_step_saturates_or_keeps_its_low_byte_before_the_activation():
    steps = np.array([-129, -128, 127, 128, 300])
    assert USUAL.narrowed(steps, (-128, 127), np.int8).tolist() == [-128, -128, 127, 127, 127]
    wrapping = Datapath(saturates=False)
    assert wrapping.narrowed(steps, (-128, 127), np.int8).tolist() == [127, -128, 127, -128, 44]
    assert wrapping.narrowed(steps, (0, 50), np.int8).tolist() == [50, 0, 50, 0, 44]


def test_the_rules_say_which():
    assert Datapath.of(Rules()) is not None
    assert Datapath.of(Rules()).usual
    assert Datapath.of(Rules(product_register="bits20", saturation="wrap")) == Datapath(20, False)


@given(multipliers(), st.integers(-31, 4), st.integers(-(2**26), 2**26))
def test_truncation_is_the_floor_of_the_exact_product(multiplier, shift, x):
    out = Truncation(np.int64(multiplier), np.int64(shift), "wrap")(np.int64(x))
    exact = math.floor(Fraction(x * multiplier) * Fraction(2) ** (shift - 31))
    assert out == (exact + 2**31) % 2**32 - 2**31


def test_truncation_is_the_rule_floor_and_never_rounds_up():
    half = requantizer(0.5, Rules(requantize="floor"))
    assert half(np.array([3, -3, 1, -1])).tolist() == [1, -2, 0, -1]
    with pytest.raises(DomainError, match="times its multiplier"):
        requantizer(8.0, Rules(requantize="floor"))(np.array([2**30]))
