"""REDUCE_MAX and REDUCE_MIN: the largest or smallest raw value over some axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from refint8.model.types import NUMPY_DTYPE
from refint8.native.lowering import Site
from refint8.ops._dtypes import rows
from refint8.ops._elementwise import check_symmetric
from refint8.ops._op import Array, Node, Record
from refint8.ops._parameters import check_same_parameters
from refint8.ops._reduce import Reduction
from refint8.ops._reduction_kernel import lower_reduction

ROWS = rows("{T},INT32->{T}", ("UINT8", "INT8", "INT16", "INT32", "INT64"))


@dataclass(frozen=True, eq=False, kw_only=True)
class Extremum(Record):
    """The integer record. An empty selection gives `start`."""

    largest: ClassVar[bool]

    reduction: Reduction
    start: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, axes."""
        x, out = node.input(0), node.output
        reduction = Reduction.of(node, "C1")
        limits = np.iinfo(NUMPY_DTYPE[x.dtype])
        if x.dtype not in ("INT32", "INT64"):
            check_same_parameters((out,), x, "C2")
            check_symmetric((x, out), "C3")
        return cls(
            shapes=(reduction.shape,),
            reduction=reduction,
            start=int(limits.min if cls.largest else limits.max),
        )

    def spec(self, x: Array, _axes: Array | None = None) -> Array:
        """x of any shape to the reduced shape."""
        if not x.size:
            return np.full(self.shapes[0], self.start, x.dtype)
        return self.reduction(np.maximum if self.largest else np.minimum, x)

    def lower(self, site: Site) -> None:
        """Vectors or runs."""
        lower_reduction(site, self.reduction, "max" if self.largest else "min")
