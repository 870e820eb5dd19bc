"""RESHAPE: the same elements in another shape.

out = in, reshaped. The wanted shape is the second input if that is a vector of INT32, else the
option `new_shape`, where the single value [0] is an old way of writing a scalar. One size may
be -1: it is inferred from the sizes other than 0 on both sides, and is 0 when the input is empty
and no other wanted size is.

C1  at most one wanted size is -1, all others are 0 or more
C2  input and output have the same number of elements

Bytes are moved as they are, whatever the dtype, and quantization is not looked at.

Semantics: LiteRT `kernels/reshape.cc` and `internal/reshape_utils.h`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

from refint8.native.lowering import Site
from refint8.ops._copy_kernel import copy_tensor
from refint8.ops._dtypes import ANY, rows
from refint8.ops._op import Array, Node, Record, Shape, check, operator


@operator("RESHAPE", versions=range(1, 2), dtypes=rows("{T},INT32|INT64?->{T}", ANY), values=(1,))
@dataclass(frozen=True, eq=False, kw_only=True)
class Reshape(Record):
    """The integer record: nothing but the output's shape."""

    same_bytes = True

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1, C2, the shape."""
        shape, wanted = node.input(0).shape, wanted_shape(node)
        check(
            wanted.count(-1) <= 1 and all(size >= -1 for size in wanted),
            "C1",
            f"the wanted shape {wanted} must have at most one -1 and no other negative size",
        )
        resolved = resolve(shape, wanted)
        check(
            math.prod(shape) == math.prod(resolved),
            "C2",
            f"{shape} has {math.prod(shape)} elements, the wanted shape {wanted} does not",
        )
        return cls(shapes=(resolved,))

    def spec(self, x: Array, _shape: Array | None = None) -> Array:
        """x of any shape to the same elements in the wanted shape."""
        return x.reshape(self.shapes[0]).copy()

    def lower(self, site: Site) -> None:
        """One copy, where the output has memory of its own."""
        copy_tensor(site, 0)


def wanted_shape(node: Node) -> Shape:
    """The second input, if it is a vector of INT32, else the option."""
    vector = node.optional_input(1)
    if vector is not None and vector.dtype == "INT32" and len(vector.shape) == 1:
        return vector.integers()
    shape = tuple(int(size) for size in node.options.get("new_shape", ()))
    return () if shape == (0,) else shape


def resolve(shape: Shape, wanted: Shape) -> Shape:
    """The wanted shape with its -1 inferred from the shape of the input."""
    others = [size for size in wanted if size != -1]
    if math.prod(shape) == 0 and math.prod(others) != 0:
        inferred = 0
    else:
        inferred = math.prod(filter(None, shape)) // math.prod(filter(None, others))
    return tuple(inferred if size == -1 else size for size in wanted)
