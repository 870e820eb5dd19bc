"""FILL: a tensor of one value.

out[i_0, ..., i_n] = value, in the shape that the first input holds.

C1  the shape is a vector of sizes, not negative
C2  the value is a scalar
C3  value and output have the same scale and zero point, and int16 has zero point 0

Values are moved as they are: any dtype of 8, 16, 32 or 64 bits.

Semantics: LiteRT `kernels/fill.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._copy_kernel import View, fill
from refint8.ops._dtypes import WHOLE_BYTES, rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._parameters import check_same_parameters


@operator(
    "FILL",
    versions=range(1, 6),
    dtypes=rows("INT32|INT64,{T}->{T}", WHOLE_BYTES),
    values=(0,),
    dtype_of=1,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Fill(Record):
    """The integer record: nothing but the shape."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, the shape."""
        sizes, value = node.input(0).integers(), node.input(1)
        check(
            len(node.input(0).shape) == 1 and all(size >= 0 for size in sizes),
            "C1",
            f"{sizes} is no shape",
        )
        check(value.shape == (), "C2", f"the value has shape {value.shape}")
        check_same_parameters([value], node.output, "C3")
        check(
            value.dtype != "INT16" or value.zero_point == 0,
            "C3",
            f"int16 with zero point {value.zero_point} is not symmetric",
        )
        return cls(shapes=(sizes,))

    def spec(self, _shape: Array, value: Array) -> Array:
        """A scalar to the whole shape."""
        return np.full(self.shapes[0], value, value.dtype)

    def lower(self, site: Site) -> None:
        """One fill."""
        value = site.input(1).data
        fill(site, View.of(site.output), View.of(site.read(1)) if value is None else value)
