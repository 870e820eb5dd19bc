"""Functions that engines tabulate in float32 for 8 and 16 bits: EXP, LOG, GELU, ELU, RSQRT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.numerics.fixedpoint import Ints
from refint8.numerics.tables import TableFunction, lut16_lookup, lut16_table
from refint8.ops._op import Array, Node


@dataclass(frozen=True, eq=False)
class Table16:
    """513 entries over the whole int16 range, interpolated."""

    table: Ints

    @classmethod
    def of(cls, node: Node, function: TableFunction) -> Self:
        """The function's table between the scales of input and output."""
        x, out = node.input(0), node.output
        return cls(
            lut16_table(function, x.scale, x.zero_point, out.scale, out.zero_point, "float32")
        )

    def __call__(self, x: Array) -> Array:
        """Look up, interpolate."""
        return lut16_lookup(x, self.table).astype(np.int16)
