"""SPACE_TO_DEPTH: squares of pixels become channels.

out[n, y, x, (i * b + j) * channels + c] = in[n, y * b + i, x * b + j, c] with 0 <= i, j < b, the
option `block_size`.

C1  the input has rank 4
C2  block_size is at least 1 and divides height and width

Values are moved as they are, and quantization is not looked at.

Semantics: LiteRT `kernels/space_to_depth.cc` and `reference/space_to_depth.h`, ai-edge-litert
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


@operator("SPACE_TO_DEPTH", versions=range(1, 3), dtypes=rows("{T}->{T}", DTYPES))
@dataclass(frozen=True, eq=False, kw_only=True)
class SpaceToDepth(Record):
    """The integer record."""

    rearrangement: Rearrangement

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1, C2, shape."""
        shape, block = node.input(0).shape, int(node.options["block_size"])
        check(len(shape) == 4, "C1", f"the input has rank {len(shape)}, not 4")
        n, height, width, channels = shape
        check(
            block >= 1 and height % block == width % block == 0,
            "C2",
            f"blocks of {block} do not divide {height} x {width}",
        )
        y, x = height // block, width // block
        out = (n, y, x, channels * block * block)
        divided = (n, y, block, x, block, channels)
        return cls(shapes=(out,), rearrangement=Rearrangement(divided, (0, 1, 3, 2, 4, 5), out))

    def spec(self, x: Array) -> Array:
        """[n, height, width, channels] to [n, height / b, width / b, channels * b * b]."""
        return self.rearrangement(x)

    def lower(self, site: Site) -> None:
        """One copy."""
        self.rearrangement.lower(site)
