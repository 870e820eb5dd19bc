"""Space cut in blocks: the two operators that trade it for batches, and the way between both.

Position p of a spatial axis, counted from `before` outside the image, lies at i of the batches
with shift s when p + before = i * block + s. Batches go by shift first: the one that holds shift
(s, t, ...) of image n is number ((s * block_1 + t) * ...) * images + n.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Self

from refint8.ops._op import Node, Operand, Shape, check
from refint8.ops._parameters import check_same_parameters
from refint8.ops._slicing import Range


@dataclass(frozen=True)
class Blocks:
    """`image` is the shape with the space, `batched` that with the batches."""

    image: Shape
    batched: Shape
    block: tuple[int, ...]
    before: tuple[int, ...]

    @property
    def whole(self) -> Shape:
        """The image's shape with everything that the blocks cover."""
        spatial = zip(self.batched[1:-1], self.block, strict=True)
        return (self.image[0], *(size * block for size, block in spatial), self.image[-1])

    def parts(self) -> Iterator[tuple[tuple[Range, ...], tuple[Range, ...]]]:
        """What corresponds in image and batches, shift by shift."""
        images, channels = self.image[0], Range(0, self.image[-1])
        axes = list(zip(self.image[1:-1], self.batched[1:-1], self.block, self.before, strict=True))
        for number, shifts in enumerate(product(*map(range, self.block))):
            image, batched = [Range(0, images)], [Range(number * images, images)]
            for (size, blocks, block, before), shift in zip(axes, shifts, strict=True):
                first = max(0, -((shift - before) // block))
                end = max(first, min(blocks, -(-(size + before - shift) // block)))
                image.append(Range(first * block + shift - before, end - first, block))
                batched.append(Range(first, end - first))
            yield (*image, channels), (*batched, channels)


@dataclass(frozen=True)
class Request:
    """The two constants of both operators: block sizes, and pairs of paddings or crops."""

    block: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    @classmethod
    def of(cls, node: Node, rank_label: str, label: str) -> Self:
        """Refuses ranks other than 3 and 4, and constants of the wrong shape or without blocks."""
        x, block, pairs = (node.input(position) for position in range(3))
        check(len(x.shape) in (3, 4), rank_label, f"the input has rank {len(x.shape)}, not 3 or 4")
        spatial = len(x.shape) - 2
        sizes, counts = block.integers(), pairs.integers()
        check(
            block.shape == (spatial,) and pairs.shape == (spatial, 2) and min(sizes) >= 1,
            label,
            f"blocks {sizes} and borders {counts} do not fit an image of {x.shape}",
        )
        return cls(sizes, counts[0::2], counts[1::2])

    @property
    def count(self) -> int:
        """Elements of a block."""
        return prod(self.block)


def check_alike(x: Operand, out: Operand, label: str) -> None:
    """8 and 16 bits: same scale and zero point, which is 0 for INT16."""
    if x.dtype in ("INT8", "UINT8", "INT16"):
        check_same_parameters([x], out, label)
    check(
        x.dtype != "INT16" or x.zero_point == out.zero_point == 0,
        label,
        f"int16 with zero point {x.zero_point} is not symmetric",
    )
