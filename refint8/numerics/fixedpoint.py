"""Fixed-point primitives on int64 arrays that hold 32-bit values.

All arguments broadcast like NumPy; all results are int64. Names follow gemmlowp's `fixedpoint.h`,
semantics were checked against unbounded Python integers and LiteRT 2.3.0 (NUMERICS §2).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from refint8.numerics.recording import note, recorded, shifted_by

Ints = NDArray[np.int64]

INT32_MIN: Final = -(1 << 31)
INT32_MAX: Final = (1 << 31) - 1


def as_int64(x: ArrayLike) -> Ints:
    """The same numbers as int64 (a copy only when the dtype differs)."""
    return np.asarray(x, dtype=np.int64)


def wrap32(x: ArrayLike) -> Ints:
    """The low 32 bits as a signed number: what a C int32 holds after an overflow on hardware."""
    wrapped: Ints = ((as_int64(x) + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
    return note("wrap", "the low 32 bits of x", wrapped, x=x, if_changed="x")


def wrap16(x: ArrayLike) -> Ints:
    """The low 16 bits as a signed number."""
    wrapped: Ints = ((as_int64(x) + (1 << 15)) & 0xFFFF) - (1 << 15)
    return note("wrap", "the low 16 bits of x", wrapped, x=x, if_changed="x")


@recorded("saturate", "clamp x to the range of `bits` bits")
def saturate(x: ArrayLike, bits: int) -> Ints:
    """Clamp to the signed range of `bits` bits."""
    clipped: Ints = np.clip(as_int64(x), -(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    return clipped


@recorded("clamp", "x to low..high")
def clamp(x: ArrayLike, low: int, high: int) -> Ints:
    """Clamp to an interval: a dtype's range, or that of a fused activation."""
    clipped: Ints = np.clip(as_int64(x), low, high)
    return clipped


@recorded("SRDHM", "(a * b + 2^30) >> 31", lambda o: Fraction(o["a"] * o["b"], 1 << 31))
def saturating_rounding_doubling_high_mul(a: ArrayLike, b: ArrayLike) -> Ints:
    """SRDHM: (a*b + 2^30) >> 31, ties up; only a = b = -2^31 saturates."""
    high: Ints = np.minimum((as_int64(a) * as_int64(b) + (1 << 30)) >> 31, INT32_MAX)
    return high


@recorded("SRDHM16", "(a * b + 2^14) >> 15", lambda o: Fraction(o["a"] * o["b"], 1 << 15))
def saturating_rounding_doubling_high_mul_16(a: ArrayLike, b: ArrayLike) -> Ints:
    """SRDHM on int16: (a*b + 2^14) >> 15; only a = b = -2^15 saturates."""
    high: Ints = np.minimum((as_int64(a) * as_int64(b) + (1 << 14)) >> 15, (1 << 15) - 1)
    return high


@recorded("RDBPOT", "x / 2^exponent, ties away from zero", shifted_by("exponent"))
def rounding_divide_by_pot(x: ArrayLike, exponent: ArrayLike) -> Ints:
    """RDBPOT: x / 2^exponent, ties away from zero; 0 <= exponent <= 31."""
    x, exponent = as_int64(x), as_int64(exponent)
    mask = (np.int64(1) << exponent) - 1
    threshold = (mask >> 1) + (x < 0)
    return (x >> exponent) + ((x & mask) > threshold)


@recorded(
    "RDBPOT on x86",
    "x / 2^exponent, modulo 32",
    shifted_by("exponent"),
)
def rounding_divide_by_pot_x86(x: ArrayLike, exponent: ArrayLike) -> Ints:
    """RDBPOT as compiled for x86-64, where an exponent outside 0..31 is undefined behaviour.

    The shift count wraps to 0..31 while the mask becomes all ones, so the remainder exceeds the
    threshold exactly when x >= 0 (CORRECTIONS item 6, measured on LiteRT 2.3.0).
    """
    x, exponent = as_int64(x), as_int64(exponent)
    defined = (exponent >= 0) & (exponent <= 31)
    inside = rounding_divide_by_pot(x, np.where(defined, exponent, 0))
    return np.where(defined, inside, (x >> (exponent & 31)) + (x >= 0))


@recorded("RDBPOT16", "x / 2^exponent, ties away from zero", shifted_by("exponent"))
def rounding_divide_by_pot_16(x: ArrayLike, exponent: ArrayLike) -> Ints:
    """RDBPOT on int16 values; 0 <= exponent <= 31.

    gemmlowp keeps the mask 2^exponent - 1 in the operand's own 16 bits. It is full from exponent
    16 on, and the result is then 1 for x >= 0 and -1 for x < 0 instead of 0: the narrowing is
    defined, and LiteRT 2.3.0 and tflite-micro agree on it (HARD_SWISH, ADD and SUB on int16).
    """
    x, exponent = as_int64(x), as_int64(exponent)
    inside = exponent <= 15
    rounded = rounding_divide_by_pot(x, np.where(inside, exponent, 0))
    return np.where(inside, rounded, np.where(x >= 0, 1, -1))


@recorded("shift left", "x * 2^amount, saturated to `bits` bits")
def saturating_shift_left(x: ArrayLike, amount: ArrayLike, bits: int = 32) -> Ints:
    """x * 2^amount, saturated to `bits` bits; amount 0 copies."""
    x, amount = as_int64(x), as_int64(amount)
    threshold = (np.int64(1) << (bits - 1 - amount)) - 1
    shifted = x << amount
    high, low = (1 << (bits - 1)) - 1, -(1 << (bits - 1))
    result = np.where(x > threshold, high, np.where(x < -threshold, low, shifted))
    return np.where(amount == 0, x, result)


@recorded("half sum", "(a + b) / 2, ties away from zero", lambda o: Fraction(o["a"] + o["b"], 2))
def rounding_half_sum(a: ArrayLike, b: ArrayLike) -> Ints:
    """(a + b) / 2, ties away from zero."""
    total = as_int64(a) + as_int64(b)
    return truncating_divide(total + np.where(total >= 0, 1, -1), 2)


@recorded("divide, truncating", "a / b toward zero", lambda o: Fraction(o["a"], o["b"]))
def truncating_divide(a: ArrayLike, b: ArrayLike) -> Ints:
    """C's integer division: the quotient rounded toward zero."""
    a, b = as_int64(a), as_int64(b)
    quotient: Ints = np.sign(a) * np.sign(b) * (np.abs(a) // np.abs(b))
    return quotient


@recorded("divide, rounding", "a / b, ties away from zero", lambda o: Fraction(o["a"], o["b"]))
def rounding_divide(a: ArrayLike, b: ArrayLike) -> Ints:
    """The nearest integer to a / b, ties away from zero; b > 0."""
    a, b = as_int64(a), as_int64(b)
    return truncating_divide(a + np.where(a > 0, b // 2, -(b // 2)), b)


@recorded(
    "rounding shift right",
    "(x + 2^(amount - 1)) >> amount, ties up",
    shifted_by("amount"),
)
def rounding_shift_right(x: ArrayLike, amount: ArrayLike) -> Ints:
    """The nearest integer to x / 2^amount, ties up; amount >= 1."""
    x, amount = as_int64(x), as_int64(amount)
    return (x + (np.int64(1) << (amount - 1))) >> amount


def count_leading_zeros_32(x: ArrayLike) -> Ints:
    """Leading zero bits of x as an unsigned 32-bit number, 0 <= x < 2^32; 32 for x = 0."""
    # frexp of an exact double gives the bit length of any integer below 2^53.
    bit_length = np.frexp(as_int64(x).astype(np.float64))[1]
    zeros: Ints = 32 - bit_length.astype(np.int64)
    return zeros


@recorded("round half even", "the nearest integer to x, ties to even", lambda o: Fraction(o["x"]))
def round_half_even(x: Any) -> NDArray[Any]:
    """The nearest integer in the same floating dtype, ties to even (NaN and infinities stay)."""
    rounded: NDArray[Any] = np.rint(x)
    return rounded


@recorded(
    "round half away",
    "the nearest integer to x, ties away from zero",
    lambda o: Fraction(o["x"]),
)
def round_half_away(x: Any) -> NDArray[np.float64]:
    """std::round: nearest integer, ties away from zero, as float64 (NaN and infinities stay).

    Not floor(x + 0.5): that sum rounds 0.49999999999999994 up to 1.
    """
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        whole = np.trunc(x)
        rounded: NDArray[np.float64] = whole + np.where(
            np.abs(x - whole) >= 0.5, np.copysign(1.0, x), 0.0
        )
    return rounded
