"""The kernels of SOFTMAX: exponentials by table, one row after the other.

Each row is read three times: for its largest value, for the exponentials and their sum, and for
the outputs. A sum that leaves its range raises the alarm.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from refint8.native.fixedpoint import INT32_HIGH, leading_zeros_32, one_over_one_plus_x
from refint8.native.lang import Kernel, clamp, f32, i16, i32, i64, kernel, least
from refint8.native.sums import ITEM, POINTERS


@cache
def softmax_fixed_point(dtype: str, out: str) -> Kernel:
    """8-bit rows in gemmlowp's fixed point.

    Words: source, target, rows, classes, address of the int32 exponentials of max - x = 0..255,
    scratch for a row of int32, output bits, lowest and highest output step, alarm.
    """

    def make() -> Any:
        pointer, target_pointer, item = POINTERS[dtype], POINTERS[out], ITEM[out]

        def softmax(params: int, arena: int) -> None:
            p = i64(params)
            classes, exponentials, e = p[3], i32(p[4]), i32(arena + p[5])
            bits, low, high = p[6], p[7], p[8]
            for row in range(p[2]):
                x = pointer(arena + p[0] + row * classes)
                y = target_pointer(arena + p[1] + row * classes * item)
                largest = x[0]
                for i in range(classes):
                    largest = x[i] if x[i] > largest else largest
                total = np.int64(0)
                for i in range(classes):
                    value = exponentials[np.int64(largest) - np.int64(x[i])]
                    e[i] = value
                    total += (np.int64(value) + (1 << 11)) >> 12
                zeros = leading_zeros_32(total)
                inverse = one_over_one_plus_x((total << zeros) - (1 << 31))
                exponent = 12 - zeros + 31 - bits
                if exponent > 31 or total > INT32_HIGH:
                    i64(arena + p[9])[0] = 1
                    return
                half = 1 << (exponent - 1)
                for i in range(classes):
                    scaled = (np.int64(e[i]) * inverse + (1 << 30)) >> 31
                    y[i] = clamp(((scaled + half) >> exponent) + low, low, high)

        return softmax

    return Kernel(f"softmax_{dtype.lower()}_{out.lower()}", make)


@cache
def softmax_float32(dtype: str, out: str) -> Kernel:
    """8-bit rows in float32, each operation rounded, sums in the order of the row.

    Words: source, target, rows, classes, address of the float32 exponentials of max - x = 0..255
    and of the output's scale behind them, offset, lowest and highest output.
    """

    def make() -> Any:
        pointer, target_pointer, item = POINTERS[dtype], POINTERS[out], ITEM[out]
        half_up = out == "UINT8"

        def softmax(params: int, arena: int) -> None:
            p = i64(params)
            classes, e, offset, low, high = p[3], f32(p[4]), p[5], p[6], p[7]
            scale = e[256]
            for row in range(p[2]):
                x = pointer(arena + p[0] + row * classes)
                y = target_pointer(arena + p[1] + row * classes * item)
                largest = x[0]
                for i in range(classes):
                    largest = x[i] if x[i] > largest else largest
                total = np.float32(0)
                for i in range(classes):
                    total = np.float32(total + e[np.int64(largest) - np.int64(x[i])])
                inverse = np.float32(np.float32(1) / np.float32(total * scale))
                for i in range(classes):
                    step = np.float32(e[np.int64(largest) - np.int64(x[i])] * inverse)
                    if half_up:
                        whole = np.int64(np.float32(step + np.float32(0.5)))
                    else:
                        # Steps are not negative, so ties away from zero go up.
                        whole = np.int64(step)
                        whole += 1 if step - np.float32(whole) >= np.float32(0.5) else 0
                    y[i] = clamp(whole + offset, low, high)

        return softmax

    return Kernel(f"softmax_float32_{dtype.lower()}_{out.lower()}", make)


@kernel
def softmax_int16(params: int, arena: int) -> None:
    """Rows of int16 by two tables.

    Words: source, target, rows, classes, address of the int16 exponentials of max - x = 0..65535,
    scratch for a row of int16, address of the 513 int32 reciprocals, alarm.
    """
    p = i64(params)
    classes, exponentials, e, reciprocals = p[3], i16(p[4]), i16(arena + p[5]), i32(p[6])
    for row in range(p[2]):
        x = i16(arena + p[0] + 2 * row * classes)
        y = i16(arena + p[1] + 2 * row * classes)
        largest = x[0]
        for i in range(classes):
            largest = x[i] if x[i] > largest else largest
        total = np.int64(0)
        for i in range(classes):
            value = exponentials[np.int64(largest) - np.int64(x[i])]
            e[i] = value
            total += np.int64(value)
        if total > INT32_HIGH:
            i64(arena + p[7])[0] = 1
            return
        zeros = leading_zeros_32(total)
        mantissa = ((total << (zeros - 1)) + (1 << 13)) >> 14
        at = least(mantissa - (1 << 16) - (1 << 15), 32767)
        base = np.int64(reciprocals[256 + (at >> 7)])
        slope = np.int64(reciprocals[257 + (at >> 7)]) - base
        inverse = np.int32(base + ((slope * (at & 127) + 64) >> 7))
        shift = np.int32(31 - zeros)
        half = np.int32(1 << (30 - zeros))
        for i in range(classes):
            product = np.int32(np.int32(e[i]) * inverse)
            step = np.int32(np.int32(product + half) >> shift)
            y[i] = step if step < 32767 else 32767
