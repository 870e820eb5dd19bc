"""The int16 gates of LSTM against Python integers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from refint8.numerics import gemmlowp16
from tests.ops import gemmlowp16_integers as python

EVERY = np.arange(-(1 << 15), 1 << 15)
SOME = np.union1d(EVERY[::29], [*EVERY[:40], *EVERY[-40:], *range(-300, 300)])

arguments = pytest.mark.parametrize(
    "raw",
    [pytest.param(SOME, id="some"), pytest.param(EVERY, id="every", marks=pytest.mark.long)],
)


@arguments
def test_logistic(raw):
    expected = [python.logistic(a) for a in raw.tolist()]
    assert gemmlowp16.logistic(raw).tolist() == expected


@arguments
@pytest.mark.parametrize("integer_bits", list(gemmlowp16.TANH_INTEGER_BITS))
def test_tanh(integer_bits, raw):
    expected = [python.tanh(a, integer_bits) for a in raw.tolist()]
    assert gemmlowp16.tanh(raw, integer_bits).tolist() == expected


@pytest.mark.parametrize("integer_bits", [0, 3, 5, 6, 7])
def test_exponential(integer_bits):
    some = SOME[SOME <= 0]
    expected = [python.exp_negative(a, integer_bits) for a in some.tolist()]
    assert gemmlowp16.exp_on_negative_values(some, integer_bits).tolist() == expected


def test_the_lowest_value_is_its_own_magnitude():
    """With 3 integer bits, as LSTM's gates have, its logistic is the same as its neighbour's."""
    for integer_bits in range(4):
        expected = python.logistic(-(1 << 15), integer_bits)
        assert gemmlowp16.logistic(-(1 << 15), integer_bits).item() == expected
    assert python.logistic(-(1 << 15), 0) != python.logistic(1 - (1 << 15), 0)


def test_they_are_the_functions_they_are_called_after():
    real = EVERY / 2**12
    logistic = gemmlowp16.logistic(EVERY[1:]) / 2**15
    assert np.max(np.abs(logistic - 1 / (1 + np.exp(-real[1:])))) < 2e-4
    assert np.max(np.abs(gemmlowp16.tanh(EVERY, 3) / 2**15 - np.tanh(real))) < 4e-4


def test_examples():
    assert gemmlowp16.logistic(0).item() == 1 << 14
    assert gemmlowp16.tanh(0, 3).item() == 0
    # The lowest value has no opposite in int16.
    assert gemmlowp16.logistic(-(1 << 15)).item() == python.logistic(-(1 << 15))
    one = gemmlowp16.tanh(1 << 12, 3).item() / 2**15
    assert math.isclose(one, math.tanh(1), abs_tol=4e-4)
