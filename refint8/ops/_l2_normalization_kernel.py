"""The kernel of L2_NORMALIZATION: one row after the other."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from refint8.native.fixedpoint import (
    INT32_HIGH,
    divide_by_pot,
    high_mul,
    leading_zeros_32,
)
from refint8.native.inverse_square_root import newton
from refint8.native.lang import Kernel, clamp, i64
from refint8.native.sums import POINTERS


@cache
def l2_rows(dtype: str) -> Kernel:
    """Words: source, target, rows, depth, zero point, 1 where sums wrap, alarm for where they do
    not.
    """

    def make() -> Any:
        pointer, signed = POINTERS[dtype], dtype == "INT8"

        def normalize(params: int, arena: int) -> None:
            p = i64(params)
            depth, zero_point = p[3], p[4]
            for row in range(p[2]):
                x = pointer(arena + p[0] + row * depth)
                y = pointer(arena + p[1] + row * depth)
                total = np.int64(0)
                for i in range(depth):
                    d = np.int64(x[i]) - zero_point
                    total += d * d
                if total > INT32_HIGH and p[5] == 0:
                    i64(arena + p[6])[0] = 1
                    return
                v = np.int64(np.int32(total))
                multiplier, shift = np.int64(INT32_HIGH), np.int64(0)
                if v > 1:
                    right = 11
                    if v >= 1 << 29:
                        v, right = v >> 2, 12
                    pairs = ((leading_zeros_32(v) - 1) >> 1) - 1
                    right -= pairs
                    multiplier = newton(v << 2 * pairs)
                    multiplier = multiplier << (-right if right < 0 else 0)
                    shift = np.int64(-right if right > 0 else 0)
                for i in range(depth):
                    d = np.int64(x[i]) - zero_point
                    if signed:
                        e = shift + 7
                        shifted = np.int64(np.int32(d << (e if e > 0 else 0)))
                        step = divide_by_pot(high_mul(shifted, multiplier), -e if e < 0 else 0)
                        y[i] = clamp(step, -128, 127)
                    else:
                        step = 128 + divide_by_pot(high_mul(128 * d, multiplier), -shift)
                        y[i] = clamp(step, 0, 255)

        return normalize

    return Kernel(f"l2_rows_{dtype.lower()}", make)
