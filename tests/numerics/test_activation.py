"""Activation intervals in output steps, against fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refint8.errors import DomainError
from refint8.numerics.activation import ACTIVATION_BOUNDS, DTYPE_RANGE, activation_range
from tests.numerics.strategies import float32s
from tests.ops.python_integers import float32, round_half_away


@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16"])
@given(
    activation=st.sampled_from(sorted(ACTIVATION_BOUNDS)),
    scale=float32s(1e-6, 1e6),
    zero_point=st.integers(-128, 255),
)
def test_equals_fractions(dtype, activation, scale, zero_point):
    low, high = DTYPE_RANGE[dtype]
    below, above = ACTIVATION_BOUNDS[activation]
    if below is not None:
        low = max(low, zero_point + round_half_away(Fraction(float32(below / scale))))
    if above is not None:
        high = min(high, zero_point + round_half_away(Fraction(float32(above / scale))))
    assert activation_range(activation, dtype, scale, zero_point) == (low, high)


@pytest.mark.parametrize("k", [0, 1, 5, 20, 100])
def test_ties_go_away_from_zero(k):
    """A scale of 6 / (k + 1/2): where the quotient is exactly a tie it goes to k + 1."""
    scale = float(np.float32(6 / (k + 0.5)))
    quotient = Fraction(float32(6 / scale))
    _, high = activation_range("RELU6", "INT16", scale, 0)
    assert high == (k + 1 if quotient >= k + Fraction(1, 2) else k)
    assert activation_range("RELU_N1_TO_1", "INT8", 2.0, 0) == (-1, 1)
    assert activation_range("RELU_N1_TO_1", "INT8", 0.4, 3) == (0, 6)


def test_literal_intervals():
    assert activation_range("NONE", "INT8", 0.1, 5) == (-128, 127)
    assert activation_range("RELU", "UINT8", 0.1, 7) == (7, 255)
    assert activation_range("RELU6", "INT8", 0.05, -128) == (-128, -8)
    assert activation_range("RELU_0_TO_1", "INT16", 1 / 1024, 0) == (0, 1024)
    # Fused TANH and SIGN_BIT do not clamp.
    assert activation_range("TANH", "INT8", 0.1, 0) == (-128, 127)
    assert activation_range("SIGN_BIT", "INT8", 0.1, 0) == (-128, 127)


@pytest.mark.parametrize("scale", [2.0**-126, 6 / 2.0**32])
def test_refuses_a_bound_outside_int32(scale):
    with pytest.raises(DomainError, match="outside int32"):
        activation_range("RELU6", "INT8", scale, 0)
    assert activation_range("RELU", "INT8", scale, 0) == (0, 127)
