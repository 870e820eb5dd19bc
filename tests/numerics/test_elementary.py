"""Correct rounding: one rounding of the exact value, in the argument's own dtype."""

from __future__ import annotations

import decimal
import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refint8.numerics import elementary

FUNCTIONS = {
    "exp": (math.exp, -104.0, 89.0),
    "expm1": (math.expm1, -20.0, 89.0),
    "tanh": (math.tanh, -10.0, 10.0),
    "log": (math.log, 1e-38, 3e38),
    "erfc": (math.erfc, -5.0, 10.0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@given(data=st.data())
def test_float32_is_the_nearest_to_the_real_value(name, data):
    """The C library's double is within some ulps, which leaves no doubt but next to a tie."""
    function, low, high = FUNCTIONS[name]
    x = np.float32(data.draw(st.floats(float(np.float32(low)), float(np.float32(high)), width=32)))
    value = function(float(x))
    with np.errstate(over="ignore"):
        below, above = (np.float32(value * (1 + sign * 2.0**-48)) for sign in (-1, 1))
    out = getattr(elementary, name)(x)
    assert out.dtype == np.float32
    assert below <= out <= above or above <= out <= below
    if below == above:
        assert out == below


@pytest.mark.parametrize("name", FUNCTIONS)
@given(data=st.data())
def test_float64_is_within_an_ulp_or_two_of_the_library(name, data):
    function, low, high = FUNCTIONS[name]
    x = data.draw(st.floats(low, high))
    out = getattr(elementary, name)(np.float64(x))
    assert out.dtype == np.float64
    value = function(x)
    assert abs(float(out) - value) <= 4 * math.ulp(value)


def test_float64_literals():
    # The exact values, to more digits than a double has.
    exact = {
        ("exp", 1.0): "2.71828182845904523536028747135266",
        ("exp", -10.0): "0.0000453999297624848515355915155605506",
        ("tanh", 0.5): "0.462117157260009758502318483643673",
        ("log", 10.0): "2.30258509299404568401799145468436",
        ("erfc", 0.5): "0.479500122186953462317253346108036",
        ("erfc", -1.0): "1.84270079294971486934122063508261",
        ("expm1", 1e-10): "1.0000000000500000003640253e-10",
    }
    for (name, x), value in exact.items():
        assert float(getattr(elementary, name)(np.float64(x))) == float(value), name


def test_limits():
    inf, nan = math.inf, math.nan
    x = np.array([-inf, -1e30, -0.0, 0.0, 1e30, inf, nan], np.float32)
    expected = {
        "exp": [0, 0, 1, 1, inf, inf, nan],
        "expm1": [-1, -1, 0, 0, inf, inf, nan],
        "tanh": [-1, -1, 0, 0, 1, 1, nan],
        "log": [nan, nan, -inf, -inf, np.float32(69.0775528), inf, nan],
        "erfc": [2, 2, 1, 1, 0, 0, nan],
    }
    for name, values in expected.items():
        out = getattr(elementary, name)(x)
        assert np.array_equal(out, np.array(values, np.float32), equal_nan=True), name


def test_subnormal_results_and_arguments():
    tiny = np.float32(1e-45)
    assert elementary.tanh(tiny) == elementary.expm1(tiny) == tiny
    assert elementary.exp(np.float32(-103.2)) == np.float32(1.4e-45)
    assert elementary.exp(np.float32(-104.2)) == 0
    assert elementary.erfc(np.float32(10)) == np.float32(1.4e-45)
    assert elementary.expm1(np.float64(5e-324)) == 5e-324


@given(st.floats(2.0**-120, 2.0**120, width=32), st.sampled_from([-1, 0, 1]))
def test_to_float32_does_not_round_twice(value, side):
    """A hair beside a tie: the nearest double is the tie itself, which goes to even."""
    value = np.float32(value)
    above = np.nextafter(value, np.float32(np.inf))
    with decimal.localcontext(prec=400):
        tie = (Decimal(float(value)) + Decimal(float(above))) / 2
        beside = tie * (1 + side * Decimal("1e-40"))
        even = value if value.view(np.uint32) % 2 == 0 else above
        assert elementary.to_float32(beside) == {-1: value, 0: even, 1: above}[side]


def test_the_callers_decimal_context_does_not_matter():
    x = np.array([0.3, -2.5], np.float32)
    expected = elementary.exp(x).tolist()
    with decimal.localcontext(prec=3, rounding=decimal.ROUND_UP):
        assert elementary.exp(x).tolist() == expected


def test_shapes_are_kept():
    assert elementary.exp(np.zeros((2, 0, 3), np.float64)).shape == (2, 0, 3)
    assert elementary.erfc(np.zeros((2, 3), np.float32)).tolist() == [[1] * 3] * 2


@pytest.mark.parametrize("exponent", [0.5, 1 / 3, 0.2, 1.0, -1.5, 7.0])
@pytest.mark.parametrize("base", [1e-6, 0.0039215, 0.7, 1.0, 3.3, 65536.0])
def test_powers_are_the_nearest_double(base, exponent):
    """Against the same power with twice the digits."""
    with decimal.localcontext() as context:
        context.prec = 100
        exact = (Decimal(exponent) * Decimal(base).ln()).exp()
        expected = float(exact)
    assert float(elementary.power(np.float64(base), exponent)) == expected


def test_powers_of_what_has_none():
    x = np.array([0.0, np.inf, np.nan, 4.0])
    out = elementary.power(x, 0.5)
    assert out[:2].tolist() == [0.0, np.inf]
    assert np.isnan(out[2])
    assert out[3] == 2
