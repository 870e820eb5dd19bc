"""gemmlowp's functions in unbounded Python integers, one value at a time.

Constants are computed from their meaning; roundings are those of python_integers.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

from tests.ops.python_integers import clamp, divide_by_pot, high_mul, round_half_away

ONE = 2**31 - 1


def constant(value: Fraction | Decimal, integer_bits: int) -> int:
    return round_half_away(Fraction(value) * 2 ** (31 - integer_bits))


def saturating_double(x: int, times: int) -> int:
    """x * 2^times, saturated; the engine's threshold maps -(2^31) * 2^-times onto the limit too."""
    return clamp(x * 2**times, -(2**31), ONE)


def exp_negative(a: int, integer_bits: int) -> int:
    """exp(a / 2^(31 - integer_bits)) in Q0 for a <= 0."""
    if a == 0:
        return ONE
    one = 2 ** (31 - integer_bits)
    if integer_bits > 5 and a < -32 * one:
        return 0
    quarter = one // 4
    remainder = a % quarter - quarter
    x = remainder * 2**integer_bits + 2**28
    x2 = high_mul(x, x)
    x3 = high_mul(x2, x)
    x4 = high_mul(x2, x2)
    third = constant(Fraction(1, 3), 0)
    tail = divide_by_pot(high_mul(divide_by_pot(x4, 2) + x3, third) + x2, 1)
    eighth = constant(Decimal("-0.125").exp(), 0)
    result = eighth + high_mul(eighth, x + tail)
    quarters = (remainder - a) // quarter
    for position in range(7):
        exponent = position - 2
        if quarters >> position & 1 and integer_bits > exponent:
            result = high_mul(result, constant((-(Decimal(2) ** exponent)).exp(), 0))
    return result


def two_over_one_plus(a: int) -> int:
    """2 / (1 + a) in Q2 for a in Q0."""
    half = round_half_away(Fraction(a + ONE, 2))
    x = constant(Fraction(48, 17), 2) + high_mul(half, constant(Fraction(-32, 17), 2))
    for _ in range(3):
        x += saturating_double(high_mul(x, 2**29 - high_mul(half, x)), 2)
    return x


def one_over_one_plus(a: int) -> int:
    return saturating_double(two_over_one_plus(a), 1)


def logistic(a: int, integer_bits: int) -> int:
    if a == 0:
        return 2**30
    value = one_over_one_plus(exp_negative(-abs(a), integer_bits))
    return value if a > 0 else ONE - value


def tanh(a: int, integer_bits: int) -> int:
    if a == 0:
        return 0
    z = exp_negative(-abs(a), integer_bits + 1)
    value = saturating_double(two_over_one_plus(z) - 2**29, 2)
    return value if a > 0 else -value


def reciprocal(x: int, integer_digits: int) -> tuple[int, int]:
    """(1/m in Q0, bits) with x / 2^(31 - integer_digits) = m * 2^bits, 1 <= m < 2."""
    bits = x.bit_length() - 1
    mantissa_minus_one = x * 2 ** (31 - bits) - 2**31
    return one_over_one_plus(mantissa_minus_one), bits - (31 - integer_digits)


def real(raw: int, integer_bits: int = 0) -> float:
    return math.ldexp(raw, integer_bits - 31)
