"""Scales for which two precisions of a multiplier round some accumulator to different steps.

The multipliers s1 * s2 / s3 in float32 and in double differ by 2^-24 of themselves at most, so of
all scales few tell them apart: they are searched for.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from refint8.oracle.targets.outcome import Array

DRAWS: Final = 1 << 16

KEPT: Final = 8
"""How many of the draws are given back."""

REACH: Final = 90
"""Output steps on either side of the zero point that no experiment clamps."""


@cache
def straddling_ratios(highest: int, low: float, high: float) -> list[tuple[float, float]]:
    """Pairs (input scale, output scale), best first, ratio between `low` and `high`, for which the
    ratio in float32 and in double put an accumulator up to `highest` on different sides of a tie.
    """
    rng = np.random.default_rng(1)
    inputs = rng.uniform(0.01, 0.06, DRAWS).astype(np.float32)
    outputs = (inputs / rng.uniform(low, high, DRAWS)).astype(np.float32)
    narrow = (inputs / outputs).astype(np.float64)
    exact = inputs.astype(np.float64) / outputs.astype(np.float64)
    best = _best(np.arange(1, highest + 1), narrow, exact)
    return [(float(inputs[n]), float(outputs[n])) for n in best]


@cache
def straddling_products(
    highest: int, low: float, high: float, second: float | None = None
) -> list[tuple[float, float, float]]:
    """The same for (scale 1, scale 2, output scale) and scale 1 * scale 2 / output scale, over
    products of two numbers up to `highest`; with `second` over numbers, scale 2 being that.
    """
    rng = np.random.default_rng(2)
    first, other = rng.uniform(0.01, 0.06, (2, DRAWS)).astype(np.float32)
    if second is not None:
        other = np.full(DRAWS, second, np.float32)
    product = first * other
    outputs = (product / rng.uniform(low, high, DRAWS)).astype(np.float32)
    narrow = (product / outputs).astype(np.float64)
    exact = first.astype(np.float64) * other.astype(np.float64) / outputs.astype(np.float64)
    numbers = np.arange(1, highest + 1)
    values = numbers if second is not None else np.unique(np.multiply.outer(numbers, numbers))
    best = _best(values, narrow, exact)
    return [(float(first[n]), float(other[n]), float(outputs[n])) for n in best]


def _best(accumulators: Array, narrow: Array, exact: Array) -> list[int]:
    """The draws whose two multipliers part for most accumulators, within the output's range.

    Two roundings, as the rule requantize=double has them: only where the precision of a scale is
    all that differs does it matter which of the roundings is used.
    """
    values = accumulators[:: -(-len(accumulators) // 256)].astype(np.float64)
    one, other = _requantized(values, narrow), _requantized(values, exact)
    parted = np.count_nonzero((one != other) & (one < REACH), axis=1)
    return [int(n) for n in np.argsort(parted, kind="stable")[::-1][:KEPT]]


def _requantized(values: Array, multipliers: Array) -> Array:
    """Steps, float64 [multipliers, values]; products stay below 2^53."""
    mantissa, exponent = np.frexp(multipliers)
    held = np.ldexp(np.rint(np.ldexp(mantissa, 31)), -31)
    left, right = np.maximum(exponent, 0), np.maximum(-exponent, 0)
    high = np.floor(np.multiply.outer(np.ldexp(held, left), values) + 0.5)
    return np.asarray(np.floor(np.ldexp(high, -right[:, None]) + 0.5))
