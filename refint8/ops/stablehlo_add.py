"""STABLEHLO_ADD: the sum of two integers.

out = low bits of (a + b); for BOOL a or b

C1  both inputs have the same shape

Quantization is not looked at: the integers are added, whatever they stand for.

Semantics: LiteRT `kernels/stablehlo_add.cc` and `stablehlo_elementwise.h`,
ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from refint8.ops._op import operator
from refint8.ops._plain_pairs import ROWS, PlainPairs


@operator("STABLEHLO_ADD", versions=range(1, 2), dtypes=ROWS)
@dataclass(frozen=True, eq=False, kw_only=True)
class StablehloAdd(PlainPairs):
    """The integer record."""

    function = np.add
    kernel = "add"
