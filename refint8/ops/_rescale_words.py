"""A requantizer with one factor as the words of a kernel."""

from __future__ import annotations

from refint8.native.lowering import NotFastError
from refint8.numerics.requantize import DoubleRounding, ReducedMultiplier, Requantizer


def double_words(requantize: Requantizer) -> tuple[int, int, int, int]:
    """Multiplier, left shift, right shift, 1 where a left shift is reported.

    Raises NotFastError for other families than double rounding.
    """
    if not isinstance(requantize, DoubleRounding) or requantize.multiplier.size != 1:
        raise NotFastError(f"{type(requantize).__name__} has no kernel here")
    multiplier, shift = int(requantize.multiplier), int(requantize.shift)
    if not 0 <= multiplier < 1 << 31 or shift < -62:
        raise NotFastError(f"the multiplier {multiplier} with shift {shift} has no kernel")
    return multiplier, max(shift, 0), max(-shift, 0), int(requantize.left_shift == "report")


def wide_words(requantize: Requantizer) -> tuple[int, int, int, int]:
    """The multiplier of 16 bits, 0, the right shift, 0. Raises NotFastError for other families."""
    if not isinstance(requantize, ReducedMultiplier) or requantize.multiplier.size != 1:
        raise NotFastError(f"{type(requantize).__name__} has no kernel here")
    return int(requantize.reduced), 0, 15 - int(requantize.shift), 0
