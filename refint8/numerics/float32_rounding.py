"""Requantization in float32, as XNNPACK does it on every CPU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from refint8.numerics.fixedpoint import Ints, as_int64, round_half_even
from refint8.numerics.recording import note, recorded

LIMIT: Final = 1 << 30
"""Larger results are clamped before they are rounded; no zero point brings them back."""


@dataclass(frozen=True, eq=False)
class Float32Rounding:
    """Family F32E: round_half_even(f32(f32(x) * scale)), **float32**.

    `scale` is float32, shape [] or [channels]. Both the conversion of an accumulator beyond 2^24
    and the product round to nearest, ties to even. XNNPACK clamps to the output's range before it
    rounds; the range ends on integers, so the order cannot be told. Source: XNNPACK
    `qs8-requantization`, fp32; ai-edge-litert 2.3.0 (NUMERICS §3, CORRECTIONS item 42).
    """

    scale: NDArray[np.float32]

    @recorded("requantize", "round_half_even(f32(f32(x) * scale))")
    def __call__(self, accumulator: Ints) -> Ints:
        """Accumulators of any width."""
        with np.errstate(all="ignore"):
            real = as_int64(accumulator).astype(np.float32)
            product = real * self.scale
        note("to float32", "f32(x)", real, x=accumulator)
        note("product", "f32(x * scale)", product, x=real, scale=self.scale)
        clamped = np.clip(round_half_even(np.nan_to_num(product, nan=-LIMIT)), -LIMIT, LIMIT)
        return as_int64(clamped.astype(np.int64))
