"""Sums of runs of elements, and sums to output steps; plain loops that LLVM vectorises."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from refint8.native.lang import Kernel, clamp, i8, i16, i32, i64, u8

POINTERS: dict[str, Any] = {"INT8": i8, "UINT8": u8, "INT16": i16, "INT32": i32, "INT64": i64}
"""How elements of a dtype are reached."""

ITEM = {"INT8": 1, "UINT8": 1, "INT16": 2, "INT32": 4, "INT64": 8}
"""Bytes of an element."""


@cache
def sum_runs(dtype: str) -> Kernel:
    """Every output is the sum of `parts` runs of `length` elements that lie side by side.

    Words: source, target, address of the outputs' first bytes, how many outputs, address of the
    parts' distances in bytes, how many parts, length. Sums of 8 and 16 bits are int32, those of
    int32 and int64 are int64; all wrap.
    """

    def make() -> Any:
        pointer, wide = POINTERS[dtype], ITEM[dtype] >= 4

        def sum_plain(params: int, arena: int) -> None:
            p = i64(params)
            source, starts, outputs = arena + p[0], i64(p[2]), p[3]
            parts, count, length = i64(p[4]), p[5], p[6]
            for k in range(outputs):
                if wide:
                    total = 0
                    for part in range(count):
                        x = pointer(source + starts[k] + parts[part])
                        for i in range(length):
                            total += x[i]
                    i64(arena + p[1])[k] = total
                else:
                    small = np.int32(0)
                    for part in range(count):
                        x = pointer(source + starts[k] + parts[part])
                        for i in range(length):
                            small = np.int32(small + np.int32(x[i]))
                    i32(arena + p[1])[k] = small

        return sum_plain

    return Kernel(f"sum_runs_{dtype.lower()}", make)


@cache
def requantize_sums(dtype: str) -> Kernel:
    """clamp(RDBPOT(SRDHM((sum - offset) << left, multiplier), right) + zero point), in int32.

    Words: source, target, count, offset, multiplier, left, right, zero point, low, high. What
    leaves 32 bits wraps; where that is to be reported, the caller has proved that nothing does.
    """

    def make() -> Any:
        pointer = POINTERS[dtype]

        def requantize(params: int, arena: int) -> None:
            p = i64(params)
            sums, target = i32(arena + p[0]), pointer(arena + p[1])
            count, offset, multiplier, left, right = p[2], p[3], p[4], p[5], p[6]
            zero_point, low, high = p[7], p[8], p[9]
            mask = (1 << right) - 1
            for i in range(count):
                x = np.int32(np.int32(sums[i] - offset) << left)
                h = (np.int64(x) * multiplier + (1 << 30)) >> 31
                away = 1 if (h & mask) > (mask >> 1) + (1 if h < 0 else 0) else 0
                y = np.int32((h >> right) + away + zero_point)
                target[i] = clamp(np.int64(y), low, high)

        return requantize

    return Kernel(f"requantize_sums_{dtype.lower()}", make)


@cache
def divide_sums(dtype: str) -> Kernel:
    """Sums in int64 divided by a count, truncated toward zero, to int32 or int64 (low bits).

    Words: source, target, how many, count.
    """

    def make() -> Any:
        pointer = POINTERS[dtype]

        def divide(params: int, arena: int) -> None:
            p = i64(params)
            sums, target, divisor = i64(arena + p[0]), pointer(arena + p[1]), p[3]
            for i in range(p[2]):
                x = sums[i]
                quotient = (-x if x < 0 else x) // divisor
                target[i] = -quotient if x < 0 else quotient

        return divide

    return Kernel(f"divide_sums_{dtype.lower()}", make)
