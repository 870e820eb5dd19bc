"""Rows of a tensor combined by the segment they belong to: SEGMENT_SUM and its relatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

import numpy as np

from refint8.errors import DomainError
from refint8.native.lowering import Site
from refint8.native.scatter import segment_places
from refint8.ops._copy_kernel import View, fill
from refint8.ops._op import Array, Node, Record, check
from refint8.ops._scatter_kernel import Places, lower_scatter

DTYPES: Final = ("INT32",)
"""Integers; LiteRT also takes FLOAT32."""

INT32: Final = np.iinfo(np.int32)


def combine(x: Array, ids: Array, count: int, how: np.ufunc, start: int) -> Array:
    """x [n, ...] to [count, ...], rows in their order; a negative id drops its row."""
    out = np.full((count, *x.shape[1:]), start, x.dtype)
    kept = ids >= 0
    how.at(out, ids[kept], x[kept])
    return out


@dataclass(frozen=True, eq=False, kw_only=True)
class UnsortedSegments(Record):
    """The integer record of the UNSORTED_SEGMENT operators."""

    ids_rank: int
    count: int

    how: ClassVar[Any]
    start: ClassVar[int]
    kernel: ClassVar[str]
    """The name of `how` in `native.scatter.FUNCTIONS`."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1, C2, the shape."""
        x, ids, count = node.input(0).shape, node.input(1).shape, node.input(2)
        check(ids == x[: len(ids)], "C1", f"segments {ids} are not the first axes of {x}")
        numbers = count.integers()
        check(count.shape in ((), (1,)) and numbers[0] >= 0, "C2", f"{numbers} segments")
        shape = (numbers[0], *x[len(ids) :])
        return cls(shapes=(shape,), ids_rank=len(ids), count=numbers[0])

    def spec(self, x: Array, ids: Array, _count: Array) -> Array:
        """x [n.., ...], ids [n..] to [count, ...]."""
        if ids.size and ids.max() >= self.count:
            raise DomainError(
                f"segment {int(ids.max())} is not among {self.count}",
                hint="the engine fails here when it is invoked",
            )
        rows = x.reshape(ids.size, *x.shape[self.ids_rank :])
        return combine(rows, ids.reshape(-1), self.count, type(self).how, type(self).start)

    def lower(self, site: Site) -> None:
        """The start everywhere, then one row after the other."""
        x, ids, out = site.read(0), site.read(1), site.output
        fill(site, View.of(out), np.full(1, type(self).start, out.dtype))
        if not out.size or not ids.size:
            return
        length, made = x.size // ids.size, site.scratch(8 * ids.size)
        step = length * out.dtype.itemsize
        kernel = segment_places(ids.dtype.name.upper())
        site.call(kernel, ids.offset, made, ids.size, self.count, step, site.alarm)
        places = Places(made, relative=True, count=ids.size)
        lower_scatter(site, type(self).kernel, View.of(x), places, length, step)
