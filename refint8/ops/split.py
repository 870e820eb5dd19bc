"""SPLIT: a tensor in equal parts along one axis.

out_k = in[..., k * size : (k + 1) * size, ...] with size = in's size on the axis / parts. The
axis is the first input, negative ones counted from the end.

C1  the axis is one number inside the tensor
C2  the option `num_splits` is the number of outputs and divides the axis's size

Values are moved as they are, and quantization is not looked at.

Semantics: LiteRT `kernels/split.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._axes import read_axis, replace_axis
from refint8.ops._copy_kernel import split
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator

DTYPES: Final = ("FLOAT32", "UINT8", "INT8", "INT16", "INT32", "INT64")


@operator(
    "SPLIT",
    versions=range(1, 6),
    dtypes=rows("INT32,{T}->{T}*", DTYPES),
    values=(0,),
    dtype_of=1,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Split(Record):
    """The integer record. `bounds` are the indices where a new part begins, without 0."""

    axis: int
    bounds: tuple[int, ...]

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1, C2, bounds and shapes."""
        shape = node.input(1).shape
        axis = read_axis(node.input(0), len(shape), "C1")
        parts, outputs = int(node.options["num_splits"]), len(node.outputs)
        check(
            parts == outputs and shape[axis] % parts == 0,
            "C2",
            f"{parts} splits of an axis of size {shape[axis]} into {outputs} outputs",
        )
        size = shape[axis] // parts
        return cls(
            shapes=(replace_axis(shape, axis, size),) * parts,
            axis=axis,
            bounds=tuple(size * part for part in range(1, parts)),
        )

    def spec(self, _axis: Array, x: Array) -> tuple[Array, ...]:
        """x of any shape to its parts."""
        return tuple(part.copy() for part in np.split(x, self.bounds, self.axis))

    def lower(self, site: Site) -> None:
        """One copy per part."""
        split(site, site.read(1), self.axis)
