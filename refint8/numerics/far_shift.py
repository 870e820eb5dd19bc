"""Rounding right shifts by counts that leave 0..31: DIV's quotients and comparisons.

There the operator knows the exact result although C++ does not define the shift.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike

from refint8.errors import DomainError
from refint8.numerics.fixedpoint import (
    Ints,
    as_int64,
    rounding_divide_by_pot,
    rounding_divide_by_pot_x86,
    saturating_rounding_doubling_high_mul,
)
from refint8.numerics.multiplier import quantize_multiplier
from refint8.numerics.recording import recorded

EXACT_RIGHT: Final = 62
"""A right shift by this or more leaves nothing of 32 bits."""

EXACT_LEFT: Final = 31
"""A left shift by this or more takes every value but 0 out of 32 bits."""


@recorded("far shift", "RDBPOT by any exponent, by the rule far_shift")
def far_shift(x: ArrayLike, exponent: ArrayLike, rule: str) -> Ints:
    """RDBPOT of 32-bit values by any exponent, by the rule `far_shift`.

    "exact": x / 2^exponent, ties away from zero; what a negative exponent takes out of 32 bits is
    only known to be that large. "x86": CORRECTIONS item 6. "report" raises DomainError.
    """
    x, exponent = as_int64(x), as_int64(exponent)
    if rule == "x86":
        return rounding_divide_by_pot_x86(x, exponent)
    outside = exponent[(exponent < 0) | (exponent > 31)]
    if rule == "report" and outside.size:
        raise DomainError(
            f"a rounding right shift by {int(outside.reshape(-1)[0])} bits, outside 0 to 31",
            hint="the rule far_shift=exact shifts as far as it says",
        )
    right, left = np.clip(exponent, 0, EXACT_RIGHT), np.clip(-exponent, 0, EXACT_LEFT)
    return rounding_divide_by_pot(x, right) << left


@dataclass(frozen=True)
class FarShiftRounding:
    """RDBPOT(SRDHM(x, multiplier), -shift) with any shift: a side of a comparison."""

    multiplier: int
    shift: int
    far_shift: str

    @classmethod
    def by(cls, real: float, rule: str) -> Self:
        """From a real factor above 0. Raises DomainError for others."""
        multiplier, shift = quantize_multiplier(real)
        if not real > 0:
            raise DomainError(f"a scale is {real}, the kernel takes positive ones")
        return cls(multiplier, shift, rule)

    @recorded("rescale", "RDBPOT(SRDHM(x, multiplier), -shift) with any shift")
    def __call__(self, x: Ints) -> Ints:
        """32-bit values to a common scale."""
        high = saturating_rounding_doubling_high_mul(x, self.multiplier)
        return far_shift(high, -self.shift, self.far_shift)
