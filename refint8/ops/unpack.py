"""UNPACK: the slices of a tensor along one axis, without that axis.

out_k = in[..., k, ...], where k stands at the position `axis`, negative ones counted from the end.

C1  the input is not empty
C2  the axis is inside the tensor
C3  the option `num` is the axis's size and the number of outputs
C4  all outputs have the input's scale and zero point

Values are moved as they are.

Semantics: LiteRT `kernels/unpack.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._axes import normalize_axis, replace_axis
from refint8.ops._copy_kernel import View, copy
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._parameters import check_same_parameters

DTYPES: Final = ("FLOAT32", "FLOAT16", "INT8", "UINT8", "INT16", "INT32", "BOOL")


@operator("UNPACK", versions=range(1, 7), dtypes=rows("{T}->{T}*", DTYPES))
@dataclass(frozen=True, eq=False, kw_only=True)
class Unpack(Record):
    """The integer record: the axis that goes."""

    axis: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C4, axis and shapes."""
        x, outputs, number = node.input(0), len(node.outputs), int(node.options["num"])
        check(math.prod(x.shape) > 0, "C1", f"the input {x.shape} is empty")
        axis = normalize_axis(int(node.options["axis"]), len(x.shape), "C2")
        check(
            number == x.shape[axis] == outputs,
            "C3",
            f"{number} parts of an axis of size {x.shape[axis]} into {outputs} outputs",
        )
        check_same_parameters(node.outputs, x, "C4")
        return cls(shapes=(replace_axis(x.shape, axis),) * number, axis=axis)

    def spec(self, x: Array) -> tuple[Array, ...]:
        """x of any shape to one array per index of the axis."""
        return tuple(part.copy() for part in np.moveaxis(x, self.axis, 0))

    def lower(self, site: Site) -> None:
        """One copy per output."""
        x = View.of(site.read(0))
        for k, out in enumerate(site.outputs):
            part = x.along(self.axis, k, 1)
            copy(site, part, View.of(out, part.shape))
