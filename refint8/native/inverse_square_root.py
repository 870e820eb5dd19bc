"""1 / sqrt(v) as multiplier and shift inside kernels: what `numerics` does on arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from refint8.native.fixedpoint import (
    INT32_HIGH,
    INT32_LOW,
    divide_by_pot,
    high_mul,
    leading_zeros_32,
)
from refint8.native.lang import clamp, inlined
from refint8.numerics.inverse_square_root import ONE_IN_Q3, SQRT_HALF, THREE_HALVES_IN_Q3


@inlined
def newton(v: int) -> int:
    """1 / sqrt(v) for v scaled into [2^27, 2^29), as a multiplier."""
    half = divide_by_pot(v >> 1, 1)
    x = ONE_IN_Q3
    for _ in range(5):
        cube = clamp(high_mul(high_mul(x, x), x) << 6, INT32_LOW, INT32_HIGH)
        step = high_mul(THREE_HALVES_IN_Q3, x) - high_mul(half, cube)
        x = clamp(step << 3, INT32_LOW, INT32_HIGH)
    result: int = high_mul(x, SQRT_HALF)
    return result


@inlined
def right_shift(v: int) -> Any:
    """How far the multiplier of an int32 v is shifted right, or below 0 left; for v above 1."""
    large = 1 if v >= 1 << 29 else 0
    pairs = ((leading_zeros_32(v >> (2 * large)) - 1) >> 1) - 1
    return np.int64(11 + large - pairs)


@inlined
def multiplier(v: int) -> Any:
    """The multiplier of an int32 v above 1, shifted left where `right_shift` is below 0."""
    large = 1 if v >= 1 << 29 else 0
    scaled = v >> (2 * large)
    pairs = ((leading_zeros_32(scaled) - 1) >> 1) - 1
    left = pairs - 11 - large
    return np.int64(newton(scaled << (2 * pairs)) << (left if left > 0 else 0))
