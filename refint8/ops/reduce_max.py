"""REDUCE_MAX: the largest value over some axes, raw.

out = maximum of x over the axes; the dtype's lowest value where there is none

C1  axes lie within the input's rank
C2  8 and 16 bits: input and output have one scale and zero point
C3  int16 has zero point 0

Semantics: LiteRT `kernels/reduce.cc`, ai-edge-litert 2.3.0; TFLM `kernels/reduce_common.cc` (OPS,
row REDUCE_MAX).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from refint8.ops._op import operator
from refint8.ops._reduce_extremum import ROWS, Extremum


@operator("REDUCE_MAX", versions=range(1, 4), dtypes=ROWS, values=(1,))
@dataclass(frozen=True, eq=False, kw_only=True)
class ReduceMax(Extremum):
    """The integer record."""

    largest: ClassVar[bool] = True
