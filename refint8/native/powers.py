"""Powers of int32, in Python's sense of exact: what leaves int32 raises the alarm."""

from __future__ import annotations

from refint8.native.fixedpoint import INT32_HIGH, INT32_LOW
from refint8.native.lang import clamp, i32, i64, kernel

BEYOND = 1 << 31
"""Factors are limited to this magnitude: whatever such a one belongs in has left int32."""


@kernel
def powers_int32(params: int, arena: int) -> None:
    """target = x ** y. Words: x, y, each followed by 1 if it is relative to the arena (0 for a
    constant), target, count, alarm for negative exponents and for results outside int32.
    """
    p = i64(params)
    x, y, out = i32(p[0] + arena * p[1]), i32(p[2] + arena * p[3]), i32(arena + p[4])
    bad = 0
    for i in range(p[5]):
        factor, left, result = x[i] + 0, y[i] + 0, 1
        bad |= 1 if left < 0 else 0
        while left > 0:
            if left & 1 != 0:
                result = clamp(result * factor, -BEYOND - 1, BEYOND)
            left >>= 1
            if left > 0:
                factor = clamp(factor * factor, 0, BEYOND)
        bad |= 1 if result > INT32_HIGH or result < INT32_LOW else 0
        out[i] = result
    if bad != 0:
        i64(arena + p[6])[0] = 1
