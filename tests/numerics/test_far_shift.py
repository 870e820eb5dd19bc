"""Rounding shifts by any count: exact, as x86 has them, reported."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.numerics.far_shift import FarShiftRounding, far_shift
from tests.ops.python_integers import high_mul, quantize_multiplier, round_half_away

VALUES = [0, 1, -1, 5, -5, 2**30, -(2**30), 2**31 - 1, -(2**31)]


@pytest.mark.parametrize("exponent", [-31, -3, -1, 0, 1, 2, 30, 31, 32, 33, 45, 62, 63, 200])
def test_exact(exponent):
    expected = [round_half_away(Fraction(v) / Fraction(2) ** exponent) for v in VALUES]
    assert far_shift(VALUES, exponent, "exact").tolist() == expected


def test_a_far_left_shift_stays_large():
    assert far_shift([0, 1, -1], -100, "exact").tolist() == [0, 2**31, -(2**31)]


@pytest.mark.parametrize("exponent", [-33, -1, 32, 40])
def test_x86(exponent):
    expected = [(v >> exponent % 32) + (v >= 0) for v in VALUES]
    assert far_shift(VALUES, exponent, "x86").tolist() == expected


def test_report():
    assert far_shift(VALUES, 31, "report").tolist() == far_shift(VALUES, 31, "exact").tolist()
    for exponent in (-1, 32):
        with pytest.raises(DomainError, match=f"by {exponent} bits"):
            far_shift(VALUES, np.array([3, exponent, 3] * 3), "report")


@pytest.mark.parametrize("real", [0.3, 0.999, 1.0, 1.5, 40.0, 1e-5])
def test_rounding_by_a_real_factor(real):
    multiplier, shift = quantize_multiplier(real)
    values = [0, 256, -256, 12345, -65280, 65280]
    expected = [
        round_half_away(Fraction(high_mul(v, multiplier)) * Fraction(2) ** shift) for v in values
    ]
    assert FarShiftRounding.by(real, "exact")(np.array(values)).tolist() == expected


def test_refuses_factors_that_are_not_positive():
    for real in (0.0, -1.0):
        with pytest.raises(DomainError, match="positive"):
            FarShiftRounding.by(real, "x86")
    with pytest.raises(DomainError, match="nan"):
        FarShiftRounding.by(float("nan"), "x86")
