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


ROOT = constant(Decimal("0.5").sqrt(), 0)
FOURTH_ROOT = constant(Decimal("0.5").sqrt().sqrt(), 0)
LOG_2 = constant(Decimal(2).ln(), 0)


def log_at_least_1(z: int) -> int:
    """ln(z / 2^19) with 5 integer bits, z raw with 12 integer bits and at least 1."""
    # With r < 1 as large as it gets, x = r * sqrt(2) * 2^p or r * 2^p, p a quarter off either way.
    above = saturating_double(high_mul(z << 31 - z.bit_length(), ROOT), 1)
    bits = high_mul(z, ROOT).bit_length()
    r = min(above, saturating_double(z, 31 - bits))
    power = max((z.bit_length() - 20) * 2**25 + 2**23, (bits - 19) * 2**25 - 2**23)

    middle = round_half_away(Fraction(r + FOURTH_ROOT, 2))
    q = 2 * (r - FOURTH_ROOT)
    square = high_mul(q, q)
    numerator = high_mul(q, r) + high_mul(high_mul(q, square), 117049297)
    denominator = high_mul(middle, 1057819769 + q + high_mul(127690142, square)) + high_mul(
        638450708, q
    )
    fraction = high_mul(divide_by_pot(numerator, 6), one_over_one_plus(denominator))
    return saturating_double(high_mul(power, LOG_2) + fraction, 1)


def inverse_root(v: int) -> tuple[int, int]:
    """1 / sqrt(v) as multiplier and shift, v >= 2."""
    right = 11
    while v >= 2**29:
        v //= 4
        right += 1
    while v < 2**27:
        v *= 4
        right -= 1
    half = divide_by_pot(v // 2, 1)
    x = 2**28
    for _ in range(5):
        cube = saturating_double(high_mul(high_mul(x, x), x), 6)
        x = saturating_double(high_mul(2**28 + 2**27, x) - high_mul(half, cube), 3)
    x = high_mul(x, ROOT)
    return (x * 2**-right, 0) if right < 0 else (x, -right)
