"""FLOOR_DIV: x1 / x2 rounded down, raw.

out = floor(x1 / x2) modulo 2^bits: the lowest value by -1 stays what it is

A divisor of 0 is a DomainError, the engine refuses to run. Scales are not looked at.

C1  the shapes broadcast

Semantics: LiteRT `kernels/floor_div.cc`, ai-edge-litert 2.3.0 (OPS, row FLOOR_DIV).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._dtypes import rows
from refint8.ops._integer_pairs_kernel import lower_divisor_check, lower_integer_pairs
from refint8.ops._integers import IntegerPair, check_divisor
from refint8.ops._op import Array, operator


@operator(
    "FLOOR_DIV",
    versions=range(1, 4),
    dtypes=rows("{T},{T}->{T}", ("INT8", "INT16", "INT32")),
    dtype_of=0,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class FloorDiv(IntegerPair):
    """The integer record: nothing but the shape."""

    def spec(self, x1: Array, x2: Array) -> Array:
        """Arrays that broadcast to the quotient rounded down."""
        check_divisor(x2)
        return np.asarray((x1.astype(np.int64) // x2).astype(x1.dtype))

    def lower(self, site: Site) -> None:
        """A plain loop, once no divisor is 0."""
        lower_divisor_check(site, 0)
        lower_integer_pairs(site, "floor_quotient")
