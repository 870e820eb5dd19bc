"""SCATTER_ND: slices added to a tensor of zeros at places given by vectors of indices.

out[j_0, ..., j_{d-1}, i..] = sum over all k.. with positions[k.., :] = (j_0, ..., j_{d-1}) of
updates[k.., i..], where d is the size of the last axis of positions, in the dtype's low bits, in
the order of the updates (which FLOAT32 feels); BOOL takes their disjunction.

C1  positions and updates have a rank of at least 1, the shape is a vector
C2  updates have the leading axes of positions, then the wanted shape's axes behind the first d
C3  no wanted size is negative

Quantization is not looked at, 0 is the integer. A position outside the shape, also a negative one,
is known only when the operator runs: DomainError.

Semantics: LiteRT `kernels/scatter_nd.cc` and `reference/reference_ops.h`, ai-edge-litert 2.3.0.
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

DTYPES: Final = ("INT8", "UINT8", "INT32", "INT64", "BOOL", "FLOAT32")


@operator(
    "SCATTER_ND",
    versions=range(1, 2),
    dtypes=rows("INT32,{T},INT32->{T}", DTYPES),
    values=(2,),
    dtype_of=1,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class ScatterND(Record):
    """The integer record. The output is seen as [slots, elements of a slice]."""

    slots: Slots

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, slots and shape."""
        positions, updates, wanted = (node.input(position).shape for position in range(3))
        check(
            positions and updates and len(wanted) == 1,
            "C1",
            f"positions {positions}, updates {updates}, shape {wanted}",
        )
        shape, depth = node.input(2).integers(), positions[-1]
        check(
            updates == (*positions[:-1], *shape[depth:]) and depth <= len(shape),
            "C2",
            f"updates {updates} do not belong to positions {positions} in {shape}",
        )
        check(all(size >= 0 for size in shape), "C3", f"{shape} is no shape")
        return cls(shapes=(shape,), slots=Slots(shape[:depth], math.prod(shape[depth:])))

    def spec(self, positions: Array, updates: Array, _shape: Array) -> Array:
        """Positions [..., d], updates [..., the axes of a slice] to the wanted shape."""
        out = np.zeros((self.slots.count, self.slots.size), updates.dtype)
        chosen = self.slots.flat(positions)
        np.add.at(out, chosen, updates.reshape(len(chosen), self.slots.size))
        return out.reshape(self.shapes[0])

    def lower(self, site: Site) -> None:
        """Zeros, then one slice after the other; FLOAT32 is added up as the spec does."""
        item = site.output.dtype.itemsize
        places = places_of_slots(site, 0, self.slots, item)
        fill(site, View.of(site.output), np.zeros(1, site.output.dtype))
        updates, size = View.of(site.read(1)), self.slots.size
        lower_scatter(site, "add", updates, places, size, size * item)
