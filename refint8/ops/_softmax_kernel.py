"""The kernels of SOFTMAX: exponentials by table, one row after the other."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from refint8.native.fixedpoint import leading_zeros_32, one_over_one_plus_x
from refint8.native.lang import Kernel, clamp, i32, i64
from refint8.native.sums import POINTERS


@cache
def softmax_fixed_point(dtype: str, out: str) -> Kernel:
    """8-bit rows in gemmlowp's fixed point.

    Words: source, target, rows, classes, address of the int32 exponentials of max - x = 0..255,
    scratch for a row of int32, output bits, lowest, clamp. The caller has proved that the sum of
    exponentials stays in its range.
    """

    def make() -> Any:
        pointer, target_pointer = POINTERS[dtype], POINTERS[out]

        def softmax(params: int, arena: int) -> None:
            p = i64(params)
            rows, classes, exponentials = p[2], p[3], i32(p[4])
            e, bits, lowest, low, high = i32(arena + p[5]), p[6], p[7], p[8], p[9]
            for row in range(rows):
                x = pointer(arena + p[0] + row * classes)
                y = target_pointer(arena + p[1]) if row == 0 else target_pointer(arena + p[1])
                start = row * classes
                largest = x[0]
                for i in range(classes):
                    largest = x[i] if x[i] > largest else largest
                total = 0
                for i in range(classes):
                    value = exponentials[np.int64(largest) - np.int64(x[i])]
                    e[i] = value
                    total += (np.int64(value) + (1 << 11)) >> 12
                headroom = leading_zeros_32(total)
                inverse = one_over_one_plus_x((total << (headroom + 1)) - (1 << 32) >> 1)
                exponent = 12 - headroom + 31 - bits
                half = 1 << (exponent - 1)
                for i in range(classes):
                    scaled = (np.int64(e[i]) * inverse + (1 << 30)) >> 31
                    y[start + i] = clamp(((scaled + half) >> exponent) + lowest, low, high)

        return softmax

    return Kernel(f"softmax_{dtype.lower()}_{out.lower()}", make)


@kernel_placeholder
def softmax_tables(): ...
