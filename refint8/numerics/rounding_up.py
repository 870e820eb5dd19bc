"""Integer requantization whose last rounding takes ties up: two roundings or a single one.

The callers and their conventions are those of `numerics.requantize`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from refint8.numerics.accumulator import overflow_error
from refint8.numerics.fixedpoint import (
    Ints,
    as_int64,
    rounding_shift_right,
    saturating_rounding_doubling_high_mul,
    wrap32,
)
from refint8.numerics.left_shift import check_shift, shifted_left
from refint8.numerics.recording import recorded, taken


@dataclass(frozen=True, eq=False)
class DoubleRoundingUp:
    """Family Dup: SRDHM(x * 2^max(shift, 0), multiplier), then a right shift, both with ties up.

    It differs from double rounding only where the second rounding meets a negative tie.
    `multiplier` and `shift` have shape [] or [channels]. Source: LiteRT's optimised convolutions
    and FULLY_CONNECTED on x86 and Arm, 2.3.0 (NUMERICS §2, CORRECTIONS item 41).
    """

    multiplier: Ints
    shift: Ints
    left_shift: str = "report"

    def __post_init__(self) -> None:
        check_shift(self.shift)

    @recorded("requantize", "SRDHM(x * 2^max(shift, 0), multiplier), then a right shift, ties up")
    def __call__(self, accumulator: Ints) -> Ints:
        """Accumulators must fit int32."""
        shifted = shifted_left(accumulator, self.shift, self.left_shift)
        high = saturating_rounding_doubling_high_mul(shifted, self.multiplier)
        with taken(self.shift < 0):
            up = rounding_shift_right(high, np.maximum(-self.shift, 1))
        return np.where(self.shift < 0, up, high)


@recorded(
    "product, shifted right",
    "(x * multiplier + 2^(right - 1)) >> right, ties up",
    lambda o: Fraction(o["x"] * o["multiplier"], 1 << o["right"]),
)
def _rounded_product(x: Ints, multiplier: Ints, right: Ints) -> Ints:
    product = x * multiplier
    # Halved twice, so that the sum with the rounding constant stays inside 64 bits.
    result: Ints = ((product >> (right - 1)) + 1) >> 1
    return result


@dataclass(frozen=True, eq=False)
class SingleRounding:
    """Family S: (x * multiplier + 2^(30-shift)) >> (31-shift), one rounding with ties up.

    `multiplier` and `shift` have shape [] or [channels], shift in [-31, 30]. The product of an
    int32 and a 31-bit multiplier is exact, a result outside int32 wraps as its cast does, or is
    reported, by the rule `left_shift`. Source: TFLITE_SINGLE_ROUNDING, LiteRT `common.h`;
    CMSIS_NN_USE_SINGLE_ROUNDING, CMSIS-NN `arm_nnsupportfunctions.h` (NUMERICS §2, §4).
    """

    multiplier: Ints
    shift: Ints
    left_shift: str = "report"

    def __post_init__(self) -> None:
        check_shift(self.shift, 30)

    @recorded("requantize", "(x * multiplier + 2^(30 - shift)) >> (31 - shift)")
    def __call__(self, accumulator: Ints) -> Ints:
        """Accumulators must fit int32."""
        result = _rounded_product(as_int64(accumulator), self.multiplier, 31 - self.shift)
        wrapped = wrap32(result)
        if self.left_shift == "report" and not np.array_equal(wrapped, result):
            raise overflow_error("an accumulator times its multiplier", result)
        return wrapped
