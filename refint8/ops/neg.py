"""NEG: the negated value, raw.

out = -x modulo 2^bits

Scales and zero points are not looked at: the lowest value stays what it is, and a zero point
other than 0 is not turned around.

Semantics: LiteRT `kernels/neg.cc`, ai-edge-litert 2.3.0 (OPS, row NEG).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.native.raw_unary import raw_unary
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, operator


@operator(
    "NEG",
    versions=range(1, 2),
    dtypes=rows("{T}->{T}", ("INT8", "INT16", "INT32", "INT64")),
    dtype_of=0,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Neg(Record):
    """The integer record: nothing but the shape."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """No condition."""
        return cls(shapes=(node.input(0).shape,))

    def spec(self, x: Array) -> Array:
        """Any shape, elementwise."""
        return np.asarray(np.negative(x))

    def lower(self, site: Site) -> None:
        """A plain loop."""
        x = site.read(0)
        site.call(raw_unary("negative", x.dtype.name.upper()), x.offset, site.output.offset, x.size)
