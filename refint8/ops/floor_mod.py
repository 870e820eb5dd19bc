"""FLOOR_MOD: what x1 / x2 rounded down leaves, raw.

out = x1 - x2 * floor(x1 / x2), of the sign of x2

A divisor of 0 is a DomainError, the engine refuses to run. Scales are not looked at.

C1  the shapes broadcast

Semantics: LiteRT `kernels/floor_mod.cc`, `reference/floor_mod.h`, ai-edge-litert 2.3.0 (OPS,
row FLOOR_MOD).
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
    "FLOOR_MOD",
    versions=range(1, 3),
    dtypes=rows("{T},{T}->{T}", ("INT8", "INT16", "INT32", "INT64")),
    dtype_of=0,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class FloorMod(IntegerPair):
    """The integer record: nothing but the shape."""

    def spec(self, x1: Array, x2: Array) -> Array:
        """Arrays that broadcast to the remainder."""
        check_divisor(x2)
        # Divided by -1 nothing remains, and the lowest value cannot be divided by it.
        return np.asarray(np.mod(x1, np.where(x2 == -1, x2.dtype.type(1), x2)))

    def lower(self, site: Site) -> None:
        """A plain loop, once no divisor is 0."""
        lower_divisor_check(site, 0)
        lower_integer_pairs(site, "floor_remainder")
