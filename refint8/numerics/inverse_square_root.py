"""1 / sqrt(v) of a positive integer as multiplier and shift: RSQRT and L2_NORMALIZATION.

Semantics: GetInvSqrtQuantizedMultiplierExp, LiteRT `kernels/internal/quantization_util.cc`
(CORRECTIONS item 35).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from refint8.numerics.fixedpoint import (
    INT32_MAX,
    Ints,
    as_int64,
    count_leading_zeros_32,
    rounding_divide_by_pot,
    saturating_rounding_doubling_high_mul,
    saturating_shift_left,
)
from refint8.numerics.recording import recorded

NEWTON_STEPS: Final = 5
SQRT_HALF: Final = 1518500250
ONE_IN_Q3: Final = 1 << 28
THREE_HALVES_IN_Q3: Final = ONE_IN_Q3 + (ONE_IN_Q3 >> 1)


@recorded("1 / sqrt", "multiplier and shift, by five Newton steps")
def inverse_square_root(values: ArrayLike) -> tuple[Ints, Ints]:
    """(multiplier, shift) with 1 / sqrt(v) ~ multiplier * 2^(shift - 31), for int32 values.

    Values up to 1, 0 and negative ones among them, give (2^31 - 1, 0).

    v is scaled by powers of 4 into [2^27, 2^29), where Newton's iteration from 1 in Q3 takes
    five steps.
    """
    multiply = saturating_rounding_doubling_high_mul
    given = as_int64(values)
    v = np.maximum(given, 2)
    large = v >= 1 << 29
    v = np.where(large, v >> 2, v)
    pairs = (count_leading_zeros_32(v) - 1) // 2 - 1
    right = np.where(large, 12, 11) - pairs
    half = rounding_divide_by_pot((v << 2 * pairs) >> 1, 1)
    x = np.full_like(v, ONE_IN_Q3)
    for _ in range(NEWTON_STEPS):
        cube = saturating_shift_left(multiply(multiply(x, x), x), 6)
        x = saturating_shift_left(multiply(THREE_HALVES_IN_Q3, x) - multiply(half, cube), 3)
    multiplier = multiply(x, SQRT_HALF) << np.maximum(-right, 0)
    unit = given <= 1
    return np.where(unit, INT32_MAX, multiplier), np.where(unit, 0, -np.maximum(right, 0))
