"""Matrix products of two computed operands: packed to 16 bits, then dot products in plain loops.

Both matrices are written out as rows along the inner axis, zero points subtracted and padded with
zeros, so that LLVM makes multiply-and-add vectors of the dot products.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from refint8.native.lang import Kernel, clamp, f32, i16, i32, i64
from refint8.native.sums import POINTERS

BLOCK = 32
"""Elements that the inner axis is padded to a multiple of."""


@cache
def pack_rows(dtype: str) -> Kernel:
    """Rows of int16 differences from a zero point.

    Words: source, target, matrices, rows, inner size, elements from row to row and along the inner
    axis, zero point, padded inner size.
    """

    def make() -> Any:
        pointer = POINTERS[dtype]

        def pack(params: int, arena: int) -> None:
            p = i64(params)
            source, target = pointer(arena + p[0]), i16(arena + p[1])
            rows, inner, row_step, step, padded = p[3], p[4], p[5], p[6], p[8]
            zero_point = np.int16(p[7])
            at, to = 0, 0
            for _ in range(p[2]):
                for row in range(rows):
                    first = at + row * row_step
                    if step == 1:
                        for k in range(inner):
                            target[to + k] = np.int16(source[first + k]) - zero_point
                    else:
                        for k in range(inner):
                            target[to + k] = np.int16(source[first + k * step]) - zero_point
                    for k in range(inner, padded):
                        target[to + k] = 0
                    to += padded
                at += rows * inner

        return pack

    return Kernel(f"pack_rows_{dtype.lower()}", make)


@cache
def multiply_packed(form: str) -> Kernel:
    """Products of packed matrices. `form` is what becomes of a sum: "double" (32 bits, to int8),
    "float32" (32 bits, to int8 in float32, ties to even), "q15" (64 bits, to int16), "plain"
    (32 bits, to int32).

    Words: first, second, target, products, address of pairs of matrix numbers, rows of first,
    rows of second, padded inner size, multiplier (float32: its address), left shift, right shift,
    zero point, low, high.
    """

    def make() -> Any:
        target_pointer = {"q15": i16, "plain": i32}.get(form, POINTERS["INT8"])
        item = {"q15": 2, "plain": 4}.get(form, 1)
        wide, in_float = form == "q15", form == "float32"

        def multiply(params: int, arena: int) -> None:
            p = i64(params)
            which, rows, columns, padded = i64(p[4]), p[5], p[6], p[7]
            multiplier, left, right = p[8], p[9], p[10]
            zero_point, low, high = p[11], p[12], p[13]
            mask, half = (1 << right) - 1, (1 << right) >> 1
            if in_float:
                scale = f32(p[8])[0]
                lowest, highest = np.float32(low - zero_point), np.float32(high - zero_point)
                # Numbers between 2^23 and 2^24 are whole: adding 1.5 * 2^23 rounds to even.
                whole = np.float32(12582912.0)
            for product in range(p[3]):
                a0 = arena + p[0] + 2 * which[2 * product] * rows * padded
                b0 = arena + p[1] + 2 * which[2 * product + 1] * columns * padded
                out = target_pointer(arena + p[2] + item * product * rows * columns)
                for row in range(rows):
                    a = i16(a0 + 2 * row * padded)
                    for column in range(columns):
                        b = i16(b0 + 2 * column * padded)
                        if wide:
                            long = np.int64(0)
                            for k in range(padded):
                                long += np.int64(np.int32(np.int32(a[k]) * np.int32(b[k])))
                            scaled = np.int32((long * multiplier + half) >> right)
                            step = np.int64(scaled) + zero_point
                        else:
                            total = np.int32(0)
                            for k in range(padded):
                                term = np.int32(np.int32(a[k]) * np.int32(b[k]))
                                total = np.int32(total + term)
                            if form == "plain":
                                out[row * columns + column] = total
                                continue
                            if in_float:
                                y = np.float32(np.float32(total) * scale)
                                y = lowest if y < lowest else (highest if y > highest else y)
                                out[row * columns + column] = (
                                    np.int32((y + whole) - whole) + zero_point
                                )
                                continue
                            x = np.int64(np.int32(np.int64(total) << left))
                            h = (x * multiplier + (1 << 30)) >> 31
                            away = 1 if (h & mask) > (mask >> 1) + (1 if h < 0 else 0) else 0
                            step = (h >> right) + away + zero_point
                        out[row * columns + column] = clamp(step, low, high)

        return multiply

    return Kernel(f"multiply_packed_{form}", make)
