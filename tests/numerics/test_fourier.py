"""The fixed-point transform's parts; whole frames are tests/ops/test_signalrfft.py."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.numerics.fourier import Fixed, half_turns, radices, real_transform, turns


@pytest.mark.parametrize(
    ("length", "stages"),
    [
        (1, ()),
        (2, (2,)),
        (8, (4, 2)),
        (16, (4, 4)),
        (6, (2, 3)),
        (60, (4, 3, 5)),
        (14, ()),
        (7, ()),
    ],
)
def test_stages(length, stages):
    assert radices(length) == stages


def test_factors_next_to_ties():
    # cos(60 degrees) * 32767 is 16383.5 but for the last place of the double.
    real, imaginary = turns(6, 16, -1)
    assert real.tolist() == [32767, 16384, -16383, -32767, -16384, 16384]
    assert imaginary.tolist() == [0, -28377, -28377, 0, 28377, 28377]
    assert [part.tolist() for part in half_turns(2, 16, -1)] == [[-32767], [0]]


def test_division_multiplies_by_a_reciprocal_rounded_down():
    numbers = np.array([-32768, -3, -2, -1, 0, 1, 2, 3, 32767])
    halves, _ = Fixed(16).divided((numbers, numbers), 2)
    assert halves.tolist() == [(n * 16383 + 16384) >> 15 for n in numbers.tolist()]
    assert halves.tolist() == [-16383, -1, -1, 0, 0, 0, 1, 1, 16383]


def test_sums_wrap_in_16_bits_and_are_reported_in_32():
    assert Fixed(16).plus((np.array([32767]),) * 2, (np.array([1]),) * 2)[0].tolist() == [-32768]
    with pytest.raises(DomainError, match="32 bits"):
        Fixed(32).plus((np.array([2**31 - 1]),) * 2, (np.array([1]),) * 2)


def test_nothing_but_the_last_dimension_is_transformed():
    x = np.arange(24).reshape(2, 3, 4) * 1000
    out = real_transform(x, 16)
    assert out.shape == (2, 3, 6)
    assert out[1, 2].tolist() == real_transform(x[1, 2], 16).tolist()
