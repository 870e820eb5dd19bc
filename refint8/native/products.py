"""Sums of products and their requantization inside kernels, exact to the last bit.

Sums are kept in int64, so a kernel can tell whether one has left its register: under rules that
report it the alarm is set, under others the low bits are taken.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from refint8.native.fixedpoint import divide_by_pot, high_mul
from refint8.native.lang import inlined, least

CHUNK = 256
"""Products of int16 and int8 whose sum fits int32."""

WIDE_BITS = 48
"""What a 64-bit accumulator may hold before its requantization with 16 bits."""


@inlined
def exact_dot(x: Any, w: Any, count: int) -> Any:
    """The sum of x[k] * w[k]; x points to int8 or int16, w to int8."""
    total = np.int64(0)
    start = 0
    while start < count:
        end = least(start + CHUNK, count)
        part = np.int32(0)
        for k in range(start, end):
            part = np.int32(part + np.int32(np.int32(x[k]) * np.int32(w[k])))
        total += np.int64(part)
        start = end
    return total


@inlined
def low_word(x: int) -> Any:
    """The low 32 bits, signed."""
    return np.int64(np.int32(x))


@inlined
def rescale(x: int, multiplier: int, left: int, right: int) -> int:
    """Family D of an int32 x; a left shift wraps."""
    shifted = np.int64(np.int32(x << left))
    result: int = divide_by_pot(high_mul(shifted, multiplier), right)
    return result


@inlined
def rescale_wide(x: int, multiplier: int, right: int) -> Any:
    """Family Q15 of an x of 48 bits, cast to int32."""
    rounded = (x * multiplier + (np.int64(1) << (right - 1))) >> right
    return np.int64(np.int32(rounded))


@inlined
def leaves_word(x: int) -> int:
    """1 where x is outside int32."""
    return 1 if x != np.int64(np.int32(x)) else 0


@inlined
def leaves_wide(x: int) -> int:
    """1 where x is outside 48 bits."""
    return 1 if x != ((x << 16) >> 16) else 0
