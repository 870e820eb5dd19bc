"""Requantization by a multiplier with 8 fractional bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from refint8.numerics.fixedpoint import Ints, as_int64, round_half_even, rounding_shift_right
from refint8.numerics.recording import recorded

FRACTION_BITS: Final = 8


@dataclass(frozen=True, eq=False)
class EightFractionBits:
    """Family Q8: (x * multiplier + 128) >> 8, ties up.

    `multiplier` (shape []) is the real factor in steps of 1/256 and keeps its sign, which the
    rounding sees: a negative factor is not the negated positive one on ties. Source: XNNPACK
    `qs8-vcvt` and `qs8-vlrelu`; ai-edge-litert 2.3.0 (NUMERICS §3, CORRECTIONS items 8, 42).
    """

    multiplier: Ints

    @classmethod
    def of(cls, real: float) -> Self:
        """The factor rounded half to even; `real` is a float32 number."""
        with np.errstate(all="ignore"):
            steps = np.float32(1 << FRACTION_BITS) * np.float32(real)
            return cls(as_int64(round_half_even(steps)))

    @recorded("requantize", "(x * multiplier + 128) >> 8")
    def __call__(self, accumulator: Ints) -> Ints:
        """Differences of 8-bit values."""
        return rounding_shift_right(as_int64(accumulator) * self.multiplier, FRACTION_BITS)
