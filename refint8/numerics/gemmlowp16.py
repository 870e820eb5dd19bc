"""gemmlowp's fixed-point functions on raw int16 values: the gates of LSTM.

The int32 functions of `gemmlowp.py` in half the width, with its own rounding: products are the
int16 SRDHM, constants are the int32 ones divided by 2^16, sums wrap to int16 except where the
result saturates. A raw value v with k integer bits stands for v / 2^(15-k).

Semantics: gemmlowp `fixedpoint/fixedpoint.h` instantiated for int16 by LiteRT
`kernels/internal/reference/portable_tensor_utils.cc`, ai-edge-litert 2.3.0 (CORRECTIONS item 39).
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from refint8.numerics.fixedpoint import (
    Ints,
    as_int64,
    rounding_divide_by_pot,
    rounding_half_sum,
    saturate,
    saturating_rounding_doubling_high_mul_16,
    saturating_shift_left,
    wrap16,
)
from refint8.numerics.gemmlowp import (
    EXP_MINUS_ONE_EIGHTH,
    EXP_OF_MINUS_POWERS,
    FORTY_EIGHT_OVER_17,
    MINUS_THIRTY_TWO_OVER_17,
    ONE_THIRD,
)
from refint8.numerics.recording import recorded, taken

INT16_MAX: Final = (1 << 15) - 1
TANH_INTEGER_BITS: Final = range(7)
"""Integer bits for which the engine has a tanh."""


@cache
def _halved(constant: int) -> int:
    """A constant of the int32 functions; no step of any element."""
    with taken(False):
        return int(rounding_divide_by_pot(constant, 16))


def _shift_left(x: Ints, amount: int) -> Ints:
    return saturating_shift_left(x, amount, bits=16)


@recorded("exp", "e^a for a <= 0, in fixed point")
def exp_on_negative_values(raw: ArrayLike, integer_bits: int) -> Ints:
    """exp(a) in Q0 for a <= 0 given with `integer_bits` (0 to 13); a = 0 gives 2^15 - 1."""
    multiply = saturating_rounding_doubling_high_mul_16
    a = as_int64(raw)
    fraction_bits = 15 - integer_bits
    quarter = 1 << (fraction_bits - 2)
    remainder = (a & (quarter - 1)) - quarter
    result = _exp_between_minus_quarter_and_0(_shift_left(remainder, integer_bits))
    rest = wrap16(remainder - a)
    for exponent, factor in EXP_OF_MINUS_POWERS.items():
        if integer_bits > exponent:
            digit = (rest >> (fraction_bits + exponent)) & 1
            with taken(digit == 1):
                product = multiply(result, _halved(factor))
            result = np.where(digit == 1, product, result)
    if integer_bits > 5:
        result = np.where(a < -(1 << (fraction_bits + 5)), 0, result)
    return np.where(a == 0, INT16_MAX, result)


def _exp_between_minus_quarter_and_0(a: Ints) -> Ints:
    multiply = saturating_rounding_doubling_high_mul_16
    constant = _halved(EXP_MINUS_ONE_EIGHTH)
    x = wrap16(a + (1 << 12))
    x2 = multiply(x, x)
    x3 = multiply(x2, x)
    x4 = multiply(x2, x2)
    higher = multiply(wrap16(rounding_divide_by_pot(x4, 2) + x3), _halved(ONE_THIRD))
    beyond_linear = rounding_divide_by_pot(wrap16(higher + x2), 1)
    return saturate(constant + multiply(constant, wrap16(x + beyond_linear)), 16)


def _reciprocal_of_half_sum_with_one(a: Ints) -> Ints:
    """2 / (1 + a) in Q2 for a in Q0, 0 <= a: three Newton steps."""
    multiply = saturating_rounding_doubling_high_mul_16
    half = rounding_half_sum(a, INT16_MAX)
    start = multiply(half, _halved(MINUS_THIRTY_TWO_OVER_17))
    x = wrap16(_halved(FORTY_EIGHT_OVER_17) + start)
    for _ in range(3):
        error = wrap16((1 << 13) - multiply(half, x))
        x = wrap16(x + _shift_left(multiply(x, error), 2))
    return x


@recorded("logistic", "1 / (1 + e^-a), in fixed point")
def logistic(raw: ArrayLike, integer_bits: int = 3) -> Ints:
    """1 / (1 + exp(-a)) in Q0 for any int16 a; a = 0 gives exactly 2^14.

    Negative arguments give 2^15 - 1 minus the value of their opposite.
    """
    a = as_int64(raw)
    magnitude = wrap16(np.where(a > 0, a, -a))
    z = exp_on_negative_values(wrap16(-magnitude), integer_bits)
    positive = _shift_left(_reciprocal_of_half_sum_with_one(z), 1)
    result = np.where(a > 0, positive, wrap16(INT16_MAX - positive))
    return np.where(a == 0, 1 << 14, result)


@recorded("tanh", "tanh(a), in fixed point")
def tanh(raw: ArrayLike, integer_bits: int) -> Ints:
    """Hyperbolic tangent in Q0 for any int16 a with `integer_bits` (0 to 6); odd, 0 at 0."""
    a = as_int64(raw)
    z = exp_on_negative_values(np.where(a < 0, a, -a), integer_bits + 1)
    half = wrap16(_reciprocal_of_half_sum_with_one(z) - (1 << 13))
    magnitude = _shift_left(half, 2)
    return np.where(a == 0, 0, np.where(a < 0, wrap16(-magnitude), magnitude))
