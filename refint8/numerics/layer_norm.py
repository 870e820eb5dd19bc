"""Layer normalization over the cells of an LSTM gate, in integers.

With n cells g, coefficients w, bias b (truncating divisions):

mean  = 1024 * sum(g) / n                    variance = (sum(g^2) * (2^20 / n) - mean^2) / 2^20
q     = 1 / sqrt(variance), of the guard where the variance is below 1
u     = requantize(1024 * g - mean, by q) * w + b in 32 bits, / 1024 rounded away from zero
out   = saturate(requantize(u, by 2^12 * s_w))

Semantics: PortableApplyLayerNorm, LiteRT `kernels/internal/reference/portable_tensor_utils.cc`
(CORRECTIONS item 39).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.numerics.accumulator import Accumulator
from refint8.numerics.fixedpoint import (
    Ints,
    as_int64,
    rounding_divide_by_pot,
    saturate,
    saturating_rounding_doubling_high_mul,
    truncating_divide,
    wrap32,
)
from refint8.numerics.inverse_square_root import inverse_square_root
from refint8.numerics.multiplier import quantize_multiplier
from refint8.numerics.recording import recorded
from refint8.numerics.rules import Rules


@dataclass(frozen=True)
class LayerNorm:
    """The scale of the coefficients as multiplier and shift, and the variance guard."""

    multiplier: int
    shift: int
    guard: int
    overflow: str = "report"

    @classmethod
    def of(cls, scale: float, rules: Rules) -> Self:
        """guard = max(1, trunc(f32(10000 * scale))); the rule `accumulator` is for u."""
        multiplier, shift = quantize_multiplier(scale)
        guard = int(np.float32(10000) * np.float32(scale))
        return cls(multiplier, shift, max(1, guard), rules.accumulator)

    @recorded("layer normalization", "over the cells of the gate, times the coefficients")
    def __call__(self, gate: Ints, coefficients: Ints, bias: Ints) -> Ints:
        """gate [..., n] of int16 values; coefficients and bias [n]."""
        count = gate.shape[-1]
        mean = truncating_divide(1024 * gate.sum(axis=-1, keepdims=True), count)
        squares = (gate * gate).sum(axis=-1, keepdims=True)
        # Up to 2^16 cells the difference stays within 63 bits.
        variance = truncating_divide(squares * ((1 << 20) // count) - mean * mean, 1 << 20)
        q, exponent = inverse_square_root(np.where(variance < 1, self.guard, variance))
        exact = _scaled(1024 * gate - mean, q, exponent) * coefficients + bias
        u = Accumulator(self.overflow)(exact)
        rounded = truncating_divide(u + np.where(u > 0, 512, -512), 1024)
        scale, shift = as_int64(self.multiplier), as_int64(self.shift + 12)
        return saturate(_scaled(rounded, scale, shift), 16)


def _scaled(x: Ints, multiplier: Ints, shift: Ints) -> Ints:
    """Double rounding; a left shift, which takes coefficients of 2^-12 and more, wraps."""
    shifted = wrap32(x << np.maximum(shift, 0))
    high = saturating_rounding_doubling_high_mul(shifted, multiplier)
    return rounding_divide_by_pot(high, np.maximum(-shift, 0))
