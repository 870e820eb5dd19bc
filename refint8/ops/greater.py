"""GREATER: whether x1 > x2, with broadcasting.

8 bits and int16 with scales, each side on the common scale 2^-8:
s_k = requantize((x_k - zp_k) << 8, by scale_k)                          k = 1, 2
out = s_1 > s_2

int32, int64, int16 without scales, int16 with scales under the rule order_int16 = "raw":
out = x1 > x2

A scale of 1 or more shifts left where the kernel shifts right by a negative count: the rule
`far_shift`. What lies closer together than 2^-8 or has a tiny scale may compare as equal.

C1  the shapes broadcast
C2  zero points are values of their dtype

Semantics: LiteRT `kernels/comparisons.cc`, `reference/comparisons.h`, ai-edge-litert 2.3.0; TFLM
`micro/kernels/comparisons.cc`, tflite-micro 0.dev20261023 (CORRECTIONS items 2, 3, 6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.ops._comparison import ORDERED_ROWS, Comparison, order_sides, shapes_of
from refint8.ops._op import Node, operator


@operator("GREATER", versions=range(1, 3), dtypes=ORDERED_ROWS)
@dataclass(frozen=True, eq=False, kw_only=True)
class Greater(Comparison):
    """The integer record."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 and C2, the sides by dtype, scales and rule."""
        return cls(shapes=shapes_of(node), relation=np.greater, sides=order_sides(node))
