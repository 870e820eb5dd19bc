"""PACK: tensors of one shape stacked along a new axis.

out[..., k, ...] = in_k, where k stands at the position `axis` of the output; negative ones count
from the output's end.

C1  the option `values_count` is the number of inputs, at least 1
C2  the axis is in [-rank - 1, rank]
C3  all inputs have the same shape
C4  all inputs have the output's scale and zero point

Values are moved as they are.

Semantics: LiteRT `kernels/pack.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._axes import normalize_axis
from refint8.ops._copy_kernel import View, copy
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._parameters import check_same_parameters

DTYPES: Final = ("FLOAT32", "INT8", "UINT8", "INT16", "INT32", "UINT32", "INT64")


@operator("PACK", versions=range(1, 6), dtypes=rows("{T}*->{T}", DTYPES))
@dataclass(frozen=True, eq=False, kw_only=True)
class Pack(Record):
    """The integer record: where the new axis stands."""

    axis: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C4, axis and shape."""
        inputs = [node.input(position) for position in range(len(node.inputs))]
        count = int(node.options["values_count"])
        check(count == len(inputs) >= 1, "C1", f"{count} values in {len(inputs)} inputs")
        shape = inputs[0].shape
        axis = normalize_axis(int(node.options["axis"]), len(shape) + 1, "C2")
        for x in inputs:
            check(x.shape == shape, "C3", f"{x.shape} cannot be stacked on {shape}")
        check_same_parameters(inputs, node.output, "C4")
        return cls(shapes=((*shape[:axis], len(inputs), *shape[axis:]),), axis=axis)

    def spec(self, *values: Array) -> Array:
        """Arrays of one shape to an array of one rank more."""
        return np.stack(values, self.axis)

    def lower(self, site: Site) -> None:
        """One copy per input."""
        for k in range(len(site.inputs)):
            part = View.of(site.output).along(self.axis, k, 1)
            copy(site, View.of(site.read(k), part.shape), part)
