"""The kernel of LOG_SOFTMAX: two tables over differences, the logarithm of each row's sum."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from refint8.native.fixedpoint import (
    INT32_HIGH,
    INT32_LOW,
    divide_by_pot,
    high_mul,
    leading_zeros_32,
    one_over_one_plus_x,
)
from refint8.native.lang import Kernel, clamp, i32, i64, inlined, least, most
from refint8.native.sums import POINTERS
from refint8.numerics.logarithm import (
    DENOMINATOR_CONSTANT,
    DENOMINATOR_LINEAR,
    DENOMINATOR_SQUARE,
    LOG_2,
    NUMERATOR,
    QUARTER,
    SQRT_HALF,
    SQRT_OF_SQRT_HALF,
)


@inlined
def log_at_least_1(z: int) -> int:
    """What `numerics.logarithm.log_of_at_least_1` does, on one value."""
    zeros = leading_zeros_32(z)
    above = clamp(high_mul(z << (zeros - 1), SQRT_HALF) << 1, INT32_LOW, INT32_HIGH)
    headroom = leading_zeros_32(high_mul(z, SQRT_HALF)) - 1
    r = least(above, clamp(z << headroom, INT32_LOW, INT32_HIGH))
    power = most(((12 - zeros) << 25) + QUARTER, ((12 - headroom) << 25) - QUARTER)
    p = (r + SQRT_OF_SQRT_HALF + 1) >> 1
    q = 2 * (r - SQRT_OF_SQRT_HALF)
    square = high_mul(q, q)
    numerator = high_mul(q, r) + high_mul(high_mul(q, square), NUMERATOR)
    constant = DENOMINATOR_CONSTANT + q + high_mul(DENOMINATOR_SQUARE, square)
    denominator = high_mul(p, constant) + high_mul(DENOMINATOR_LINEAR, q)
    fraction = high_mul(divide_by_pot(numerator, 6), one_over_one_plus_x(denominator))
    result: int = clamp((high_mul(power, LOG_2) + fraction) << 1, INT32_LOW, INT32_HIGH)
    return result


@cache
def log_softmax_rows(dtype: str) -> Kernel:
    """Words: source, target, rows, classes, addresses of the int32 terms of the sum and of the
    int32 scaled differences for max - x = 0..255, smallest difference, reverse multiplier and right
    shift, lowest and highest output, alarm.
    """

    def make() -> Any:
        pointer = POINTERS[dtype]

        def log_softmax(params: int, arena: int) -> None:
            p = i64(params)
            classes, terms, scaled, smallest = p[3], i32(p[4]), i32(p[5]), p[6]
            low, high = p[9], p[10]
            for row in range(p[2]):
                x = pointer(arena + p[0] + row * classes)
                y = pointer(arena + p[1] + row * classes)
                largest = x[0]
                for i in range(classes):
                    largest = x[i] if x[i] > largest else largest
                total = np.int64(0)
                for i in range(classes):
                    total += np.int64(terms[np.int64(largest) - np.int64(x[i])])
                if total > INT32_HIGH:
                    i64(arena + p[11])[0] = 1
                    return
                logarithm = log_at_least_1(total)
                reach = divide_by_pot(high_mul(logarithm - (1 << 31), p[7]), p[8])
                reach = most(smallest - 1, reach)
                for i in range(classes):
                    down = np.int64(largest) - np.int64(x[i])
                    step = divide_by_pot(np.int64(scaled[down]) - logarithm, 22) + high
                    y[i] = clamp(step, low, high) if -down > reach else low

        return log_softmax

    return Kernel(f"log_softmax_{dtype.lower()}", make)
