"""The paddings matrix that PAD and PADV2 share, and the border it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from refint8.ops._op import Array, Operand, Shape, check

DTYPES: Final = ("INT8", "UINT8", "INT16", "INT32", "INT64", "BOOL", "FLOAT32", "FLOAT16")
"""What both operators move."""

COUNTS: Final = "INT32|INT64|INT8|INT16|BOOL"
"""Dtypes of the paddings matrix."""

MAX_RANK: Final = 5


@dataclass(frozen=True)
class Border:
    """How many elements come before and after each axis of an input of shape `inner`."""

    inner: Shape
    before: tuple[int, ...]
    after: tuple[int, ...]

    @classmethod
    def of(cls, x: Operand, paddings: Operand, rank_label: str, label: str) -> Self:
        """From the paddings matrix [rank, 2]; refuses ranks above 5, other shapes, negatives."""
        rank = len(x.shape)
        check(rank <= MAX_RANK, rank_label, f"the input has rank {rank}, above {MAX_RANK}")
        counts = paddings.integers()
        check(
            paddings.shape == (rank, 2) and all(count >= 0 for count in counts),
            label,
            f"the paddings {counts} must be {rank} pairs of non-negative numbers",
        )
        return cls(x.shape, counts[0::2], counts[1::2])

    @property
    def shape(self) -> Shape:
        """The output's shape."""
        sizes = zip(self.before, self.inner, self.after, strict=True)
        return tuple(sum(parts) for parts in sizes)

    def around(self, x: Array, fill: Any) -> Array:
        """x within the border, which holds `fill`."""
        out = np.full(self.shape, fill, x.dtype)
        pairs = zip(self.before, self.inner, strict=True)
        out[tuple(slice(start, start + size) for start, size in pairs)] = x
        return out


def has_zero_point(x: Operand) -> bool:
    """Whether the kernel looks at zero points: UINT8, and INT8 and INT16 when quantized."""
    return x.dtype == "UINT8" or (x.dtype in ("INT8", "INT16") and x.quantized)
