"""MINIMUM: the smaller of two values, raw, with broadcasting.

out = minimum(x1, x2)

Scales and zero points are not looked at: the smaller of the two integers, whatever they stand for.

C1  the shapes broadcast

Semantics: LiteRT `kernels/maximum_minimum.cc`, ai-edge-litert 2.3.0 (OPS, row MINIMUM).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.native.raw_pairs import raw_pairs
from refint8.ops._broadcast_kernel import broadcast_runs
from refint8.ops._dtypes import rows
from refint8.ops._elementwise import broadcast_shape
from refint8.ops._op import Array, Node, Record, operator


@operator(
    "MINIMUM",
    versions=range(1, 5),
    dtypes=rows("{T},{T}->{T}", ("UINT8", "INT8", "INT16", "INT32", "INT64")),
    dtype_of=0,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Minimum(Record):
    """The integer record: nothing but the shape."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1."""
        return cls(shapes=(broadcast_shape(node.input(0), node.input(1), "C1"),))

    def spec(self, x1: Array, x2: Array) -> Array:
        """Arrays that broadcast, of one dtype, to the smaller of each pair."""
        out: Array = np.minimum(x1, x2)
        return out

    def lower(self, site: Site) -> None:
        """A plain loop."""
        dtype = site.output.dtype.name.upper()
        for runs in broadcast_runs(site):
            site.call(raw_pairs("min", dtype, runs.scalar), *runs.words)
