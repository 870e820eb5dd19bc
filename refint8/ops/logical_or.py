"""LOGICAL_OR: whether one of x1 and x2 is true.

out = x1 or x2

C1  the shapes broadcast

Semantics: LiteRT `kernels/logical.cc`, ai-edge-litert 2.3.0; TFLM `micro/kernels/logical.cc`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._dtypes import rows
from refint8.ops._integer_pairs_kernel import lower_integer_pairs
from refint8.ops._integers import IntegerPair
from refint8.ops._op import Array, operator


@operator(
    "LOGICAL_OR",
    versions=range(1, 2),
    dtypes=rows("{T},{T}->{T}", ("BOOL",)),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class LogicalOr(IntegerPair):
    """The integer record: nothing but the shape."""

    def spec(self, x1: Array, x2: Array) -> Array:
        """Arrays that broadcast to a bool for each pair."""
        return np.asarray(np.logical_or(x1, x2))

    def lower(self, site: Site) -> None:
        """A plain loop."""
        lower_integer_pairs(site, "or")
