"""CAST: the same number in another dtype, whatever scales say.

integer to integer      the low bits, as a C cast: 300 to int8 is 44, -1 to uint16 is 65535
bool to a number        0 or 1;  a number to bool: x != 0 (NaN is true)
integer to float32      rounded to nearest even (exact below 2^24)
float32 to integer      truncated toward zero, saturated to the dtype; NaN by rule `cast_nan`
4 or 2 bits             to float32 only

This edge consumes and produces floats; nothing is computed with them.

Semantics: LiteRT `kernels/cast.cc`, ai-edge-litert 2.3.0 and tflite-micro 0.dev20261023, both of
which saturate; a C cast of an out-of-range float is undefined.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.model.types import NUMPY_DTYPE
from refint8.native.float_edges import cast
from refint8.native.lowering import Site
from refint8.ops._op import Array, Node, Record, operator

NUMBERS = "BOOL|INT8|UINT8|INT16|UINT16|INT32|UINT32|INT64|FLOAT32"


@operator(
    "CAST",
    versions=range(1, 10),
    dtypes=(f"{NUMBERS}->{NUMBERS}", "INT2|INT4|UINT4->FLOAT32"),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Cast(Record):
    """The record. `nan`: what a NaN becomes in an integer dtype."""

    dtype: str
    nan: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """No conditions; the dtypes are those of the tensors, options are not read."""
        target = NUMPY_DTYPE[node.output.dtype]
        highest = target.kind in "iu" and node.rules.cast_nan == "highest"
        return cls(
            shapes=(node.input(0).shape,),
            dtype=node.output.dtype,
            nan=int(np.iinfo(target).max) if highest else 0,
        )

    def spec(self, x: Array) -> Array:
        """Any shape, elementwise."""
        target = NUMPY_DTYPE[self.dtype]
        if x.dtype.kind != "f" or target.kind not in "iu":
            with np.errstate(invalid="ignore"):  # a signalling NaN
                return x.astype(target)
        limits = np.iinfo(target)
        with np.errstate(invalid="ignore"):
            whole = np.trunc(x.astype(np.float64))
        # The highest values of 64 bits are no doubles: compare, do not clip.
        inside = (whole >= limits.min) & (whole < float(limits.max) + 1)
        saturated = np.where(whole < 0, limits.min, limits.max).astype(target)
        outside = np.where(np.isnan(x), target.type(self.nan), saturated)
        return np.where(inside, np.where(inside, whole, 0).astype(target), outside)

    def lower(self, site: Site) -> None:
        """One kernel per pair of dtypes."""
        x = site.read(0)
        source = x.dtype.name.upper()
        kernel = cast(source, self.dtype)
        site.call(kernel, x.offset, site.output.offset, x.size, self.nan)
