"""Multipliers above 1: an accumulator shifted left before it is multiplied."""

from __future__ import annotations

from typing import Final

import numpy as np

from refint8.errors import DomainError
from refint8.numerics.accumulator import overflow_error
from refint8.numerics.fixedpoint import Ints, as_int64, wrap32
from refint8.numerics.recording import note

MAXIMUM_SHIFT: Final = 31
"""The largest defined left shift of 32 bits."""


def check_shift(shift: Ints, maximum: int = MAXIMUM_SHIFT) -> None:
    """Raise DomainError for a shift to the left by more than `maximum`."""
    if np.any(shift > maximum):
        raise DomainError(
            f"a multiplier of 2^{int(np.max(shift)) - 1} or more shifts left by more than"
            f" {maximum}",
            hint="a scale of this operator is degenerate; calibrate again",
        )


def shifted_left(accumulator: Ints, shift: Ints, rule: str) -> Ints:
    """accumulator * 2^max(shift, 0) in 32 bits; what leaves them by the rule `left_shift`."""
    left = np.maximum(shift, 0)
    shifted = as_int64(accumulator) << left
    note("shift left", "x * 2^left", shifted, x=accumulator, left=left, if_changed="x")
    wrapped = wrap32(shifted)
    if rule == "report" and not np.array_equal(wrapped, shifted):
        raise overflow_error("an accumulator shifted left by its multiplier", shifted)
    return wrapped
