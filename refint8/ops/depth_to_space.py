"""DEPTH_TO_SPACE: channels become squares of pixels, the inverse of SPACE_TO_DEPTH.

out[n, y * b + i, x * b + j, c] = in[n, y, x, (i * b + j) * channels + c] with 0 <= i, j < b, the
option `block_size`, and `channels` those of the output.

C1  the input has rank 4
C2  block_size is at least 1, and its square divides the channels

Values are moved as they are, and quantization is not looked at.

Semantics: LiteRT `kernels/depth_to_space.cc` and `reference/depth_to_space.h`, ai-edge-litert
2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from refint8.native.lowering import Site
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._rearrange import Rearrangement

DTYPES: Final = ("INT8", "UINT8", "INT32", "INT64", "FLOAT32")


@operator("DEPTH_TO_SPACE", versions=range(1, 3), dtypes=rows("{T}->{T}", DTYPES))
@dataclass(frozen=True, eq=False, kw_only=True)
class DepthToSpace(Record):
    """The integer record."""

    rearrangement: Rearrangement

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1, C2, shape."""
        shape, block = node.input(0).shape, int(node.options["block_size"])
        check(len(shape) == 4, "C1", f"the input has rank {len(shape)}, not 4")
        n, y, x, depth = shape
        check(
            block >= 1 and depth % (block * block) == 0,
            "C2",
            f"blocks of {block} x {block} do not divide {depth} channels",
        )
        channels = depth // (block * block)
        out = (n, y * block, x * block, channels)
        divided = (n, y, x, block, block, channels)
        return cls(shapes=(out,), rearrangement=Rearrangement(divided, (0, 1, 3, 2, 4, 5), out))

    def spec(self, x: Array) -> Array:
        """[n, height, width, channels * b * b] to [n, height * b, width * b, channels]."""
        return self.rearrangement(x)

    def lower(self, site: Site) -> None:
        """One copy."""
        self.rearrangement.lower(site)
