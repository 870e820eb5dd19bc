"""GATHER: elements of one axis, chosen by an index tensor.

out[b.., o.., k.., i..] = in[b.., o.., positions[b.., k..], i..]

b are the first `batch_dims` axes, shared by both inputs, o the axes between them and `axis`, i
those behind `axis`, k the remaining axes of positions. A negative axis counts from the input's
end, negative batch_dims from the end of positions.

C1  the axis is inside the input
C2  0 <= batch_dims <= axis, and not more than the rank of positions
C3  both inputs have the same sizes on the batch axes
C4  INT4 has an even number of elements behind the axis

Values are moved as they are, and quantization is not looked at. A position outside the axis, also
a negative one, is known only when the operator runs: DomainError. C4 is LiteRT's limit: it copies
whole bytes.

Semantics: LiteRT `kernels/gather.cc` and `reference/gather.h`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from refint8.errors import DomainError
from refint8.native.lowering import NotFastError, Site
from refint8.ops._axes import normalize_axis
from refint8.ops._copy_kernel import View, copy, gather_along
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._slicing import Range

DTYPES: Final = ("INT8", "UINT8", "INT16", "INT32", "INT64", "INT4", "BOOL", "FLOAT16", "FLOAT32")


@operator(
    "GATHER",
    versions=range(1, 9),
    dtypes=rows("{T},INT16|INT32|INT64->{T}", DTYPES),
    dtype_of=0,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Gather(Record):
    """The integer record. The input is seen as [batch, outer, size, inner]."""

    batch: int
    outer: int
    size: int
    inner: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C4, the four sizes and the shape."""
        x, positions = node.input(0), node.input(1)
        axis = normalize_axis(int(node.options["axis"]), len(x.shape), "C1")
        batch_dims = int(node.options["batch_dims"])
        if batch_dims < 0:
            batch_dims += len(positions.shape)
        check(
            0 <= batch_dims <= min(axis, len(positions.shape)),
            "C2",
            f"batch_dims {batch_dims} does not fit axis {axis} and positions {positions.shape}",
        )
        check(
            x.shape[:batch_dims] == positions.shape[:batch_dims],
            "C3",
            f"the first {batch_dims} axes of {x.shape} and {positions.shape} differ",
        )
        inner = math.prod(x.shape[axis + 1 :])
        check(
            x.dtype != "INT4" or inner % 2 == 0,
            "C4",
            f"{inner} elements of 4 bits behind the axis do not fill bytes",
        )
        return cls(
            shapes=((*x.shape[:axis], *positions.shape[batch_dims:], *x.shape[axis + 1 :]),),
            batch=math.prod(x.shape[:batch_dims]),
            outer=math.prod(x.shape[batch_dims:axis]),
            size=x.shape[axis],
            inner=inner,
        )

    def spec(self, x: Array, positions: Array) -> Array:
        """x of any shape, positions of any shape to the chosen elements."""
        outside = (positions < 0) | (positions >= self.size)
        if outside.any():
            raise DomainError(
                f"position {int(positions[outside][0])} is outside an axis of size {self.size}"
                f" ({int(outside.sum())} such positions)",
                hint="the engine fails here when it is invoked",
            )
        x = x.reshape(self.batch, self.outer, self.size, self.inner)
        chosen = positions.reshape(self.batch, 1, positions.size // max(self.batch, 1))
        batch = np.arange(self.batch)[:, None, None]
        outer = np.arange(self.outer)[None, :, None]
        gathered: Array = x[batch, outer, chosen]
        return gathered.reshape(self.shapes[0])

    def lower(self, site: Site) -> None:
        """A slice where constant positions are evenly spaced, else a copy per position."""
        x = View.of(site.read(0), (self.batch, self.outer, self.size, self.inner))
        known = site.input(1).data
        count = site.input(1).size // max(self.batch, 1)
        out = View.of(site.output, (self.batch, self.outer, count, self.inner))
        if known is None:
            gather_along(site, x, out, site.read(1))
            return
        if ((known < 0) | (known >= self.size)).any():
            raise NotFastError("a position lies outside the axis")
        if not known.size:
            return
        positions = known.astype(np.int64).reshape(self.batch, count)
        step = evenly_spaced(positions)
        if step is None:
            gather_along(site, x, out, positions)
            return
        taken = Range(int(positions[0, 0]), count, step)
        copy(site, x.take((*whole(self.batch, self.outer), taken, *whole(self.inner))), out)


def whole(*sizes: int) -> tuple[Range, ...]:
    """Every index of axes of these sizes."""
    return tuple(Range(0, size) for size in sizes)


def evenly_spaced(positions: Array) -> int | None:
    """The step between positions, when all batches have the same ones in even steps."""
    if (positions != positions[0]).any():
        return None
    steps = np.unique(np.diff(positions[0]))
    return int(steps[0]) if steps.size == 1 else (1 if positions.shape[1] == 1 else None)
