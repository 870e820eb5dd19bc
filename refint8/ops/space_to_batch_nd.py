"""SPACE_TO_BATCH_ND: an image with a border is dealt out to batches, block by block.

out[(s_0 * b_1 + s_1) * images + n, i_0, i_1, c]
    = in[n, i_0 * b_0 + s_0 - before_0, i_1 * b_1 + s_1 - before_1, c] inside the input, fill
      elsewhere

with 0 <= s_k < b_k the second input and (before_k, after_k) the rows of the third. The border may
be negative: it crops. fill is the output's zero point for 8 bits, else 0; the rule
`space_to_batch_pad` changes it.

C1  the input has rank 3 or 4: one or two spatial axes
C2  there is one block size, at least 1, and one border per spatial axis
C3  blocks divide the image with its border, and something of it is left
C4  8 and 16 bits: input and output have the same scale and zero point, and int16 has zero point 0

Values are moved as they are: any dtype of 8, 16, 32 or 64 bits.

Semantics: LiteRT `kernels/space_to_batch_nd.cc` and `reference/space_to_batch_nd.h`, ai-edge-litert
2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._blocks import Blocks, Request, check_alike
from refint8.ops._copy_kernel import View, copy, fill
from refint8.ops._dtypes import WHOLE_BYTES, WIDTH_8, rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._placement import Placement


@operator(
    "SPACE_TO_BATCH_ND",
    versions=range(1, 5),
    dtypes=rows("{T},INT32,INT32->{T}", WHOLE_BYTES),
    values=(1, 2),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class SpaceToBatchND(Record):
    """The integer record: blocks, and the byte that fills the border."""

    blocks: Blocks
    fill: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C4, blocks, fill and shape."""
        x, out = node.input(0), node.output
        asked = Request.of(node, "C1", "C2")
        padded = [
            before + size + after
            for before, size, after in zip(asked.before, x.shape[1:-1], asked.after, strict=True)
        ]
        check(
            all(size >= 0 and size % b == 0 for size, b in zip(padded, asked.block, strict=True)),
            "C3",
            f"blocks of {asked.block} do not divide an image of {padded}",
        )
        check_alike(x, out, "C4")
        spatial = (size // b for size, b in zip(padded, asked.block, strict=True))
        shape = (x.shape[0] * asked.count, *spatial, x.shape[-1])
        filled = x.dtype in WIDTH_8 and node.rules.space_to_batch_pad == "zero_point"
        return cls(
            shapes=(shape,),
            blocks=Blocks(x.shape, shape, asked.block, asked.before),
            fill=out.zero_point if filled else 0,
        )

    def spec(self, x: Array, _block: Array, _border: Array) -> Array:
        """[images, ..., channels] to [images * blocks, ..., channels]."""
        blocks = self.blocks
        offset = (0, *blocks.before, 0)
        around = Placement(blocks.image, offset, (1,) * x.ndim, blocks.whole)
        padded = around(x, self.border_value(x.dtype))
        divided: list[int] = [blocks.image[0]]
        for size, block in zip(blocks.batched[1:-1], blocks.block, strict=True):
            divided += [size, block]
        shifts, places = range(2, x.ndim * 2 - 2, 2), range(1, x.ndim * 2 - 3, 2)
        axes = (*shifts, 0, *places, 2 * x.ndim - 3)
        dealt = padded.reshape(*divided, blocks.image[-1]).transpose(axes)
        return dealt.reshape(self.shapes[0])

    def border_value(self, dtype: np.dtype[Any]) -> Array:
        """The one element that stands outside the input."""
        return np.array(self.fill).astype(dtype)

    def lower(self, site: Site) -> None:
        """The border's value everywhere, then one copy per shift."""
        x, out, blocks = View.of(site.read(0)), View.of(site.output), self.blocks
        if blocks.image != blocks.whole:
            fill(site, out, self.border_value(site.output.dtype))
        for image, batched in blocks.parts():
            copy(site, x.take(image), out.take(batched))
