"""tanh and erfc as a C library computes them in float32, last bits included.

LiteRT fills GELU's tables with the host's library. glibc (through 2.36 at least) evaluates these
two by the rational approximations of Sun's fdlibm, every operation rounded to float32; their
results are off by one last bit now and then, which an int16 table can show. Values and formulas
are fdlibm's (`e_expm1`, `s_tanh`, `s_erf`, in their float versions). The exponentials inside erfc
are glibc's newer expf (`numerics/glibc.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from refint8.numerics.elementary import Floats
from refint8.numerics.glibc import expf

ONE: Final = np.float32(1)
TWO: Final = np.float32(2)
HALF: Final = np.float32(0.5)

LN2_HIGH: Final = np.float32(6.9313812256e-01)
LN2_LOW: Final = np.float32(9.0580006145e-06)
INVERSE_LN2: Final = np.float32(1.4426950216e00)

EXPM1: Final = (
    *(1.0, -3.3333335072e-02, 1.5873016091e-03),
    *(-7.9365076090e-05, 4.0082177293e-06, -2.0109921195e-07),
)

ERX: Final = np.float32(8.4506291151e-01)
"""erf(1), to few enough bits that sums with it are exact."""

NEAR_0: Final = (
    (1.2837916613e-01, -3.2504209876e-01, -2.8481749818e-02, -5.7702702470e-03, -2.3763017452e-05),
    *((1.0, 3.9791721106e-01, 6.5022252500e-02, 5.0813062117e-03, 1.3249473704e-04,
       -3.9602282413e-06),),
)  # fmt: skip
"""Numerator and denominator, lowest power first, for |x| < 0.84375."""

NEAR_1: Final = (
    (-2.3621185683e-03, 4.1485610604e-01, -3.7220788002e-01, 3.1834661961e-01,
     -1.1089469492e-01, 3.5478305072e-02, -2.1663755178e-03),
    (1.0, 1.0642088205e-01, 5.4039794207e-01, 7.1828655899e-02, 1.2617121637e-01,
     1.3637083583e-02, 1.1984500103e-02),
)  # fmt: skip
"""In |x| - 1, for |x| < 1.25."""

MIDDLE: Final = (
    (-9.8649440333e-03, -6.9385856390e-01, -1.0558626175e+01, -6.2375331879e+01,
     -1.6239666748e+02, -1.8460508728e+02, -8.1287437439e+01, -9.8143291473e+00),
    (1.0, 1.9651271820e+01, 1.3765776062e+02, 4.3456588745e+02, 6.4538726807e+02,
     4.2900814819e+02, 1.0863500214e+02, 6.5702495575e+00, -6.0424413532e-02),
)  # fmt: skip
"""In 1 / x^2, for |x| < 1 / 0.35."""

FAR: Final = (
    (-9.8649431020e-03, -7.9928326607e-01, -1.7757955551e+01, -1.6063638306e+02,
     -6.3756646729e+02, -1.0250950928e+03, -4.8351919556e+02),
    (1.0, 3.0338060379e+01, 3.2579251099e+02, 1.5367296143e+03, 3.1998581543e+03,
     2.5530502930e+03, 4.7452853394e+02, -2.2440952301e+01),
)  # fmt: skip
"""In 1 / x^2, beyond."""


def _polynomial(coefficients: Sequence[float], x: Floats) -> Floats:
    """Horner's scheme, lowest power first; float32."""
    *lower, total = (np.float32(c) for c in coefficients)
    value = np.full_like(x, total)
    for coefficient in reversed(lower):
        value = coefficient + x * value
    return value


def _ratio(pair: tuple[Sequence[float], Sequence[float]], x: Floats) -> Floats:
    quotient: Floats = _polynomial(pair[0], x) / _polynomial(pair[1], x)
    return quotient


def expm1(x: Floats) -> Floats:
    """e^x - 1; float32, finite arguments up to 44 in magnitude."""
    x = np.asarray(x, np.float32)
    negative, size = np.signbit(x), np.abs(x)
    rounding = np.where(negative, -HALF, HALF)
    k = np.trunc(INVERSE_LN2 * x + rounding)
    k = np.where(size < 1.5 * 0.6931472, np.where(negative, -ONE, ONE), k)
    k = np.where(size <= 0.5 * 0.6931472, np.float32(0), k).astype(np.float32)
    high, low = x - k * LN2_HIGH, k * LN2_LOW
    reduced = high - low
    lost = (high - reduced) - low

    half = HALF * reduced
    square = reduced * half
    r1 = _polynomial(EXPM1, square)
    t = np.float32(3) - r1 * half
    e = square * ((r1 - t) / (np.float32(6) - reduced * t))
    near = reduced - (reduced * e - square)
    e = (reduced * (e - lost) - lost) - square

    whole = k.astype(np.int64)
    power = np.ldexp(ONE, -whole)
    below_half = -TWO * (e - (reduced + HALF))
    once = np.where(reduced < np.float32(-0.25), below_half, ONE + TWO * (reduced - e))
    far = np.ldexp(ONE - (e - reduced), whole) - ONE
    middle = np.ldexp((ONE - power) - (e - reduced), whole)
    large = np.ldexp((reduced - (e + power)) + ONE, whole)
    result = np.where(whole < 23, middle, large)
    result = np.where((whole <= -2) | (whole > 56), far, result)
    result = np.where(whole == 1, once, result)
    result = np.where(whole == -1, HALF * (reduced - e) - HALF, result)
    result = np.where(whole == 0, near, result)
    result = np.where(size < 2.0**-25, x, result)
    return np.where(x < np.float32(-18.714973), -ONE, result).astype(np.float32)


def tanh(x: Floats) -> Floats:
    """Hyperbolic tangent; float32, NaN stays."""
    x = np.asarray(x, np.float32)
    size = np.minimum(np.abs(np.nan_to_num(x)), np.float32(22))
    large = size >= 1
    t = expm1(np.where(large, TWO * size, -TWO * size))
    value = np.where(large, ONE - TWO / (t + TWO), -t / (t + TWO))
    value = np.where(size >= 22, ONE, value)
    value = np.where(size < 2.0**-55, size, value)
    return np.where(np.isnan(x), x, np.copysign(value, x)).astype(np.float32)


def erfc(x: Floats) -> Floats:
    """1 - erf(x); float32, NaN stays."""
    x = np.asarray(x, np.float32)
    with np.errstate(all="ignore"):
        size = np.abs(x)
        y = _ratio(NEAR_0, x * x)
        near_0 = np.where(x < np.float32(0.25), ONE - (x + x * y), HALF - (x * y + (x - HALF)))
        at_1 = _ratio(NEAR_1, size - ONE)
        near_1 = np.where(x >= 0, (ONE - ERX) - at_1, ONE + (ERX + at_1))
        tail = _tail(size)
        beyond = np.where(x > 0, tail, TWO - tail)
        result = np.where(size < np.float32(1.25), near_1, beyond)
        result = np.where(size < np.float32(0.84375), near_0, result)
        result = np.where(x < -6, TWO, result)
        result = np.where(x >= 28, np.float32(0), result)
    return np.where(np.isnan(x), x, result).astype(np.float32)


def _tail(size: Floats) -> Floats:
    """erfc of 1.25 and more: e^(-x^2) in two factors, the square of x cut short in the first."""
    within = np.clip(np.nan_to_num(size, nan=2.0), np.float32(1), np.float32(30))
    inverse = ONE / (within * within)
    ratio = np.where(within < ONE / np.float32(0.35), _ratio(MIDDLE, inverse), _ratio(FAR, inverse))
    cut = (within.view(np.uint32) & np.uint32(0xFFFFE000)).view(np.float32)
    first = expf(-cut * cut - np.float32(0.5625))
    tail: Floats = first * expf((cut - within) * (cut + within) + ratio) / within
    return tail
