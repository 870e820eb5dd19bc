"""BATCH_TO_SPACE_ND: batches are put together to an image, block by block, and cropped.

out[n, i_0 * b_0 + s_0 - before_0, i_1 * b_1 + s_1 - before_1, c]
    = in[(s_0 * b_1 + s_1) * images + n, i_0, i_1, c] where that is inside the output

with 0 <= s_k < b_k the second input and (before_k, after_k) the rows of the third: how much is
cut off each spatial axis. The inverse of SPACE_TO_BATCH_ND.

C1  the input has rank 3 or 4: one or two spatial axes
C2  there is one block size, at least 1, and one crop of non-negative numbers per spatial axis
C3  blocks divide the batches, and crops leave something of the image
C4  8 and 16 bits: input and output have the same scale and zero point, and int16 has zero point 0

Values are moved as they are: any dtype of 8, 16, 32 or 64 bits.

Semantics: LiteRT `kernels/batch_to_space_nd.cc` and `reference/batch_to_space_nd.h`, ai-edge-litert
2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from refint8.native.lowering import Site
from refint8.ops._blocks import Blocks, Request, check_alike
from refint8.ops._copy_kernel import View, copy
from refint8.ops._dtypes import WHOLE_BYTES, rows
from refint8.ops._op import Array, Node, Record, check, operator


@operator(
    "BATCH_TO_SPACE_ND",
    versions=range(1, 5),
    dtypes=rows("{T},INT32,INT32->{T}", WHOLE_BYTES),
    values=(1, 2),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class BatchToSpaceND(Record):
    """The integer record."""

    blocks: Blocks

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C4, blocks and shape."""
        x = node.input(0)
        asked = Request.of(node, "C1", "C2")
        crops = (*asked.before, *asked.after)
        check(min(crops) >= 0, "C2", f"a crop of {crops} is negative")
        axes = zip(x.shape[1:-1], asked.block, asked.before, asked.after, strict=True)
        spatial = [size * b - before - after for size, b, before, after in axes]
        check(
            x.shape[0] % asked.count == 0 and min(spatial) >= 0,
            "C3",
            f"{x.shape[0]} batches in blocks of {asked.block}, cropped, make no image: {spatial}",
        )
        check_alike(x, node.output, "C4")
        shape = (x.shape[0] // asked.count, *spatial, x.shape[-1])
        return cls(shapes=(shape,), blocks=Blocks(shape, x.shape, asked.block, asked.before))

    def spec(self, x: Array, _block: Array, _crops: Array) -> Array:
        """[images * blocks, ..., channels] to [images, ..., channels]."""
        blocks = self.blocks
        spatial = len(blocks.block)
        divided = x.reshape(*blocks.block, blocks.image[0], *blocks.batched[1:])
        axes = [spatial]
        for axis in range(spatial):
            axes += [spatial + 1 + axis, axis]
        whole = divided.transpose(*axes, 2 * spatial + 1).reshape(blocks.whole)
        spaces = zip(blocks.before, blocks.image[1:-1], strict=True)
        kept = (slice(before, before + size) for before, size in spaces)
        cropped: Array = whole[(slice(None), *kept)]
        return cropped.copy()

    def lower(self, site: Site) -> None:
        """One copy per shift."""
        x, out = View.of(site.read(0)), View.of(site.output)
        for image, batched in self.blocks.parts():
            copy(site, x.take(batched), out.take(image))
