"""EXPAND_DIMS: insert an axis of size 1.

out = in, reshaped. The new axis gets the position `axis` in the output; negative ones count from
the output's end, so -1 appends.

C1  the axis is one number in [-rank - 1, rank]
C2  input and output have the same scale and zero point, and int16 has zero point 0

Bytes are moved as they are, whatever the dtype.

Semantics: LiteRT `kernels/expand_dims.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from refint8.native.lowering import Site
from refint8.ops._axes import read_axis
from refint8.ops._copy_kernel import copy_tensor
from refint8.ops._dtypes import ANY, rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._parameters import check_same_parameters


@operator(
    "EXPAND_DIMS",
    versions=range(1, 2),
    dtypes=rows("{T},INT32|INT64->{T}", ANY),
    values=(1,),
    dtype_of=0,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class ExpandDims(Record):
    """The integer record: nothing but the output's shape."""

    same_bytes = True

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1, C2, the shape."""
        x = node.input(0)
        axis = read_axis(node.input(1), len(x.shape) + 1, "C1")
        check_same_parameters([x], node.output, "C2")
        check(
            x.dtype != "INT16" or x.zero_point == 0,
            "C2",
            f"int16 with zero point {x.zero_point} is not symmetric",
        )
        return cls(shapes=((*x.shape[:axis], 1, *x.shape[axis:]),))

    def spec(self, x: Array, _axis: Array) -> Array:
        """x of any shape to the same elements with one more axis."""
        return x.reshape(self.shapes[0]).copy()

    def lower(self, site: Site) -> None:
        """One copy, where the output has memory of its own."""
        copy_tensor(site, 0)
