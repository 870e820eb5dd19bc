"""SPLIT_V: a tensor in parts of given sizes along one axis.

out_k = in[..., s_k : s_k + size_k, ...] with s_k = size_0 + ... + size_{k-1}. One size may be -1:
it takes what the others leave.

C1  the axis is one number inside the tensor
C2  sizes are a vector of one value per output, `num_splits` of them
C3  one size at most is -1, the others are 0 or more, and together they fill the axis

Values are moved as they are, and quantization is not looked at.

Semantics: LiteRT `kernels/split_v.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Self

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._axes import read_axis, replace_axis
from refint8.ops._copy_kernel import split
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator

DTYPES: Final = ("FLOAT32", "UINT8", "INT8", "INT16", "INT32", "INT64")


@operator(
    "SPLIT_V",
    versions=range(1, 4),
    dtypes=rows("{T},INT32|INT64,INT32->{T}*", DTYPES),
    values=(1, 2),
    dtype_of=0,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class SplitV(Record):
    """The integer record. `bounds` are the indices where a new part begins, without 0."""

    axis: int
    bounds: tuple[int, ...]

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, bounds and shapes."""
        shape, sizes, outputs = node.input(0).shape, node.input(1), len(node.outputs)
        axis = read_axis(node.input(2), len(shape), "C1")
        parts = sizes.integers()
        check(
            len(sizes.shape) == 1 and len(parts) == outputs == int(node.options["num_splits"]),
            "C2",
            f"{len(parts)} sizes for {outputs} outputs",
        )
        rest = shape[axis] - sum(part for part in parts if part != -1)
        check(
            parts.count(-1) <= 1
            and all(part >= -1 for part in parts)
            and (rest >= 0 if -1 in parts else rest == 0),
            "C3",
            f"the sizes {parts} do not fill an axis of size {shape[axis]}",
        )
        parts = tuple(rest if part == -1 else part for part in parts)
        return cls(
            shapes=tuple(replace_axis(shape, axis, part) for part in parts),
            axis=axis,
            bounds=tuple(accumulate(parts))[:-1],
        )

    def spec(self, x: Array, _sizes: Array, _axis: Array) -> tuple[Array, ...]:
        """x of any shape to its parts."""
        return tuple(part.copy() for part in np.split(x, self.bounds, self.axis))

    def lower(self, site: Site) -> None:
        """One copy per part."""
        split(site, site.read(0), self.axis)
