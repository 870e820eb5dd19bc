"""STABLEHLO_AND: bits that are set in both of two integers.

out = a & b, bit by bit; for BOOL a and b

C1  both inputs have the same shape

Quantization is not looked at: the integers' bits are taken, whatever they stand for.

Semantics: LiteRT `kernels/stablehlo_and.cc` and `stablehlo_elementwise.h`,
ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from refint8.ops._op import operator
from refint8.ops._plain_pairs import ROWS, PlainPairs


@operator("STABLEHLO_AND", versions=range(1, 2), dtypes=ROWS)
@dataclass(frozen=True, eq=False, kw_only=True)
class StablehloAnd(PlainPairs):
    """The integer record."""

    function = np.bitwise_and
    kernel = "and"
