"""CONV_2D and the MAX_POOL_2D behind it as one operator, where nobody looks at what lies between.

The pooling is of sums instead of outputs: requantization and clamping never decrease, so the
largest sum gives the largest output, and only that one is requantized.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from refint8.native.lowering import Site
from refint8.numerics.requantize import DoubleRounding, Float64Rounding, Requantizer
from refint8.ops._op import Array, Record
from refint8.ops.conv_2d import Conv2D
from refint8.ops.max_pool_2d import MaxPool2D

MOST_TAPS = 4
"""Pixels of a pooling window up to which every tier has registers for all of their sums."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PooledConvolution(Record):
    """Two integer records that are one in a program. No model file has this operator."""

    convolution: Conv2D
    pool: MaxPool2D

    @classmethod
    def of(cls, first: Record | None, second: Record | None) -> PooledConvolution | None:
        """One record of two, None where that is not the same or not faster.

        Pooling windows must lie apart and inside the image, and clamp nothing that the convolution
        does not.
        """
        if not isinstance(first, Conv2D) or not isinstance(second, MaxPool2D):
            return None
        window, image = second.window, first.window.out
        inside = all(o * k <= i for o, k, i in zip(window.out, window.kernel, image, strict=True))
        taps = window.kernel[0] * window.kernel[1]
        low, high = first.clamp
        same = (
            first.dtype == second.dtype in ("INT8", "UINT8")
            and window.kernel == window.stride
            and window.pad == (0, 0)
            and inside
            and 1 < taps <= MOST_TAPS
            and second.clamp[0] <= low <= high <= second.clamp[1]
            and never_decreases(first.requantize)
        )
        return cls(shapes=second.shapes, convolution=first, pool=second) if same else None

    def spec(self, x: Array, w: Array, bias: Array | None = None) -> Array:
        """One after the other."""
        return self.pool.spec(self.convolution.spec(x, w, bias))

    def lower(self, site: Site) -> None:
        """One product whose rows are sorted by pooling windows."""
        self.convolution.lower_pooled(site, self.pool.window)


def never_decreases(requantize: Requantizer) -> bool:
    """Whether a larger sum never gives a smaller output: no factor is negative."""
    if isinstance(requantize, DoubleRounding):
        return bool(np.all(requantize.multiplier >= 0))
    return isinstance(requantize, Float64Rounding) and bool(np.all(requantize.scale >= 0))
