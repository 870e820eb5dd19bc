"""gemmlowp-style natural logarithm in fixed point, on raw int32 values: what LOG_SOFTMAX sums to.

Semantics: `log_x_for_x_greater_than_or_equal_to_1_impl` in LiteRT `kernels/internal/common.h`
(CORRECTIONS item 33).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from refint8.numerics.fixedpoint import (
    Ints,
    as_int64,
    count_leading_zeros_32,
    rounding_divide_by_pot,
    rounding_half_sum,
    saturate,
    saturating_rounding_doubling_high_mul,
    saturating_shift_left,
)
from refint8.numerics.gemmlowp import one_over_one_plus_x_for_x_in_0_1
from refint8.numerics.recording import recorded

LOG_2: Final = 1488522236
SQRT_HALF: Final = 1518500250
SQRT_OF_SQRT_HALF: Final = 1805811301
QUARTER: Final = 1 << 23
"""1/4 with 6 integer bits."""

NUMERATOR: Final = 117049297
DENOMINATOR_CONSTANT: Final = 1057819769
DENOMINATOR_SQUARE: Final = 127690142
DENOMINATOR_LINEAR: Final = 638450708


@recorded("log", "log(x) of Q12.19 in Q5.26")
def log_of_at_least_1(raw: ArrayLike) -> Ints:
    """ln(x) with 5 integer bits, for x >= 1 with 12 (raw 2^19 <= z < 2^31).

    x = r * 2^p in two ways, with r and with r * sqrt(1/2) in [1/2, 1): the smaller r, which lies
    in [sqrt(1/2), 1), and the larger p are taken. ln(r) is a quotient of polynomials about the
    fourth root of 1/2, evaluated at the mean of r and that root.
    """
    multiply = saturating_rounding_doubling_high_mul
    z = as_int64(raw)
    zeros = count_leading_zeros_32(z)
    r_above = saturating_shift_left(
        multiply(saturating_shift_left(z, zeros - 1), SQRT_HALF), np.int64(1)
    )
    p_above = saturate(saturating_shift_left(12 - zeros, 25) + QUARTER, 32)
    headroom = count_leading_zeros_32(multiply(z, SQRT_HALF)) - 1
    r_below = saturating_shift_left(z, headroom)
    p_below = saturate(saturating_shift_left(12 - headroom, 25) - QUARTER, 32)

    r, power = np.minimum(r_above, r_below), np.maximum(p_above, p_below)
    p = rounding_half_sum(r, SQRT_OF_SQRT_HALF)
    q = 2 * (r - SQRT_OF_SQRT_HALF)
    square = multiply(q, q)
    numerator = multiply(q, r) + multiply(multiply(q, square), NUMERATOR)
    denominator = multiply(
        p, DENOMINATOR_CONSTANT + q + multiply(DENOMINATOR_SQUARE, square)
    ) + multiply(DENOMINATOR_LINEAR, q)
    fraction = multiply(
        rounding_divide_by_pot(numerator, 6), one_over_one_plus_x_for_x_in_0_1(denominator)
    )
    return saturating_shift_left(multiply(power, LOG_2) + fraction, np.int64(1))
