"""LOGICAL_NOT: whether x is false.

out = not x

Semantics: LiteRT `kernels/elementwise.cc`, ai-edge-litert 2.3.0; TFLM
`micro/kernels/elementwise.cc`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lookup import flip_bytes
from refint8.native.lowering import Site
from refint8.ops._op import Array, Node, Record, operator


@operator("LOGICAL_NOT", versions=range(1, 2), dtypes=("BOOL->BOOL",))
@dataclass(frozen=True, eq=False, kw_only=True)
class LogicalNot(Record):
    """The integer record: nothing but the shape."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """No condition."""
        return cls(shapes=(node.input(0).shape,))

    def spec(self, x: Array) -> Array:
        """Any shape, elementwise."""
        return np.asarray(np.logical_not(x))

    def lower(self, site: Site) -> None:
        """Every byte's lowest bit flipped."""
        x = site.read(0)
        site.call(flip_bytes(), x.offset, site.output.offset, x.size, 1)
