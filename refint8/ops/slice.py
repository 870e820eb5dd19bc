"""SLICE: a box out of a tensor.

out[i_0, ..., i_n] = in[begin_0 + i_0, ..., begin_n + i_n] with 0 <= i_k < size_k, where a size
of -1 means up to the end of the axis.

C1  begin and size are vectors of one value per axis
C2  the box lies inside the input

Values are moved as they are: any dtype of 8, 16, 32 or 64 bits, and INT4. Quantization is not
looked at. LiteRT takes a negative begin, and reads outside the input: refused.

Semantics: LiteRT `kernels/slice.cc` and `reference/slice.h`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from refint8.native.lowering import Site
from refint8.ops._copy_kernel import View, copy
from refint8.ops._dtypes import WHOLE_BYTES, rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._slicing import Range, take


@operator(
    "SLICE",
    versions=range(1, 9),
    dtypes=(
        *rows("{T},INT32,INT32->{T}", (*WHOLE_BYTES, "INT4")),
        *rows("{T},INT64,INT64->{T}", (*WHOLE_BYTES, "INT4")),
    ),
    values=(1, 2),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Slice(Record):
    """The integer record: a range of indices per axis."""

    ranges: tuple[Range, ...]

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1, C2, ranges and shape."""
        shape, begin, size = node.input(0).shape, node.input(1), node.input(2)
        check(
            begin.shape == size.shape == (len(shape),),
            "C1",
            f"begin {begin.shape} and size {size.shape} must have one value per axis of {shape}",
        )
        ranges = []
        for length, start, wanted in zip(shape, begin.integers(), size.integers(), strict=True):
            count = length - start if wanted == -1 else wanted
            check(
                start >= 0 and count >= 0 and start + count <= length,
                "C2",
                f"begin {start} and size {wanted} do not fit an axis of size {length}",
            )
            ranges.append(Range(start, count))
        return cls(shapes=(tuple(r.count for r in ranges),), ranges=tuple(ranges))

    def spec(self, x: Array, _begin: Array, _size: Array) -> Array:
        """x of any shape to the box."""
        return take(x, self.ranges)

    def lower(self, site: Site) -> None:
        """The box, copied."""
        copy(site, View.of(site.read(0)).take(self.ranges), View.of(site.output))
