"""GATHER_ND: slices chosen by vectors of indices.

out[k.., i..] = in[j_0, ..., j_{d-1}, i..] with (j_0, ..., j_{d-1}) = positions[k.., :], d the size
of the last axis of positions.

C1  both inputs have a rank of at least 1
C2  d is not above the rank of the input
C3  the input has elements, or there is no index

Values are moved as they are, and quantization is not looked at. A position outside its axis, also
a negative one, is known only when the operator runs: DomainError. With d = 0 every slice is the
whole input; LiteRT 2.3 fails there when it is invoked.

Semantics: LiteRT `kernels/gather_nd.cc` and `reference/reference_ops.h`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Self

from refint8.native.lowering import Site
from refint8.native.strided import gather_runs
from refint8.ops._copy_kernel import View, walk
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._positions import Slots
from refint8.ops._scatter_kernel import places_of_slots

DTYPES: Final = ("INT8", "UINT8", "INT16", "INT32", "INT64", "BOOL", "FLOAT16", "FLOAT32")


@operator(
    "GATHER_ND",
    versions=range(1, 7),
    dtypes=rows("{T},INT16|INT32|INT64->{T}", DTYPES),
    dtype_of=0,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class GatherND(Record):
    """The integer record. The input is seen as [slots, elements of a slice]."""

    slots: Slots

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, slots and shape."""
        shape, positions = node.input(0).shape, node.input(1).shape
        check(shape and positions, "C1", f"positions {positions} into {shape}")
        check(
            positions[-1] <= len(shape),
            "C2",
            f"{positions[-1]} indices for a tensor of rank {len(shape)}",
        )
        elements = math.prod(shape)
        check(
            elements > 0 or math.prod(positions) == 0, "C3", f"positions {positions} into {shape}"
        )
        depth = positions[-1]
        slots = Slots(shape[:depth], math.prod(shape[depth:]))
        return cls(shapes=((*positions[:-1], *shape[depth:]),), slots=slots)

    def spec(self, x: Array, positions: Array) -> Array:
        """x of any shape, positions [..., d] to [..., the axes behind the first d]."""
        chosen = self.slots.flat(positions)
        slices = x.reshape(self.slots.count, self.slots.size)
        return slices[chosen].reshape(self.shapes[0])

    def lower(self, site: Site) -> None:
        """A copy per slice."""
        places = places_of_slots(site, 1, self.slots, site.output.dtype.itemsize)
        if not site.output.size:
            return
        run = self.slots.size * site.output.dtype.itemsize
        x, out = View.of(site.read(0)), View.of(site.output)
        words = [*walk(site, x, out, [], 2), run, places.at, int(places.relative), places.count]
        site.call(gather_runs(run), *words)
