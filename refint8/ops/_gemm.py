"""Exact integer matrix products."""

from __future__ import annotations

import numpy as np

from refint8.numerics.fixedpoint import Ints, as_int64
from refint8.ops._op import Array

EXACT_DOUBLE = 1 << 53


def _magnitude(x: Array) -> int:
    return max(-int(x.min()), int(x.max())) if x.size else 0


def matmul(a: Array, b: Array) -> Ints:
    """a @ b over integers, exact, as int64; shapes as numpy.matmul.

    A double holds every integer below 2^53, so while depth * max|a| * max|b| stays below that,
    each partial sum is exact in any order and float64 BLAS returns the integer result (some
    twenty times faster than NumPy's integer loop). Beyond the bound the integer loop is used.
    """
    depth = a.shape[-1]
    if depth * _magnitude(a) * _magnitude(b) < EXACT_DOUBLE:
        exact = np.matmul(a.astype(np.float64), b.astype(np.float64))
        return as_int64(exact.astype(np.int64))
    return as_int64(np.matmul(as_int64(a), as_int64(b)))
