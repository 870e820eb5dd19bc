"""RIGHT_SHIFT: x1 shifted right by x2 bits, raw.

out = floor(x1 / 2^n) with n = x2 clamped to 0..bits - 1

Scales are not looked at.

C1  the shapes broadcast

Semantics: LiteRT `kernels/right_shift.cc`, ai-edge-litert 2.3.0 (CORRECTIONS item 26).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from refint8.native.integer_pairs import shift_pairs
from refint8.native.lowering import Site
from refint8.ops._broadcast_kernel import broadcast_runs
from refint8.ops._dtypes import rows
from refint8.ops._integers import EVERY_WIDTH, IntegerPair
from refint8.ops._op import Array, operator


@operator(
    "RIGHT_SHIFT",
    versions=range(1, 2),
    dtypes=rows("{T},{T}->{T}", EVERY_WIDTH),
    dtype_of=0,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class RightShift(IntegerPair):
    """The integer record: nothing but the shape."""

    def spec(self, x1: Array, x2: Array) -> Array:
        """Arrays that broadcast to the shifted value."""
        bits = 8 * x1.dtype.itemsize
        return np.asarray(np.right_shift(x1, np.clip(x2, 0, bits - 1)))

    def lower(self, site: Site) -> None:
        """A plain loop."""
        dtype = site.output.dtype
        for runs in broadcast_runs(site):
            kernel = shift_pairs(dtype.name.upper(), runs.scalar)
            site.call(kernel, *runs.words, 8 * dtype.itemsize - 1)
