"""Sums along an axis, and sums of several tensors, in plain loops."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from refint8.native.fixedpoint import INT32_HIGH, INT32_LOW, divide_by_pot, high_mul
from refint8.native.lang import Kernel, clamp, i8, i32, i64
from refint8.native.sums import ITEM, POINTERS


@cache
def accumulate(dtype: str, first: bool) -> Kernel:
    """target += source (`first`: =), as int32. Words: source, target, count."""

    def make() -> Any:
        pointer = POINTERS[dtype]

        def add(params: int, arena: int) -> None:
            p = i64(params)
            x, y = pointer(arena + p[0]), i32(arena + p[1])
            for i in range(p[2]):
                y[i] = np.int32(x[i]) if first else np.int32(y[i] + np.int32(x[i]))

        return add

    return Kernel(f"accumulate_{dtype.lower()}{'_first' if first else ''}", make)


@cache
def cumulative_sums(dtype: str) -> Kernel:
    """Sums along an axis, modulo the dtype's width.

    Words: source, target, positions before the axis, its size, positions behind it, 1 for
    exclusive, 1 for reverse.
    """

    def make() -> Any:
        pointer, item = POINTERS[dtype], ITEM[dtype]

        def sums(params: int, arena: int) -> None:
            p = i64(params)
            source, target, size, inner = arena + p[0], arena + p[1], p[3], p[4]
            counted = 0 if p[5] != 0 else -1
            line = -inner if p[6] != 0 else inner
            first = (size - 1) * inner if p[6] != 0 else 0
            for outer in range(p[2] if size > 0 else 0):
                at = (outer * size * inner + first) * item
                if inner == 1:
                    x, y, total = pointer(source + at), pointer(target + at), np.int64(0)
                    for step in range(size):
                        value = np.int64(x[step * line])
                        y[step * line] = total + (value & counted)
                        total += value
                    continue
                x, y = pointer(source + at), pointer(target + at)
                for c in range(inner):
                    y[c] = x[c] & counted
                for _ in range(size - 1):
                    at += line * item
                    here, below = pointer(source + at), pointer(source + at - line * item)
                    done, made = pointer(target + at - line * item), pointer(target + at)
                    for c in range(inner):
                        value = here[c] if counted != 0 else below[c]
                        made[c] = done[c] + value

        return sums

    return Kernel(f"cumulative_sums_{dtype.lower()}", make)


@cache
def requantized_sums() -> Kernel:
    """The same for int8, rescaled. Words: as before, then zero point, start, bits of a term,
    multiplier, right shift, output zero point, low, high, 1 where sums wrap, alarm for where they
    do not.
    """

    def make() -> Any:
        def sums(params: int, arena: int) -> None:
            p = i64(params)
            size, inner = p[3], p[4]
            bad = 0
            for outer in range(p[2]):
                at = outer * size * inner
                x, y = i8(arena + p[0] + at), i8(arena + p[1] + at)
                for c in range(inner):
                    total = p[8]
                    for step in range(size):
                        k = ((size - 1 - step) if p[6] != 0 else step) * inner + c
                        following = total + ((np.int64(x[k]) - p[7]) << p[9])
                        shown = total if p[5] != 0 else following
                        bad |= 1 if shown > INT32_HIGH or shown < INT32_LOW else 0
                        wrapped = np.int64(np.int32(shown))
                        value = divide_by_pot(high_mul(wrapped, p[10]), p[11])
                        y[k] = clamp(value + p[12], p[13], p[14])
                        total = following
            if bad != 0 and p[15] == 0:
                i64(arena + p[16])[0] = 1

        return sums

    return Kernel("requantized_sums_int8", make)
