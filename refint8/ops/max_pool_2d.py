"""MAX_POOL_2D: the largest of the window's values, channel by channel.

out[n,y,x,c] = clamp(max over the part of the window that lies inside the image, low, high)

Raw values are compared: scales and zero points play no part but in the clamp of a fused
activation, and nothing is rescaled even if input and output declare different ones.

C1  the input has rank 4

Semantics: LiteRT `kernels/pooling.cc`, `reference/integer_ops/pooling.h`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from refint8.model.types import NUMPY_DTYPE
from refint8.native.lowering import Site
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.fixedpoint import as_int64, clamp
from refint8.numerics.recording import note
from refint8.ops._fused_clamp import fused_clamp
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._pool_kernel import lower_pool
from refint8.ops._window import Window


@operator(
    "MAX_POOL_2D",
    versions=range(1, 4),
    dtypes=("UINT8->UINT8", "INT8->INT8", "INT16->INT16"),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class MaxPool2D(Record):
    """The integer record."""

    window: Window
    clamp: tuple[int, int]
    dtype: str

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1, window, clamp."""
        x = node.input(0)
        check(len(x.shape) == 4, "C1", f"input {x.shape} must have rank 4")
        window = Window.of_pool(node.options, (x.shape[1], x.shape[2]))
        return cls(
            shapes=(window.output_shape(x.shape[0], x.shape[3]),),
            window=window,
            clamp=fused_clamp(node),
            dtype=node.output.dtype,
        )

    def spec(self, x: Array) -> Array:
        """x [n, h, w, c] to [n, out_h, out_w, c]."""
        smallest = DTYPE_RANGE[self.dtype][0]
        largest = as_int64(self.window.patches(x, fill=smallest).max(axis=(3, 4)))
        note("largest", "of the values in the window", largest)
        return clamp(largest, *self.clamp).astype(NUMPY_DTYPE[self.dtype])

    def lower(self, site: Site) -> None:
        """One pass over the windows (a large window in two)."""
        lower_pool(site, "largest", site.read(0), self.window, self.clamp, self.dtype)
