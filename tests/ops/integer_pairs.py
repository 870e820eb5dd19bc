"""What the tests of operators on two plain integer tensors share."""

from __future__ import annotations

import numpy as np

from refint8.model.types import NUMPY_DTYPE
from tests.ops.nodes import node, operand, run


def pair(name, dtype, shapes=((4,), (4,)), **changes):
    inputs = [operand(dtype, shape) for shape in shapes]
    return node(name, inputs, operand(dtype, (1,)), **changes)


def extremes(dtype):
    """The dtype's limits, small values and noise."""
    limits = np.iinfo(NUMPY_DTYPE[dtype])
    small = [v for v in (-40, -3, -2, -1, 0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 40) if v >= limits.min]
    noise = np.random.default_rng(1).integers(limits.min, limits.max, 12, NUMPY_DTYPE[dtype])
    values = [limits.min, limits.min + 1, limits.max, *small, *noise.tolist()]
    return np.array(values, NUMPY_DTYPE[dtype])


def assert_pairs(name, dtype, function, without=()):
    """Every pair of extremes against a function of Python integers, whose low bits count."""
    values = extremes(dtype)
    second = values[~np.isin(values, np.array(without, values.dtype))]
    x1, x2 = values.reshape(-1, 1), second.reshape(1, -1)
    out = run(pair(name, dtype, (x1.shape, x2.shape)), x1, x2)
    modulus = 1 << 8 * values.dtype.itemsize
    for i, a in enumerate(values.tolist()):
        for j, b in enumerate(second.tolist()):
            assert (int(out[i, j]) - function(a, b)) % modulus == 0, (a, b)
