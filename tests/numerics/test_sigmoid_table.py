"""The 256 entries as a fact, and their interpolation in Python integers."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from refint8.numerics.sigmoid_table import SIGMOID, interpolate_logistic, interpolate_tanh
from tests.ops.python_integers import round_half_away


def test_entries_are_the_rounded_function_or_one_more():
    exact = [65536 / (1 + (-Decimal(i) / 24).exp()) for i in range(256)]
    excess = SIGMOID - np.array([round_half_away(Fraction(v)) for v in exact])
    assert set(excess.tolist()) == {0, 1}
    assert excess.sum() == 44
    assert excess[:16].tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1]


def test_landmarks():
    assert SIGMOID.shape == (256,)
    assert SIGMOID[[0, 1, 2, 3, 4, 64, 128, 254, 255]].tolist() == [
        32768, 33451, 34133, 34813, 35493, 61279, 65221, 65534, 65535,
    ]  # fmt: skip
    assert (np.diff(SIGMOID) >= 0).all()


def between(a, bits, saturated):
    k, fraction = divmod(a, 2**bits)
    if k >= 255:
        return saturated
    low, high = int(SIGMOID[k]), int(SIGMOID[k + 1])
    return low * 2**bits + fraction * (high - low)


def logistic(u):
    r = between(abs(u), 9, 0x7FFF * 2**10)
    return (r + 512) // 1024 if u >= 0 else (2**25 - r + 511) // 1024


def tanh(u):
    r = between(abs(u), 8, 0xFFFF * 2**8)
    return (r - 2**23 + 128) // 256 if u >= 0 else (-r + 2**23 + 127) // 256


@pytest.mark.parametrize(
    "function, one", [(interpolate_logistic, logistic), (interpolate_tanh, tanh)]
)
def test_interpolation_equals_python_integers(function, one):
    borders = [k * step + d for k in range(258) for step in (256, 512) for d in (-1, 0, 1, 97)]
    far = [2**31 - 1, -(2**31), 2**20]
    # The halves of a step lie between the borders: ties of tanh at 128 of 256, of either sign.
    values = sorted({s * v for s in (-1, 1) for v in borders} | {*far, *range(-66_000, 66_000)})
    assert function(np.array(values)).tolist() == [one(v) for v in values]


def test_limits_of_the_output():
    u = np.array([-(2**31), 0, 2**31 - 1])
    assert interpolate_logistic(u).tolist() == [1, 16384, 32767]
    assert interpolate_tanh(u).tolist() == [-32767, 0, 32767]
