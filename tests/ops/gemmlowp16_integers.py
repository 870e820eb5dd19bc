"""gemmlowp's int16 functions in unbounded Python integers, one value at a time.

Constants are those of the int32 functions, rounded to 16 bits; sums wrap, as C's int16 does.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import cache

from tests.ops.gemmlowp_integers import constant
from tests.ops.python_integers import clamp, divide_by_pot, round_half_away

ONE = 2**15 - 1


def wrap(x: int) -> int:
    return (x + 2**15) % 2**16 - 2**15


def saturated(x: int) -> int:
    return clamp(x, -(2**15), ONE)


@cache
def half(value: Fraction | Decimal, integer_bits: int) -> int:
    return divide_by_pot(constant(value, integer_bits), 16)


def high_mul(a: int, b: int) -> int:
    return min((a * b + 2**14) // 2**15, ONE)


@cache
def exp_of_minus_power(exponent: int) -> Decimal:
    return (-(Decimal(2) ** exponent)).exp()


def exp_negative(a: int, integer_bits: int) -> int:
    if a == 0:
        return ONE
    one = 2 ** (15 - integer_bits)
    if integer_bits > 5 and a < -32 * one:
        return 0
    quarter = one // 4
    remainder = a % quarter - quarter
    x = wrap(saturated(remainder * 2**integer_bits) + 2**12)
    x2 = high_mul(x, x)
    x3, x4 = high_mul(x2, x), high_mul(x2, x2)
    higher = high_mul(wrap(divide_by_pot(x4, 2) + x3), half(Fraction(1, 3), 0))
    tail = divide_by_pot(wrap(higher + x2), 1)
    eighth = half(exp_of_minus_power(-3), 0)
    result = saturated(eighth + high_mul(eighth, wrap(x + tail)))
    quarters = (remainder - a) // quarter
    for position in range(7):
        exponent = position - 2
        if quarters >> position & 1 and integer_bits > exponent:
            result = high_mul(result, half(exp_of_minus_power(exponent), 0))
    return result


def two_over_one_plus(a: int) -> int:
    mean = round_half_away(Fraction(a + ONE, 2))
    x = wrap(half(Fraction(48, 17), 2) + high_mul(mean, half(Fraction(-32, 17), 2)))
    for _ in range(3):
        error = wrap(2**13 - high_mul(mean, x))
        x = wrap(x + saturated(high_mul(x, error) * 4))
    return x


def logistic(a: int, integer_bits: int = 3) -> int:
    if a == 0:
        return 2**14
    # The magnitude of the lowest value is itself, and what is subtracted from it wraps back.
    positive = saturated(two_over_one_plus(exp_negative(wrap(-wrap(abs(a))), integer_bits)) * 2)
    return positive if a > 0 else wrap(ONE - positive)


def tanh(a: int, integer_bits: int) -> int:
    if a == 0:
        return 0
    z = exp_negative(-abs(a), integer_bits + 1)
    magnitude = saturated(wrap(two_over_one_plus(z) - 2**13) * 4)
    return wrap(-magnitude) if a < 0 else magnitude
