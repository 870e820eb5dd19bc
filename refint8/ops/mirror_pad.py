"""MIRROR_PAD: a border that mirrors the tensor.

out[i_0, ..., i_n] = in[j_0, ..., j_n] with j_k = i_k - before_k inside the input; in front of it
j_k = before_k - i_k - 1 + r, behind it j_k = 2 * size_k - 1 - r - (i_k - before_k). (before_k,
after_k) are the rows of the second input, r is 1 in the mode REFLECT, which does not repeat the
edge, and 0 in SYMMETRIC.

C1  the paddings are one pair of non-negative numbers per axis
C2  the option `mode` is REFLECT or SYMMETRIC
C3  no padding is larger than its axis, or in REFLECT as large
C4  8 and 16 bits: input and output have the same scale and zero point, and int16 has zero point 0

Values are moved as they are: any dtype of 8, 16, 32 or 64 bits. Engines before LiteRT 2.3, and
TFLM, do not check C3 and read the wrong elements.

Semantics: LiteRT `kernels/mirror_pad.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._blocks import check_alike
from refint8.ops._copy_kernel import View, copy
from refint8.ops._dtypes import WHOLE_BYTES, rows
from refint8.ops._op import Array, Node, Record, Shape, check, operator
from refint8.ops._slicing import Range


@operator(
    "MIRROR_PAD",
    versions=range(1, 4),
    dtypes=rows("{T},INT32|INT64->{T}", WHOLE_BYTES),
    values=(1,),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class MirrorPad(Record):
    """The integer record. `skipped` is r: how many elements at the edge are not repeated."""

    inner: Shape
    before: tuple[int, ...]
    after: tuple[int, ...]
    skipped: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C4, border and shape."""
        x, paddings = node.input(0), node.input(1)
        counts, rank = paddings.integers(), len(x.shape)
        check(
            paddings.shape == (rank, 2) and all(count >= 0 for count in counts),
            "C1",
            f"the paddings {counts} must be {rank} pairs of non-negative numbers",
        )
        mode = node.options["mode"]
        check(mode in ("REFLECT", "SYMMETRIC"), "C2", f"the mode {mode} is not known")
        skipped = int(mode == "REFLECT")
        before, after = counts[0::2], counts[1::2]
        check(
            all(max(b, a) <= n - skipped for b, n, a in zip(before, x.shape, after, strict=True)),
            "C3",
            f"the paddings {counts} mirror more than there is of {x.shape}",
        )
        check_alike(x, node.output, "C4")
        shape = tuple(b + n + a for b, n, a in zip(before, x.shape, after, strict=True))
        return cls(shapes=(shape,), inner=x.shape, before=before, after=after, skipped=skipped)

    def pieces(self, axis: int) -> tuple[tuple[Range, Range], ...]:
        """Input and output indices of the axis: the mirrored front, the input, the rest."""
        before, size, after = self.before[axis], self.inner[axis], self.after[axis]
        front = Range(before - 1 + self.skipped, before, -1), Range(0, before)
        back = Range(size - 1 - self.skipped, after, -1), Range(before + size, after)
        return front, (Range(0, size), Range(before, size)), back

    def spec(self, x: Array, _paddings: Array) -> Array:
        """x of any shape to the larger one."""
        for axis in range(x.ndim):
            indices = [np.arange(n)[source.slice] for source, n in self._sources(axis)]
            x = x.take(np.concatenate(indices), axis)
        return x.copy()

    def _sources(self, axis: int) -> list[tuple[Range, int]]:
        return [(source, self.inner[axis]) for source, _ in self.pieces(axis)]

    def lower(self, site: Site) -> None:
        """One copy per piece that the border cuts the output in."""
        x, out = View.of(site.read(0)), View.of(site.output)
        for pairs in product(*(self.pieces(axis) for axis in range(len(self.inner)))):
            sources, targets = [source for source, _ in pairs], [target for _, target in pairs]
            if all(target.count for target in targets):
                copy(site, x.take(sources), out.take(targets))
