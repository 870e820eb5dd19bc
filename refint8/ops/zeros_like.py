"""ZEROS_LIKE: a tensor of zeros.

out[i_0, ..., i_n] = 0, in the shape and dtype of the input.

The integer 0, also where the output has a zero point.

Semantics: LiteRT `kernels/zeros_like.cc`, ai-edge-litert 2.3.0; INT8: TFLM `kernels/zeros_like.cc`,
tflite-micro 0.dev20261023.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.model.types import NUMPY_DTYPE
from refint8.native.lowering import Site
from refint8.ops._copy_kernel import View, fill
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, operator


@operator(
    "ZEROS_LIKE",
    versions=range(1, 2),
    dtypes=rows("{T}->{T}", ("INT8", "INT32", "INT64", "FLOAT32")),
    dtype_of=0,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class ZerosLike(Record):
    """The integer record."""

    dtype: str

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """The shape."""
        return cls(shapes=(node.input(0).shape,), dtype=node.input(0).dtype)

    def spec(self, _x: Array | None) -> Array:
        """x of any shape; only the record is read."""
        return np.zeros(self.shapes[0], NUMPY_DTYPE[self.dtype])

    def known_outputs(self) -> tuple[Array, ...]:
        """The zeros, known before any value is."""
        return (self.spec(None),)

    def lower(self, site: Site) -> None:
        """One fill."""
        fill(site, View.of(site.output), np.zeros(1, site.output.dtype))
