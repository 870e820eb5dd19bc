"""What the tests of the six comparisons share: nodes, and both sides in Python integers."""

from __future__ import annotations

import numpy as np

from tests.ops.nodes import node, operand
from tests.ops.python_integers import divide_by_pot, float32, high_mul, quantize_multiplier

LIMITS = {"INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767)}
PAIRS = [((0.05, 0.03), (3, 100)), ((0.0004, 0.7), (0, 1)), ((0.99, 0.01), (7, 7))]
"""Scales and zero points."""


def comparison(
    name, dtype="INT8", scales=(0.5, 0.5), zero_points=(0, 0), shapes=((4,), (4,)), **changes
):
    inputs = [
        operand(dtype, shape, scale, zero_point)
        for shape, scale, zero_point in zip(shapes, scales, zero_points, strict=True)
    ]
    return node(name, inputs, operand("BOOL", (1,)), **changes)


def side(value, zero_point, scale):
    """The value on the common scale 2^-8, exactly, also for scales of 1 and more."""
    multiplier, shift = quantize_multiplier(float32(scale))
    high = high_mul((value - zero_point) * 256, multiplier)
    return high * 2**shift if shift > 0 else divide_by_pot(high, -shift)


def grid(dtype):
    """Values of both sides that meet each other, as [n, 1] and [1, n]."""
    low, high = LIMITS[dtype]
    values = [*range(low, high + 1, 5 if dtype != "INT16" else 1597), low, high, 0, 1]
    x = np.array(values).astype(dtype.lower())
    return x.reshape(-1, 1), x.reshape(1, -1)


def expected(relation, x1, x2, scales, zero_points):
    first = [side(int(v), zero_points[0], scales[0]) for v in x1.reshape(-1)]
    second = [side(int(v), zero_points[1], scales[1]) for v in x2.reshape(-1)]
    return [[relation(a, b) for b in second] for a in first]
