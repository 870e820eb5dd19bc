"""From a sum of steps to output steps in float32, zero points and division included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from refint8.numerics.fixedpoint import Ints, as_int64, round_half_even
from refint8.numerics.recording import note, recorded

LIMIT: Final = 1 << 30
"""Larger results are clamped before they become integers; every dtype saturates far below."""


@dataclass(frozen=True, eq=False)
class Float32Sum:
    """round_half_even(f32(f32(f32(sum) * scale) + offset)), **float32**; the raw sum goes in.

    The output's zero point is part of the offset and is rounded with it. Source: XNNPACK
    `operators/reduce-nd.c` and `reference/unary-elementwise.cc` (int32 to 8 bits), ai-edge-litert
    2.3.0 (NUMERICS §3).
    """

    scale: np.float32
    offset: np.float32

    @classmethod
    def of(
        cls, source: tuple[float, int], target: tuple[float, int], count: int, *, mean: bool
    ) -> Self:
        """From `count` steps of (scale, zero point) to steps of (scale, zero point).

        scale = f32(f32(s_in / s_out) * f32(1 / count)), for a sum without the second factor;
        offset = f32(zp_out - f32(f32(count * zp_in) * scale)).
        """
        with np.errstate(all="ignore"):
            scale = np.float32(source[0]) / np.float32(target[0])
            if mean:
                scale = scale * (np.float32(1) / np.float32(count))
            offset = np.float32(target[1]) - np.float32(count * source[1]) * scale
        return cls(scale, offset)

    @recorded("requantize", "round_half_even(f32(f32(f32(sum) * scale) + offset))")
    def __call__(self, accumulator: Ints) -> Ints:
        """Sums that fit int32."""
        with np.errstate(all="ignore"):
            product = as_int64(accumulator).astype(np.float32) * self.scale
            real = product + self.offset
        note("product", "f32(f32(x) * scale)", product, x=accumulator, scale=self.scale)
        note("+ offset", "f32(product + offset)", real, product=product, offset=self.offset)
        whole = np.clip(round_half_even(np.nan_to_num(real, nan=0.0)), -LIMIT, LIMIT)
        return as_int64(whole.astype(np.int64))
