"""SQUEEZE: drop axes of size 1.

out = in, reshaped. The axes are the option `squeeze_dims`, negative ones counted from the end,
repeated ones counted once; an empty list drops every axis of size 1.

C1  the rank is at most 8
C2  every axis in `squeeze_dims` is inside the tensor and has size 1

Bytes are moved as they are, whatever the dtype, and quantization is not looked at.

Semantics: LiteRT `kernels/squeeze.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from refint8.native.lowering import Site
from refint8.ops._axes import normalize_axis
from refint8.ops._copy_kernel import copy_tensor
from refint8.ops._dtypes import ANY, rows
from refint8.ops._op import Array, Node, Record, check, operator


@operator("SQUEEZE", versions=range(1, 3), dtypes=rows("{T}->{T}", ANY))
@dataclass(frozen=True, eq=False, kw_only=True)
class Squeeze(Record):
    """The integer record: nothing but the output's shape."""

    same_bytes = True

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1, C2, the shape."""
        shape = node.input(0).shape
        check(len(shape) <= 8, "C1", f"the input has rank {len(shape)}, above 8")
        dropped = {
            normalize_axis(int(axis), len(shape), "C2")
            for axis in node.options.get("squeeze_dims", ())
        }
        for axis in dropped:
            check(shape[axis] == 1, "C2", f"axis {axis} of {shape} has size {shape[axis]}, not 1")
        if not dropped:
            dropped = {axis for axis, size in enumerate(shape) if size == 1}
        return cls(shapes=(tuple(size for axis, size in enumerate(shape) if axis not in dropped),))

    def spec(self, x: Array) -> Array:
        """x of any shape to the same elements in the smaller shape."""
        return x.reshape(self.shapes[0]).copy()

    def lower(self, site: Site) -> None:
        """One copy, where the output has memory of its own."""
        copy_tensor(site, 0)
