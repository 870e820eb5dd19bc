"""Accumulators whose requantized value lies next to a rounding border, which random data misses."""

from __future__ import annotations

import numpy as np


def next_to_ties(effective, low, high, count, seed=0):
    """`count` integers a with a * effective as near as possible to k + 1/2, low <= k < high."""
    rng = np.random.default_rng(seed)
    borders = rng.integers(low, high, count) + 0.5
    return (np.rint(borders / effective) + rng.integers(-1, 2, count)).astype(np.int64)


def telling_scales(wrong, right, seed=0):
    """(input, weight, output) scales for which two ways of combining them differ visibly.

    The relative difference is at least 2^-26, so that it moves an accumulator of some 2^24 near a
    tie across it.
    """
    rng = np.random.default_rng(seed)
    while True:
        x, w = (float(np.float32(v)) for v in rng.uniform(1e-4, 1e-3, 2))
        out = float(np.float32(x * w * 2 ** rng.uniform(17, 18)))
        if abs(wrong(x, w, out) / right(x, w, out) - 1) > 2**-26:
            return x, w, out
