"""SEGMENT_SUM: rows that follow one another and belong together are added up.

out[s, ...] = sum of in[i, ...] over all i with ids[i] = s, in int32's low bits. How many segments
there are depends on the ids.

C1  the ids are a vector, one for each row of the input
C2  the first id is 0, and each further one is the same as the one before or 1 more

Semantics: LiteRT `kernels/segment_sum.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._copy_kernel import View, fill
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._scatter_kernel import known_places, lower_scatter
from refint8.ops._segments import DTYPES, combine


@operator("SEGMENT_SUM", versions=range(1, 2), dtypes=rows("{T},INT32->{T}", DTYPES), values=(1,))
@dataclass(frozen=True, eq=False, kw_only=True)
class SegmentSum(Record):
    """The integer record: the ids, which were looked at to know the shape."""

    ids: tuple[int, ...]

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1, C2, the shape."""
        x, ids = node.input(0), node.input(1)
        check(
            len(x.shape) >= 1 and ids.shape == x.shape[:1],
            "C1",
            f"ids of {ids.shape} for an input of {x.shape}",
        )
        numbers = ids.value.astype(np.int64)
        check(
            not numbers[:1].any() and np.isin(np.diff(numbers), (0, 1)).all(),
            "C2",
            f"the ids {numbers[:16].tolist()} do not count up from 0",
        )
        shape = (int(numbers.max(initial=-1)) + 1, *x.shape[1:])
        return cls(shapes=(shape,), ids=ids.integers())

    def spec(self, x: Array, ids: Array) -> Array:
        """x [n, ...], ids [n] to [segments, ...]."""
        return combine(x, ids, self.shapes[0][0], np.add, 0)

    def lower(self, site: Site) -> None:
        """Zeros, then one row after the other."""
        x, out = site.read(0), site.output
        if not out.size:
            return
        fill(site, View.of(out), np.zeros(1, out.dtype))
        length = x.size // len(self.ids)
        step = length * out.dtype.itemsize
        places = known_places(site, np.array(self.ids, np.int64) * step)
        lower_scatter(site, "add", View.of(x), places, length, step)
