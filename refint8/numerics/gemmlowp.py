"""gemmlowp's fixed-point transcendental functions, on raw int32 values.

A raw value v with k integer bits stands for v / 2^(31-k). "Q0" is k = 0: v / 2^31, where one is
written 2^31 - 1. Every function takes and returns int64 arrays whose values fit int32; products
are SRDHM, so the integer bits of two factors add up.

Semantics: gemmlowp `fixedpoint/fixedpoint.h` as LiteRT and TFLM compile it (NUMERICS §8).
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
    rounding_half_sum,
    saturating_rounding_doubling_high_mul,
    saturating_shift_left,
)
from refint8.numerics.recording import recorded, taken

EXP_MINUS_ONE_EIGHTH: Final = 1895147668
ONE_THIRD: Final = 715827883
FORTY_EIGHT_OVER_17: Final = 1515870810
MINUS_THIRTY_TWO_OVER_17: Final = -1010580540
ONE_IN_Q2: Final = 1 << 29
ONE_HALF: Final = 1 << 30

EXP_OF_MINUS_POWERS: Final = {
    -2: 1672461947,
    -1: 1302514674,
    0: 790015084,
    1: 290630308,
    2: 39332535,
    3: 720401,
    4: 242,
}
"""exp(-2^j) in Q0 for each binary digit j that the argument's quotient by 1/4 may have."""


@recorded("exp", "e^a for a <= 0, in fixed point")
def exp_on_negative_values(raw: ArrayLike, integer_bits: int = 5) -> Ints:
    """exp(a) in Q0 for a <= 0 given with `integer_bits` (0 to 29); a = 0 gives 2^31 - 1.

    a = r - rest with r in [-1/4, 0): exp(r) is a Taylor polynomial of degree 4 about -1/8, and
    every binary digit of rest multiplies in a constant. With more than 5 integer bits, values
    below -32 give 0.
    """
    a = as_int64(raw)
    fraction_bits = 31 - integer_bits
    quarter = 1 << (fraction_bits - 2)
    remainder = (a & (quarter - 1)) - quarter
    result = _exp_between_minus_quarter_and_0(remainder << integer_bits)
    rest = remainder - a
    for exponent, factor in EXP_OF_MINUS_POWERS.items():
        if integer_bits > exponent:
            digit = (rest >> (fraction_bits + exponent)) & 1
            with taken(digit == 1):
                product = saturating_rounding_doubling_high_mul(result, factor)
            result = np.where(digit == 1, product, result)
    if integer_bits > 5:
        result = np.where(a < -(1 << (fraction_bits + 5)), 0, result)
    return np.where(a == 0, INT32_MAX, result)


def _exp_between_minus_quarter_and_0(a: Ints) -> Ints:
    multiply = saturating_rounding_doubling_high_mul
    x = a + (1 << 28)
    x2 = multiply(x, x)
    x3 = multiply(x2, x)
    x4 = multiply(x2, x2)
    cubic_and_quartic = multiply(rounding_divide_by_pot(x4, 2) + x3, ONE_THIRD)
    beyond_linear = rounding_divide_by_pot(cubic_and_quartic + x2, 1)
    return EXP_MINUS_ONE_EIGHTH + multiply(EXP_MINUS_ONE_EIGHTH, x + beyond_linear)


def _reciprocal_of_half_sum_with_one(a: Ints) -> Ints:
    """2 / (1 + a) in Q2 for a in Q0, 0 <= a: three Newton steps from 48/17 - 32/17 * h."""
    multiply = saturating_rounding_doubling_high_mul
    half = rounding_half_sum(a, INT32_MAX)
    x = FORTY_EIGHT_OVER_17 + multiply(half, MINUS_THIRTY_TWO_OVER_17)
    for _ in range(3):
        error = ONE_IN_Q2 - multiply(half, x)
        x = x + saturating_shift_left(multiply(x, error), 2)
    return x


@recorded("1 / (1 + x)", "by three Newton steps")
def one_over_one_plus_x_for_x_in_0_1(raw: ArrayLike) -> Ints:
    """1 / (1 + x) in Q0 for 0 <= x <= 1 in Q0."""
    return saturating_shift_left(_reciprocal_of_half_sum_with_one(as_int64(raw)), 1)


@recorded("(1 - x) / (1 + x)", "by three Newton steps")
def one_minus_x_over_one_plus_x_for_x_in_0_1(raw: ArrayLike) -> Ints:
    """(1 - x) / (1 + x) in Q0 for 0 <= x <= 1 in Q0."""
    return saturating_shift_left(_reciprocal_of_half_sum_with_one(as_int64(raw)) - ONE_IN_Q2, 2)


@recorded("logistic", "1 / (1 + e^-a), in fixed point")
def logistic(raw: ArrayLike, integer_bits: int) -> Ints:
    """1 / (1 + exp(-a)) in Q0 for any int32 a with `integer_bits`; a = 0 gives exactly 2^30.

    Negative arguments give 2^31 - 1 minus the value of their opposite.
    """
    a = as_int64(raw)
    positive = one_over_one_plus_x_for_x_in_0_1(exp_on_negative_values(-np.abs(a), integer_bits))
    return np.where(a == 0, ONE_HALF, np.where(a < 0, INT32_MAX - positive, positive))


@recorded("tanh", "tanh(a), in fixed point")
def tanh(raw: ArrayLike, integer_bits: int) -> Ints:
    """Hyperbolic tangent in Q0 for any int32 a with `integer_bits`; odd, and 0 at 0.

    2a has the raw value of a with one integer bit more, so tanh(|a|) = (1-z)/(1+z) with
    z = exp(-2|a|) needs no shift.
    """
    a = as_int64(raw)
    z = exp_on_negative_values(-np.abs(a), integer_bits + 1)
    magnitude = one_minus_x_over_one_plus_x_for_x_in_0_1(z)
    return np.where(a == 0, 0, np.where(a < 0, -magnitude, magnitude))


@recorded("reciprocal", "1 / x as mantissa and bits")
def reciprocal(x: ArrayLike, integer_digits: int) -> tuple[Ints, Ints]:
    """1 / x for 0 < x < 2^32 with `integer_digits`, as (scale, bits over unit).

    x = m * 2^bits with m in [1, 2); the scale is 1/m in Q0, and 1 / x = scale * 2^-bits.
    """
    x = as_int64(x)
    headroom_plus_one = count_leading_zeros_32(x)
    mantissa_minus_one = (x << headroom_plus_one) - (1 << 31)
    return one_over_one_plus_x_for_x_in_0_1(mantissa_minus_one), integer_digits - headroom_plus_one
