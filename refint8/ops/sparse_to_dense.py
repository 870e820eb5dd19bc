"""SPARSE_TO_DENSE: values put at given places of a tensor that holds a default elsewhere.

out[positions[k, :]] = values[k], or the one value for all k; default elsewhere. Where two positions
are the same the later value stays. One index per row may also be given as a vector of indices, or
as a scalar.

C1  positions have a rank of at most 2, values of at most 1, the shape is a vector, the default one
    element
C2  there is one value, or one for each position
C3  a position has as many indices as the shape has axes, 1 to 4, and no wanted size is negative

Values are moved as they are, and quantization is not looked at. A position outside the shape, also
a negative one, is known only when the operator runs: DomainError.

Semantics: LiteRT `kernels/sparse_to_dense.cc` and `reference/reference_ops.h`, ai-edge-litert
2.3.0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._copy_kernel import View, fill
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._positions import Slots
from refint8.ops._scatter_kernel import lower_scatter, places_of_slots

DTYPES: Final = ("INT8", "UINT8", "INT32", "INT64", "FLOAT32")


@operator(
    "SPARSE_TO_DENSE",
    versions=range(1, 4),
    dtypes=rows("INT32|INT64,INT32|INT64,{T},{T}->{T}", DTYPES),
    values=(1,),
    dtype_of=2,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class SparseToDense(Record):
    """The integer record: the elements of the output, each a slot of its own."""

    slots: Slots

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, the shape."""
        positions, wanted, values, default = (node.input(position).shape for position in range(4))
        check(
            len(positions) <= 2
            and len(wanted) == 1
            and len(values) <= 1
            and math.prod(default) == 1,
            "C1",
            f"positions {positions}, shape {wanted}, values {values}, default {default}",
        )
        count = math.prod(positions[:1])
        check(values in ((), (count,)), "C2", f"values {values} for {count} positions")
        shape = node.input(1).integers()
        depth = positions[1] if len(positions) == 2 else 1
        check(
            depth == len(shape) and 1 <= len(shape) <= 4 and all(size >= 0 for size in shape),
            "C3",
            f"positions of {depth} indices in {shape}",
        )
        return cls(shapes=(shape,), slots=Slots(shape, 1))

    def spec(self, positions: Array, _shape: Array, values: Array, default: Array) -> Array:
        """Positions [k, rank], values [k] or a scalar, to the wanted shape."""
        chosen = self.slots.flat(positions.reshape(-1, len(self.slots.shape)))
        out = np.full(self.slots.count, default.reshape(()), default.dtype)
        out[chosen] = values
        return out.reshape(self.shapes[0])

    def lower(self, site: Site) -> None:
        """The default everywhere, then one value after the other."""
        item = site.output.dtype.itemsize
        places = places_of_slots(site, 0, self.slots, item)
        default = site.input(3)
        value = View.of(site.read(3), ()) if default.data is None else default.data
        fill(site, View.of(site.output), value)
        values = site.read(2)
        lower_scatter(site, "put", View.of(values), places, 1, item if values.shape else 0)
