"""RANK: how many axes a tensor has.

out = the rank of in, a scalar. The values of the input do not matter.

Semantics: LiteRT `kernels/rank.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._copy_kernel import View, copy
from refint8.ops._dtypes import ANY, rows
from refint8.ops._op import Array, Node, Record, operator


@operator("RANK", versions=range(1, 2), dtypes=rows("{T}->INT32", ANY))
@dataclass(frozen=True, eq=False, kw_only=True)
class Rank(Record):
    """The integer record. `rank` is the whole answer."""

    rank: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """The rank."""
        return cls(shapes=((),), rank=len(node.input(0).shape))

    def spec(self, _x: Array | None) -> Array:
        """x of any shape to a scalar; only the record is read."""
        return np.array(self.rank, np.int32)

    def known_outputs(self) -> tuple[Array, ...]:
        """The rank, known before any value is."""
        return (self.spec(None),)

    def lower(self, site: Site) -> None:
        """A copy of the answer."""
        copy(site, View.constant(site, self.spec(None)), View.of(site.output))
