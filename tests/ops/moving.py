"""Values and operands for tests of operators that move values."""

from __future__ import annotations

import numpy as np

from refint8.model.types import NUMPY_DTYPE
from refint8.ops import REGISTRY
from tests.ops.kernels import RUNNABLE, kernels_of
from tests.ops.nodes import constant, operand

ONE = RUNNABLE[:1]
"""Copies are the same under every tier (see the test that says so)."""

SIZES = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33)


def noise(dtype, shape, seed=0):
    """Bits of every kind: for BOOL 0 and 1, else any byte, so NaNs too."""
    rng = np.random.default_rng(seed)
    held = NUMPY_DTYPE[dtype]
    if dtype == "BOOL":
        return rng.integers(0, 2, shape).astype(bool)
    low = {"INT4": (-8, 8), "UINT4": (0, 16), "INT2": (-2, 2)}.get(dtype)
    if low:
        return rng.integers(*low, shape).astype(held)
    raw = rng.integers(0, 256, int(np.prod(shape, dtype=int)) * held.itemsize, np.uint8)
    return raw.view(held).reshape(shape)


def some_shape(rng, low=0, high=6, *, empty=True, most=20_000):
    """A shape of small odd sizes, now and then with a 0 in it."""
    rank = int(rng.integers(low, high + 1))
    shape = [int(n) for n in rng.choice(SIZES, rank)]
    while np.prod(shape, dtype=int) > most:
        shape[int(rng.integers(rank))] = 1
    if empty and rank and rng.random() < 0.06:
        shape[int(rng.integers(rank))] = 0
    return tuple(shape)


def dtypes_of(name, position=0):
    return sorted({d for row in REGISTRY[name].rows for d in row.inputs[position]})


def some_dtype(rng, name, position=0):
    return str(rng.choice(dtypes_of(name, position)))


def names(operator):
    """The kernels that an operator becomes."""
    arrays = [
        np.zeros(o.shape, NUMPY_DTYPE[o.dtype]) if o.data is None else None for o in operator.inputs
    ]
    return list(kernels_of(operator, *arrays))


def values(dtype, shape, **more):
    """An operand, quantized where its dtype may be; int16 has the zero point 0."""
    zero_point = {"INT8": -5, "UINT8": 9}.get(dtype, 0)
    scale = 0.5 if dtype in ("INT8", "UINT8", "INT16") else None
    return operand(dtype, shape, scale, zero_point, **more)


def box(begin, size, dtype="INT32"):
    return constant(dtype, begin), constant(dtype, size)
