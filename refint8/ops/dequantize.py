"""DEQUANTIZE: steps to real values.

out = float32(double(s_in[c]) * (x - zp_in[c]))        c the channel where scales are per channel

The product is exact in double, so the result is the real value rounded once to **float32**.
float16 is widened, which is exact.

Under the rule dequantize=vectors, with one scale, in **float32** for whole vectors of 8 elements:
out = f32(f32(s_in * x) + f32(-zp_in * s_in))

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
from refint8.numerics.lanes import in_whole_vectors
from refint8.numerics.recording import note, taken
from refint8.ops._elementwise import check_symmetric, per_channel
from refint8.ops._float_kernel import lower_to_float
from refint8.ops._lookup_kernel import lower_lookup, lower_lookup_in_vectors
from refint8.ops._op import Array, Node, Record, operator

NARROW = ("INT2", "INT4", "UINT4", "INT8", "UINT8")
VECTOR = 8


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
    in_vectors: bool = False

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 and C2."""
        x = node.input(0)
        if x.dtype == "FLOAT16":
            return cls(shapes=(x.shape,), scale=None, zero_point=0)
        check_symmetric((x,), "C1")
        scale, zero_point = per_channel(x, x.shape, NARROW, "C2")
        in_vectors = node.rules.dequantize == "vectors" and not x.per_channel
        return cls(shapes=(x.shape,), scale=scale, zero_point=zero_point, in_vectors=in_vectors)

    def spec(self, x: Array) -> Array:
        """Any shape, elementwise."""
        if self.scale is None:
            return x.astype(np.float32)
        if not self.in_vectors:
            return self._rounded_once(x)
        whole = in_whole_vectors(x.size, VECTOR).reshape(x.shape)
        with taken(whole):
            twice = self._rounded_twice(x)
        with taken(~whole):
            once = self._rounded_once(x)
        return np.where(whole, twice, once)

    def _rounded_once(self, x: Array) -> Array:
        assert self.scale is not None
        difference = (as_int64(x) - self.zero_point).astype(np.float64)
        note("x - zero point", "x - zp", difference, x=x, zp=self.zero_point)
        with np.errstate(over="ignore", invalid="ignore"):
            real: Array = (self.scale.astype(np.float64) * difference).astype(np.float32)
        return note("real number", "f32(double(scale) * x)", real, x=difference, scale=self.scale)

    def _rounded_twice(self, x: Array) -> Array:
        """f32(f32(s_in * x) + f32(-zp_in * s_in))."""
        assert self.scale is not None
        scale = np.float32(self.scale)
        with np.errstate(over="ignore", invalid="ignore"):
            offset = np.float32(np.float64(scale) * np.float64(-self.zero_point))
            product = x.astype(np.float32) * scale
            moved: Array = product + offset
        note("product", "f32(x * scale)", product, x=x, scale=scale)
        return note("real number", "f32(product + offset)", moved, product=product, offset=offset)

    def lower(self, site: Site) -> None:
        """A product in double; float16 by a table."""
        x = site.input(0)
        if self.scale is None:
            lower_lookup(site, 0, self.spec)
        elif self.in_vectors:
            lower_lookup_in_vectors(site, self._rounded_twice, self._rounded_once, VECTOR)
        else:
            lower_to_float(site, self.scale, self.zero_point, x.dtype.name.upper())
