"""PADV2: a border of a given value.

out[i_0, ..., i_n] = in[i_0 - before_0, ..., i_n - before_n] inside the input, the third input's
one value elsewhere, as it is, with (before_k, after_k) the rows of the second input.

C1  the rank is at most 5
C2  the paddings are one pair of non-negative numbers per axis
C3  the value is one element
C4  the value has the output's scale and zero point: for UINT8, and for INT8 and INT16 when the
    input is quantized

The input's scale and zero point are not compared with the output's: values are moved as they are.

Semantics: LiteRT `kernels/pad.cc` and `reference/pad.h`, ai-edge-litert 2.3.0 (CORRECTIONS
item 26).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

from refint8.native.lowering import Site
from refint8.ops._copy_kernel import View
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._pad_kernel import lower_border
from refint8.ops._padding import COUNTS, DTYPES, Border, has_zero_point
from refint8.ops._parameters import check_same_parameters


@operator(
    "PADV2",
    versions=range(1, 7),
    dtypes=rows(f"{{T}},{COUNTS},{{T}}->{{T}}", DTYPES),
    values=(1,),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class PadV2(Record):
    """The integer record: the border; its value is the third input's."""

    border: Border

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C4, the border."""
        x, value = node.input(0), node.input(2)
        border = Border.of(x, node.input(1), "C1", "C2")
        check(math.prod(value.shape) == 1, "C3", f"the value {value.shape} must be one element")
        if has_zero_point(x):
            check_same_parameters([value], node.output, "C4")
        return cls(shapes=(border.shape,), border=border)

    def spec(self, x: Array, _paddings: Array, value: Array) -> Array:
        """x of any shape, value of one element, to the larger shape."""
        return self.border.around(x, value.reshape(())[()])

    def lower(self, site: Site) -> None:
        """The border, then the input within it."""
        value = site.input(2).data
        element = View.of(site.read(2), ()) if value is None else value
        lower_border(site, site.read(0), self.border, element)
