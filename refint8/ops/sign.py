"""SIGN: -1, 0 or 1.

out = 1 where x > 0, -1 where x < 0, 0 where x = 0

Semantics: LiteRT `kernels/sign.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.native.raw_unary import raw_unary
from refint8.ops._op import Array, Node, Record, operator


@operator("SIGN", versions=range(1, 3), dtypes=("INT32->INT32",))
@dataclass(frozen=True, eq=False, kw_only=True)
class Sign(Record):
    """The integer record: nothing but the shape."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """No condition."""
        return cls(shapes=(node.input(0).shape,))

    def spec(self, x: Array) -> Array:
        """Any shape, elementwise."""
        return np.asarray(np.sign(x))

    def lower(self, site: Site) -> None:
        """A plain loop."""
        x = site.read(0)
        site.call(raw_unary("sign", x.dtype.name.upper()), x.offset, site.output.offset, x.size)
