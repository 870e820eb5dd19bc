"""TILE: a tensor repeated along its axes.

out[i_0, ..., i_n] = in[i_0 mod size_0, ..., i_n mod size_n], where axis k of the output has
multiples_k * size_k elements.

C1  there is one multiple per axis, and none is negative

Values are moved as they are: any dtype of 8, 16, 32 or 64 bits. Quantization is not looked at.

Semantics: LiteRT `kernels/tile.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._copy_kernel import View, copy
from refint8.ops._dtypes import WHOLE_BYTES, rows
from refint8.ops._op import Array, Node, Record, check, operator


@operator(
    "TILE", versions=range(1, 4), dtypes=rows("{T},INT32|INT64->{T}", WHOLE_BYTES), values=(1,)
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Tile(Record):
    """The integer record: how often each axis is repeated."""

    multiples: tuple[int, ...]

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1, the shape."""
        shape, multiples = node.input(0).shape, node.input(1).integers()
        check(
            len(multiples) == len(shape) and all(count >= 0 for count in multiples),
            "C1",
            f"the multiples {multiples} do not repeat the axes of {shape}",
        )
        out = tuple(count * size for count, size in zip(multiples, shape, strict=True))
        return cls(shapes=(out,), multiples=multiples)

    def spec(self, x: Array, _multiples: Array) -> Array:
        """x of any shape to the repeated one."""
        return np.tile(x, self.multiples)

    def lower(self, site: Site) -> None:
        """One copy: an axis in front of each one counts the repetitions and does not move."""
        x = View.of(site.read(0))
        pairs = list(zip(self.multiples, x.shape, x.steps, strict=True))
        source = replace(
            x,
            shape=tuple(count for repeated, size, _ in pairs for count in (repeated, size)),
            steps=tuple(bytes_ for _, _, step in pairs for bytes_ in (0, step)),
        )
        copy(site, source, View.of(site.output, source.shape))
