"""Integer layer normalization against Python integers, and its guard."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.numerics.inverse_square_root import inverse_square_root
from refint8.numerics.layer_norm import LayerNorm
from refint8.numerics.rules import Rules
from tests.ops.python_integers import clamp, double_rounding, quantize_multiplier


def truncate(x: Fraction) -> int:
    return int(abs(x)) * (1 if x >= 0 else -1)


def normalized(gate, weights, bias, scale):
    """The docstring's formula for one row."""
    n = len(gate)
    mean = truncate(Fraction(1024 * sum(gate), n))
    spread = sum(g * g for g in gate) * (2**20 // n) - mean * mean
    variance = truncate(Fraction(spread, 2**20))
    if variance < 1:
        variance = max(1, int(np.float32(10000) * np.float32(scale)))
    q, e = (int(v) for v in inverse_square_root(np.array(variance)))
    multiplier, shift = quantize_multiplier(float(np.float32(scale)))
    out = []
    for g, w, b in zip(gate, weights, bias, strict=True):
        u = double_rounding(1024 * g - mean, q, e) * w + b
        u = truncate(Fraction(u + (512 if u > 0 else -512), 1024))
        out.append(clamp(double_rounding(u, multiplier, shift + 12), -32768, 32767))
    return out


@pytest.mark.parametrize("count", [1, 3, 4, 7, 64, 1000])
def test_equals_python_integers(count):
    rng = np.random.default_rng(count)
    for width in (3, 500, 32767):
        gate = rng.integers(-width, width + 1, (3, count))
        weights = rng.integers(-32767, 32768, count)
        bias = rng.integers(-(1 << 20), 1 << 20, count)
        for scale in (3e-5, 1e-4, 2e-3):
            norm = LayerNorm.of(scale, Rules())
            rows = [normalized(r, weights.tolist(), bias.tolist(), scale) for r in gate.tolist()]
            assert norm(gate, weights, bias).tolist() == rows


def test_equal_cells_have_the_guard_as_variance():
    gate = np.full((1, 4), 100)
    some = np.array([0, 0, 0, 9 << 10])
    assert LayerNorm.of(2.0**-12, Rules())(gate, np.ones(4, np.int64), some).tolist() == [
        [0, 0, 0, 9]
    ]
    assert LayerNorm.of(1e-9, Rules()).guard == 1
    assert LayerNorm.of(0.5, Rules()).guard == 5000


def test_overflow_is_reported_or_wraps_by_rule():
    gate, weights = np.array([[-1, 1]]), np.array([32767, 32767])
    bias = np.array([0, (1 << 31) - 1])
    with pytest.raises(DomainError, match="outside 32 bits"):
        LayerNorm.of(1e-5, Rules())(gate, weights, bias)
    wrapped = LayerNorm.of(1e-5, Rules(accumulator="wrap"))(gate, weights, bias)
    assert wrapped[0, 1] < 0
