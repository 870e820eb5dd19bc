"""exp, expm1, log, tanh, erfc and powers, correctly rounded to float32 or float64.

An engine fills its tables with the C library's functions, whose last bits differ between
libraries and CPUs. Here the result is the exact value rounded once, to nearest even, in the
argument's own dtype: the same on every machine, and what a good library returns but for the odd
last bit. Values are computed with `decimal`, one after the other: meant for tables of some hundred
entries. The rest of a table's arithmetic (+, -, *, /, sqrt) is exact to the bit in IEEE 754.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from decimal import Context, Decimal, localcontext
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[Any]

DIGITS: Final = 50
"""Decimal digits computed: 166 bits, of which 113 lie beyond a double's last; no argument is
expected to need them all to tell on which side of a rounding border its result lies."""


def exp(x: ArrayLike) -> Floats:
    """e^x."""
    return _rounded(lambda v: v.exp(), x, (-800, 800))


def expm1(x: ArrayLike) -> Floats:
    """e^x - 1, accurate near 0."""
    return _rounded(_expm1, x, (-100, 800))


def tanh(x: ArrayLike) -> Floats:
    """Hyperbolic tangent."""
    return _rounded(lambda v: _expm1(2 * v) / (_expm1(2 * v) + 2), x, (-50, 50))


def log(x: ArrayLike) -> Floats:
    """Natural logarithm; -inf at 0, NaN below."""
    x = np.asarray(x)
    with np.errstate(invalid="ignore"):
        inside = np.isfinite(x) & (x > 0)
        limits = np.where(x == 0, -np.inf, np.where(x > 0, x, np.nan)).astype(x.dtype)
    return np.where(
        inside, _rounded(lambda v: v.ln(), np.where(inside, x, x.dtype.type(1))), limits
    )


def erfc(x: ArrayLike) -> Floats:
    """1 - erf(x)."""
    return _rounded(_erfc, x, (-30, 30))


def power(x: ArrayLike, exponent: float) -> Floats:
    """x^exponent for x > 0 and a finite exponent; 0 and infinities stay, NaN gives NaN."""
    x = np.asarray(x)
    exact = Decimal(exponent)
    inside = np.isfinite(x) & (x > 0)
    rounded = _rounded(lambda v: (exact * v.ln()).exp(), np.where(inside, x, x.dtype.type(1)))
    return np.where(inside, rounded, x)


def _rounded(
    function: Callable[[Decimal], Decimal],
    x: ArrayLike,
    saturates: tuple[int, int] = (0, 0),
) -> Floats:
    """The function of each element, rounded once.

    Arguments are moved into the interval `saturates`, outside of which the rounded result no
    longer changes; (0, 0) for none.
    """
    x = np.asarray(x)
    assert x.dtype in (np.float32, np.float64)
    narrow = float if x.dtype == np.float64 else to_float32

    def one(value: float) -> float:
        if math.isnan(value):
            return value
        if saturates[0] < saturates[1]:
            value = min(max(value, saturates[0]), saturates[1])
        exact = Decimal(value)
        # The smaller the argument, the more digits cancel in e^x - 1.
        digits = DIGITS + (max(0, -exact.adjusted()) if value else 0)
        with localcontext(Context(prec=digits)):
            return narrow(function(exact))

    return np.array([one(float(value)) for value in x.reshape(-1)], x.dtype).reshape(x.shape)


def to_float32(exact: Decimal) -> float:
    """Round to float32, to nearest even, in one step.

    Rounding to double first and then to float32 would round twice; rounding to *odd* in between
    (an inexact double gets an odd last bit) makes the second rounding the only one that counts.
    """
    double = float(exact)
    (bits,) = struct.unpack("<q", struct.pack("<d", double))
    if Decimal(double) != exact and bits % 2 == 0:
        double = math.nextafter(double, math.inf if exact > Decimal(double) else -math.inf)
    with np.errstate(over="ignore"):
        return float(np.float32(double))


def _expm1(x: Decimal) -> Decimal:
    return x.exp() - 1


def _erfc(x: Decimal) -> Decimal:
    """1 - 2/sqrt(pi) e^(-x^2) (x + 2x^3/3 + 4x^5/15 + ...), all terms of one sign."""
    with localcontext() as context:
        # For large x the digits of erf before the first 9 that is missing cancel: x^2 / ln 10.
        context.prec += 10 + int(max(x, Decimal(0)) ** 2 / 2)
        square = x * x
        term = total = x
        n = 0
        while term and total.adjusted() - term.adjusted() <= context.prec:
            n += 1
            term = term * 2 * square / (2 * n + 1)
            total += term
        return 1 - 2 * total * (-square).exp() / _pi(context.prec).sqrt()


@cache
def _pi(digits: int) -> Decimal:
    """Machin: 16 arctan(1/5) - 4 arctan(1/239), in integers of `digits` + 10 digits."""
    one: int = 10 ** (digits + 10)

    def arctan_of_inverse(k: int) -> int:
        power = total = one // k
        n = 1
        while power:
            power //= -k * k
            n += 2
            total += power // n
        return total

    return Decimal(16 * arctan_of_inverse(5) - 4 * arctan_of_inverse(239)).scaleb(-(digits + 10))
