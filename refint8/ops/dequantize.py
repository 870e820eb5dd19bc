"""DEQUANTIZE: steps to real values.

out = float32(double(s_in[c]) * (x - zp_in[c]))        c the channel where scales are per channel

The product is exact in double, so the result is the real value rounded once to **float32**.
float16 is widened, which is exact.

C1  int16 has zero point 0
C2  per channel: a 2-, 4- or 8-bit input, one scale for each position of its quantized dimension

Semantics: LiteRT `kernels/dequantize.h`, `reference/dequantize.h`, ai-edge-litert 2.3.0
(CORRECTIONS item 17: the float32 product of its per-channel form rounds alike).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from refint8.native.lowering import Site
from refint8.numerics.fixedpoint import Ints, as_int64
from refint8.ops._elementwise import check_symmetric, per_channel
from refint8.ops._float_kernel import lower_to_float
from refint8.ops._lookup_kernel import lower_lookup
from refint8.ops._op import Array, Node, Record, operator

NARROW = ("INT2", "INT4", "UINT4", "INT8", "UINT8")


@operator(
    "DEQUANTIZE",
    versions=range(1, 10),
    dtypes=("INT2|INT4|UINT4|INT8|UINT8|INT16->FLOAT32", "FLOAT16->FLOAT32"),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Dequantize(Record):
    """The record; `scale` is None for float16. Both may be arrays that broadcast."""

    scale: NDArray[Any] | None
    zero_point: int | Ints

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 and C2."""
        x = node.input(0)
        if x.dtype == "FLOAT16":
            return cls(shapes=(x.shape,), scale=None, zero_point=0)
        check_symmetric((x,), "C1")
        scale, zero_point = per_channel(x, x.shape, NARROW, "C2")
        return cls(shapes=(x.shape,), scale=scale, zero_point=zero_point)

    def spec(self, x: Array) -> Array:
        """Any shape, elementwise."""
        if self.scale is None:
            return x.astype(np.float32)
        difference = (as_int64(x) - self.zero_point).astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            return (self.scale.astype(np.float64) * difference).astype(np.float32)

    def lower(self, site: Site) -> None:
        """A product in double; float16 by a table."""
        x = site.input(0)
        if self.scale is None:
            lower_lookup(site, 0, self.spec)
        else:
            lower_to_float(site, self.scale, self.zero_point, x.dtype.name.upper())
