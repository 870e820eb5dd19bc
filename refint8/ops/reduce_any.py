"""REDUCE_ANY: whether any value over some axes is true.

out = or of x over the axes; false where there is no value

C1  axes lie within the input's rank

Semantics: LiteRT `kernels/reduce.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._op import Array, Node, Record, operator
from refint8.ops._reduce import Reduction
from refint8.ops._reduction_kernel import lower_reduction


@operator("REDUCE_ANY", versions=range(1, 2), dtypes=("BOOL,INT32->BOOL",), values=(1,))
@dataclass(frozen=True, eq=False, kw_only=True)
class ReduceAny(Record):
    """The integer record: nothing but the axes."""

    reduction: Reduction

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1."""
        reduction = Reduction.of(node, "C1")
        return cls(shapes=(reduction.shape,), reduction=reduction)

    def spec(self, x: Array, _axes: Array | None = None) -> Array:
        """x of any shape to the reduced shape."""
        return self.reduction(np.logical_or, x)

    def lower(self, site: Site) -> None:
        """Vectors or runs."""
        lower_reduction(site, self.reduction, "max")
