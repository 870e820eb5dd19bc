"""STRIDED_SLICE: evenly spaced indices of every axis, as x[begin:end:stride, ...] in Python.

out[i_0, ..., i_n] = in[start_0 + i_0 * stride_0, ..., start_n + i_n * stride_n]

`begin`, `end` and `strides` have one entry per axis; axes without an entry are taken whole. Bit e
of a mask speaks of entry e:

- new_axis: the entry stands for a new axis of size 1, taken whole.
- ellipsis: the entry stands for as many whole axes as make entries and axes agree, at least one.
- begin, end: that bound is open: the first or last index in the stride's direction.
- shrink_axis: one index, begin, and the axis disappears.

Otherwise a negative bound counts from the end, and then, with a positive stride, it is clamped to
[0, size], with a negative one to [-1, size - 1]. With `offset`, end is added to the clamped start
first: it is a length. At one entry ellipsis wins over new_axis, and new_axis over shrink_axis.

C1  begin, end and strides are vectors of the same length, at most 31
C2  no stride in use is 0 or -2^31
C3  one ellipsis at most; every new axis has an entry, before the input's axes run out
C4  a shrunk axis has a positive stride and its index inside the axis
C5  with `offset` every axis has an entry, and the lengths stay inside the input

Values are moved as they are: any dtype of 8, 16, 32 or 64 bits. Quantization is not looked at.
Where C4 or C5 fails LiteRT leaves output elements unwritten or writes past them.

Semantics: LiteRT `kernels/strided_slice.cc` and `reference/strided_slice.h`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from refint8.native.lowering import Site
from refint8.ops._copy_kernel import View, copy
from refint8.ops._dtypes import WHOLE_BYTES, rows
from refint8.ops._op import Array, Node, Record, Shape, check, operator
from refint8.ops._slicing import Range, take
from refint8.ops._strided import Axis, expand

INT32_MIN = -(1 << 31)


@operator(
    "STRIDED_SLICE",
    versions=range(1, 9),
    dtypes=rows("{T},INT32,INT32,INT32->{T}", WHOLE_BYTES),
    values=(1, 2, 3),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class StridedSlice(Record):
    """The integer record. `expanded` is the input's shape with the new axes in it."""

    expanded: Shape
    ranges: tuple[Range, ...]

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C5, ranges and shapes."""
        begin, end, strides = (node.input(position) for position in (1, 2, 3))
        check(
            begin.shape == end.shape == strides.shape
            and len(begin.shape) == 1
            and begin.shape[0] <= 31,
            "C1",
            f"begin {begin.shape}, end {end.shape} and strides {strides.shape} must be equally"
            " long vectors of at most 31 values",
        )
        entries = list(zip(begin.integers(), end.integers(), strides.integers(), strict=True))
        axes = expand(node.input(0).shape, entries, node.options)
        for axis in axes:
            check(axis.stride not in (0, INT32_MIN), "C2", f"a stride is {axis.stride}")
        ranges = tuple(axis.range for axis in axes)
        for axis, taken in zip(axes, ranges, strict=True):
            check_shrink(axis, taken)
            check_offset(axis, taken)
        return cls(
            shapes=(
                tuple(r.count for axis, r in zip(axes, ranges, strict=True) if not axis.shrink),
            ),
            expanded=tuple(axis.size for axis in axes),
            ranges=ranges,
        )

    def spec(self, x: Array, _begin: Array, _end: Array, _strides: Array) -> Array:
        """x of any shape to the selected elements."""
        return take(x.reshape(self.expanded), self.ranges).reshape(self.shapes[0])

    def lower(self, site: Site) -> None:
        """The selected elements, copied; shrunk axes have size 1 on both sides."""
        taken = View.of(site.read(0), self.expanded).take(self.ranges)
        copy(site, taken, View.of(site.output, taken.shape))


def check_shrink(axis: Axis, taken: Range) -> None:
    """Condition C4."""
    check(
        not axis.shrink or (axis.stride > 0 and taken.start < axis.size),
        "C4",
        f"index {axis.begin} with stride {axis.stride} is not one element of an axis of size"
        f" {axis.size}",
    )


def check_offset(axis: Axis, taken: Range) -> None:
    """Condition C5: the length that the offset promises is what lies inside the axis."""
    if not axis.offset or axis.shrink:
        return
    promised = max(0, -(-axis.end // axis.stride)) if axis.entry else None
    check(
        promised == taken.count,
        "C5",
        f"begin {axis.begin} with the length {axis.end} does not fit an axis of size {axis.size}",
    )
