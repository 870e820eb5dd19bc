"""ONE_HOT: a new axis on which one element stands out.

out[i.., k, j..] = on where k = in[i.., j..], else off, with 0 <= k < depth. The new axis gets the
position `axis` in the output, -1 stands for the last. An index outside 0..depth-1 gives off alone.

C1  the axis is -1 or in [0, rank]
C2  depth is one number, not negative
C3  on and off are one element each

Values are moved as they are, and quantization is not looked at. An INT64 index that does not fit
int32 is known only when the operator runs: DomainError (LiteRT drops its high bits).

Semantics: LiteRT `kernels/one_hot.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from refint8.errors import DomainError
from refint8.native.lowering import Site
from refint8.ops._copy_kernel import View, fill
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._scatter_kernel import mark

DTYPES: Final = ("INT8", "UINT8", "INT32", "INT64", "BOOL", "FLOAT32")
INT32 = np.iinfo(np.int32)


@operator(
    "ONE_HOT",
    versions=range(1, 2),
    dtypes=rows("INT32|INT64,INT32,{T},{T}->{T}", DTYPES),
    values=(1,),
    dtype_of=2,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class OneHot(Record):
    """The integer record: where the new axis stands."""

    axis: int
    depth: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, axis, depth and shape."""
        shape, axis = node.input(0).shape, int(node.options["axis"])
        check(-1 <= axis <= len(shape), "C1", f"axis {axis} is outside an output of {shape}")
        axis = len(shape) if axis == -1 else axis
        depths = node.input(1).integers()
        check(len(depths) == 1 and depths[0] >= 0, "C2", f"a depth of {depths}")
        values = [node.input(position).shape for position in (2, 3)]
        check(
            all(math.prod(value) == 1 for value in values),
            "C3",
            f"on and off of shapes {values} must be one element each",
        )
        depth = depths[0]
        return cls(shapes=((*shape[:axis], depth, *shape[axis:]),), axis=axis, depth=depth)

    def spec(self, indices: Array, _depth: Array, on: Array, off: Array) -> Array:
        """Indices of any shape to one axis more."""
        outside = (indices < INT32.min) | (indices > INT32.max)
        if outside.any():
            raise DomainError(
                f"index {int(indices[outside][0])} does not fit int32",
                hint="an engine drops its high bits here",
            )
        behind = (1,) * (indices.ndim - self.axis)
        numbers = np.arange(self.depth).reshape(-1, *behind)
        chosen = np.expand_dims(indices, self.axis) == numbers
        return np.where(chosen, on.reshape(()), off.reshape(()))

    def lower(self, site: Site) -> None:
        """Off everywhere, then on in as many places as there are indices."""
        off = site.input(3)
        value = View.of(site.read(3), ()) if off.data is None else off.data
        fill(site, View.of(site.output), value)
        mark(site, self.axis, self.depth)
