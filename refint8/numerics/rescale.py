"""From one scale to another in float32: an engine's float arithmetic, not an integer multiplier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.fixedpoint import Ints, as_int64, round_half_away
from refint8.numerics.recording import recorded
from refint8.numerics.requantize import float_to_int32
from refint8.numerics.rules import Rules


@dataclass(frozen=True)
class Float32Line:
    """round_half_away(f32(f32(x * scale) + bias)) cast to int32, **float32**; nothing is fused.

    SUM under the rule sum=float32. Source: QuantizedMeanOrSum, LiteRT `optimized/reduce.h`.
    """

    scale: np.float32
    bias: np.float32
    float_to_int: str = "saturate"

    @classmethod
    def of_sum(cls, scales: tuple[float, float], zero_point: int, count: int, rules: Rules) -> Self:
        """Of a sum of `count` steps: f32(s_in / s_out) and f32(f32(-zp_in * scale) * count)."""
        with np.errstate(all="ignore"):
            scale = np.float32(scales[0]) / np.float32(scales[1])
            bias = np.float32(-zero_point) * scale * np.float32(count)
        return cls(scale, bias, rules.float_to_int)

    @recorded("requantize", "round_half_away(f32(f32(x * scale) + bias)), cast to int32")
    def __call__(self, accumulator: Ints) -> Ints:
        """Sums that fit int32."""
        with np.errstate(all="ignore"):
            real = as_int64(accumulator).astype(np.float32) * self.scale + self.bias
        return float_to_int32(round_half_away(real), self.float_to_int)


@dataclass(frozen=True)
class Float32Rescale:
    """clamp(round_half_away(f32(f32(q * scale) + bias)) + zero_point, 0, 255), **float32**.

    Every operation rounds to float32; nothing is fused. The cast to int32 follows the rule
    `float_to_int`. Source: ConcatenationWithScaling, LiteRT `reference/concatenation.h`.
    """

    scale: np.float32
    bias: np.float32
    zero_point: int
    float_to_int: str = "saturate"

    @classmethod
    def between(cls, source: tuple[float, int], target: tuple[float, int], rules: Rules) -> Self:
        """From (scale, zero point) to (scale, zero point): f32(s_in * f32(1 / s_out))."""
        with np.errstate(all="ignore"):
            scale = np.float32(source[0]) * (np.float32(1) / np.float32(target[0]))
            bias = np.float32(-source[1]) * scale
        return cls(scale, bias, target[1], rules.float_to_int)

    @recorded("rescale", "clamp(round_half_away(f32(f32(q * scale) + bias)) + zero_point)")
    def __call__(self, q: Ints) -> Ints:
        """Steps of the source (uint8) to steps of the target, int64 in 0..255."""
        with np.errstate(all="ignore"):
            real = as_int64(q).astype(np.float32) * self.scale + self.bias
        steps = float_to_int32(round_half_away(real), self.float_to_int) + self.zero_point
        clamped: Ints = np.clip(steps, *DTYPE_RANGE["UINT8"])
        return clamped
