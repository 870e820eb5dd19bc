"""Arithmetic on the low bits of integers, in unbounded Python integers."""

from __future__ import annotations

import numpy as np

from tests.ops.windows_of_integers import narrow

DTYPES = ("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64")


def extremes(dtype):
    """All pairs of numbers near 0 and the limits, and some between, as two arrays."""
    limits = np.iinfo(dtype.lower())
    near = [limits.min, limits.min + 1, limits.max // 3, limits.max - 1, limits.max, 0, 1, 2, 77]
    near += [-1, -2, -77] if limits.min < 0 else [200 % (limits.max + 1)]
    first = np.repeat(np.array(near, dtype.lower()), len(near))
    return first, np.tile(np.array(near, dtype.lower()), len(near))


def in_low_bits(function, a, b, dtype):
    limits = np.iinfo(dtype.lower())
    pairs = zip(a.tolist(), b.tolist(), strict=True)
    return [narrow(function(x, y), limits.bits, limits.min < 0) for x, y in pairs]
