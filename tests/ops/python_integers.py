"""The arithmetic once more, in unbounded Python integers and fractions: what tests compare with.

Written from the definitions (NUMERICS §1, §2), sharing nothing with the package.
"""

from __future__ import annotations

import math
import struct
from fractions import Fraction


def clamp(value: int, low: int, high: int) -> int:
    return max(low, min(high, value))


def round_half_away(x: Fraction) -> int:
    magnitude = math.floor(abs(x) + Fraction(1, 2))
    return magnitude if x >= 0 else -magnitude


def quantize_multiplier(real: float) -> tuple[int, int]:
    """(multiplier, shift): real ~ multiplier * 2^(shift - 31)."""
    if real == 0:
        return 0, 0
    shift = 0
    mantissa = Fraction(real)
    while abs(mantissa) >= 1:
        mantissa /= 2
        shift += 1
    while abs(mantissa) < Fraction(1, 2):
        mantissa *= 2
        shift -= 1
    multiplier = round_half_away(mantissa * 2**31)
    if abs(multiplier) == 2**31:
        multiplier //= 2
        shift += 1
    return (0, 0) if shift < -31 else (multiplier, shift)


def high_mul(a: int, b: int) -> int:
    """SRDHM: nearest to a*b / 2^31, ties up, saturated."""
    return min(math.floor(Fraction(a * b, 2**31) + Fraction(1, 2)), 2**31 - 1)


def divide_by_pot(x: int, exponent: int) -> int:
    """RDBPOT: nearest to x / 2^exponent, ties away from zero."""
    return round_half_away(Fraction(x, 2**exponent))


def double_rounding(x: int, multiplier: int, shift: int) -> int:
    return divide_by_pot(high_mul(x * 2 ** max(shift, 0), multiplier), max(-shift, 0))


def q15(x: int, multiplier: int, shift: int) -> int:
    reduced = (multiplier + (1 << 15)) >> 16 if multiplier < 0x7FFF0000 else 0x7FFF
    return math.floor(Fraction(x * reduced) / Fraction(2) ** (15 - shift) + Fraction(1, 2))


def requantize_double(x: int, effective: float) -> int:
    return double_rounding(x, *quantize_multiplier(effective))


def requantize_q15(x: int, effective: float) -> int:
    return q15(x, *quantize_multiplier(effective))


def float32(x: float) -> float:
    """The nearest float32. A double sum, product or quotient of two float32 rounds only here."""
    result: float = struct.unpack("<f", struct.pack("<f", x))[0]
    return result


def half_up(x: Fraction) -> int:
    return math.floor(x + Fraction(1, 2))


def double_rounding_up(x: int, multiplier: int, shift: int) -> int:
    high = high_mul(x * 2 ** max(shift, 0), multiplier)
    return half_up(Fraction(high, 2 ** max(-shift, 0)))


def single_rounding(x: int, multiplier: int, shift: int) -> int:
    return half_up(Fraction(x * multiplier, 2**31) * Fraction(2) ** shift)


def float32_rounding(x: int, scale: float) -> int:
    """Python's round takes ties to even; a product of two float32 is exact in double."""
    return round(Fraction(float32(float32(x) * scale)))
