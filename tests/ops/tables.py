"""What the tests of tabulated functions share: every input, and the function rounded."""

from __future__ import annotations

import math

import numpy as np

from tests.ops.nodes import node, operand
from tests.ops.python_integers import float32

LIMITS = {"INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767)}


def unary(name, dtype="INT8", scales=(0.1, 0.1), zero_points=(0, 0), shape=(4,), **changes):
    x, out = (
        operand(dtype, shape, scale, zero_point)
        for scale, zero_point in zip(scales, zero_points, strict=True)
    )
    return node(name, [x], out, **changes)


def every(dtype, step=1):
    low, high = LIMITS[dtype]
    return np.arange(low, high + 1, step).astype(dtype.lower())


def assert_rounded(record, function, dtype, scales, zero_points):
    """float32 arithmetic is within 2^-21: entries that no tie is near are the function rounded."""
    low, high = LIMITS[dtype]
    x = every(dtype)
    reals = []
    for v in x.tolist():
        try:
            real = function(float32(scales[0]) * (v - zero_points[0])) / float32(scales[1])
        except OverflowError:
            real = math.inf
        reals.append(min(max(real, -1e6), 1e6))
    real = np.array(reals)
    out = record.spec(x)
    expected = np.clip(np.floor(real + 0.5) + zero_points[1], low, high)
    clear = abs(real % 1 - 0.5) > 1e-3
    assert clear.sum() > 240
    assert (out == expected)[clear].all()
    assert abs(out.astype(int) - expected).max() <= 1


def assert_close(record, function, scales, within):
    """int16: interpolation stays within some steps of the function where it does not saturate."""
    x = every("INT16", 37)
    real = np.array([function(scales[0] * v) / scales[1] for v in x.tolist()])
    inside = abs(real) < 32000
    assert inside.sum() > 100
    assert abs(record.spec(x) - real)[inside].max() < within
