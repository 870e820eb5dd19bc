"""A real factor as a 32-bit mantissa and a shift."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np

from refint8.errors import DomainError
from refint8.numerics.fixedpoint import Ints
from refint8.numerics.recording import recorded, shifted_by

FLUSH_SHIFT = -31


def _mantissa(o: dict[str, Any]) -> Fraction:
    """The multiplier before it was rounded."""
    multiplier, shift = o["result"]
    return Fraction(o["real"]) * Fraction(2) ** (31 - shift) if multiplier else Fraction(0)


@recorded("multiplier and shift", "real = multiplier * 2^(shift - 31)", _mantissa)
def quantize_multiplier(real: float) -> tuple[int, int]:
    """(multiplier, shift) with real ~ multiplier * 2^(shift - 31), 2^30 <= |multiplier| < 2^31.

    multiplier = round_half_away(mantissa * 2^31) with real = mantissa * 2^shift; a rounding up to
    2^31 halves it and raises the shift. 0 gives (0, 0), and so does a shift below -31, which the
    engine flushes. A negative factor keeps its sign (LEAKY_RELU with a negative alpha).
    Source: QuantizeMultiplier, LiteRT `kernels/internal/quantization_util.cc`; NUMERICS §1.

    Raises DomainError for NaN and infinities.
    """
    if not math.isfinite(real):
        raise DomainError(
            f"the effective scale is {real}, which no integer multiplier represents",
            hint="a scale of this model is degenerate; `refint8 inspect` lists them",
        )
    if real == 0.0:
        return 0, 0
    mantissa, shift = math.frexp(real)
    # mantissa has 53 bits, so the scaled value is exact and Fraction-free rounding is safe.
    scaled = abs(mantissa) * (1 << 31)
    magnitude = math.floor(scaled) + (scaled - math.floor(scaled) >= 0.5)
    if magnitude == 1 << 31:
        magnitude >>= 1
        shift += 1
    if shift < FLUSH_SHIFT:
        return 0, 0
    return (magnitude if mantissa > 0 else -magnitude), shift


@recorded(
    "multiplier of 16 bits",
    "(multiplier + 2^15) >> 16",
    shifted_by(16, "multiplier"),
)
def multiplier_to_16_bits(multiplier: int) -> int:
    """The upper half of a 32-bit multiplier, rounded with ties up and saturated to 32767.

    Source: DownScaleInt32ToInt16Multiplier, LiteRT `kernels/internal/common.h`.
    """
    return min((multiplier + (1 << 15)) >> 16, (1 << 15) - 1)


def quantize_multipliers(reals: Iterable[float]) -> tuple[Ints, Ints]:
    """quantize_multiplier over channels: int64 arrays of multipliers and shifts, shape [n]."""
    pairs = [quantize_multiplier(float(real)) for real in reals]
    multipliers = np.array([multiplier for multiplier, _ in pairs], dtype=np.int64)
    shifts = np.array([shift for _, shift in pairs], dtype=np.int64)
    return multipliers, shifts


@recorded("multiplier / count", "(multiplier << left) / count, truncated; shift - left")
def divide_multiplier(multiplier: int, shift: int, count: int) -> tuple[int, int]:
    """Fold a division by `count` >= 1 into a multiplier: MEAN's number of averaged elements.

    The multiplier is first shifted left by the largest power of two in `count` (at most 32, and
    never so far that the shift leaves -31), then divided, truncating: up to one unit of precision
    is lost. Source: QuantizedMeanOrSum, LiteRT `kernels/internal/reference/reduce.h`.
    """
    left = min(count.bit_length() - 1, 32, 31 + shift)
    return (multiplier << left) // count, shift - left
