"""STABLEHLO_SHIFT_LEFT: an integer times a power of two.

out = low bits of (a * 2^b)

C1  both inputs have the same shape

A count b outside 0..31 is not defined in the engine (it shifts an int32, whatever the dtype), and
known only when the operator runs: DomainError. Quantization is not looked at.

Semantics: LiteRT `kernels/stablehlo_shift_left.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.errors import DomainError
from refint8.native.lowering import Site
from refint8.native.plain_pairs import counts_inside
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._plain_pairs import lower_pairs


@operator(
    "STABLEHLO_SHIFT_LEFT",
    versions=range(1, 2),
    dtypes=rows("{T},{T}->{T}", ("INT8", "INT16", "INT32")),
    dtype_of=0,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class StablehloShiftLeft(Record):
    """The integer record: nothing but the shape."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1."""
        a, b = node.input(0).shape, node.input(1).shape
        check(a == b, "C1", f"shapes {a} and {b} differ")
        return cls(shapes=(a,))

    def spec(self, a: Array, b: Array) -> Array:
        """Arrays of one shape and dtype."""
        outside = (b < 0) | (b > 31)
        if outside.any():
            raise DomainError(
                f"a shift by {int(b[outside][0])} ({int(outside.sum())} such counts)",
                hint="the engine's result is not defined here",
            )
        return (a.astype(np.int64) << b.astype(np.int64)).astype(a.dtype)

    def lower(self, site: Site) -> None:
        """A look at the counts, then a plain loop."""
        counts = site.read(1)
        kernel = counts_inside(counts.dtype.name.upper())
        site.call(kernel, counts.offset, counts.size, site.alarm)
        lower_pairs(site, "shift_left")
