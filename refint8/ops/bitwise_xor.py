"""BITWISE_XOR: the bits in which x1 and x2 differ.

out = x1 xor x2

Scales are not looked at.

C1  the shapes broadcast

Semantics: LiteRT `kernels/bitwise_xor.cc`, ai-edge-litert 2.3.0 (OPS, row BITWISE_XOR).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._dtypes import rows
from refint8.ops._integer_pairs_kernel import lower_integer_pairs
from refint8.ops._integers import EVERY_WIDTH, IntegerPair
from refint8.ops._op import Array, operator


@operator(
    "BITWISE_XOR",
    versions=range(1, 2),
    dtypes=rows("{T},{T}->{T}", EVERY_WIDTH),
    dtype_of=0,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class BitwiseXor(IntegerPair):
    """The integer record: nothing but the shape."""

    def spec(self, x1: Array, x2: Array) -> Array:
        """Arrays that broadcast to their difference."""
        return np.asarray(np.bitwise_xor(x1, x2))

    def lower(self, site: Site) -> None:
        """A plain loop."""
        lower_integer_pairs(site, "xor")
