"""PAD: a border of zeros.

out[i_0, ..., i_n] = in[i_0 - before_0, ..., i_n - before_n] inside the input, fill elsewhere,
with (before_k, after_k) the rows of the second input.

fill is the real number 0: the output's zero point for UINT8, and for INT8 and INT16 when the input
is quantized; else 0, also for INT32 and INT64 with a zero point. The rule `pad_value` changes it.

C1  the rank is at most 5
C2  the paddings are one pair of non-negative numbers per axis
C3  the zero point that fills fits the dtype

The input's scale and zero point are not compared with the output's: values are moved as they are.

Semantics: LiteRT `kernels/pad.cc` and `reference/pad.h`, ai-edge-litert 2.3.0 (CORRECTIONS
item 26).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.numerics.activation import DTYPE_RANGE
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._pad_kernel import lower_border
from refint8.ops._padding import COUNTS, DTYPES, Border, has_zero_point


@operator(
    "PAD",
    versions=range(1, 7),
    dtypes=rows(f"{{T}},{COUNTS}->{{T}}", DTYPES),
    values=(1,),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Pad(Record):
    """The integer record: the border and its value."""

    border: Border
    fill: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, border and fill."""
        x, out = node.input(0), node.output
        border = Border.of(x, node.input(1), "C1", "C2")
        fill = 0
        if has_zero_point(x) and not fills_with_zero(node.rules.pad_value, x.dtype):
            fill = out.zero_point
            low, high = DTYPE_RANGE[x.dtype]
            check(low <= fill <= high, "C3", f"{x.dtype} cannot hold the zero point {fill}")
        return cls(shapes=(border.shape,), border=border, fill=fill)

    def spec(self, x: Array, _paddings: Array) -> Array:
        """x of any shape to the larger one."""
        return self.border.around(x, self.fill)

    def lower(self, site: Site) -> None:
        """The border, then the input within it."""
        x = site.read(0)
        lower_border(site, x, self.border, np.array(self.fill, x.dtype))


def fills_with_zero(rule: str, dtype: str) -> bool:
    """The alternatives of the rule `pad_value` that do not look at the zero point."""
    return rule == "zero" or (rule == "zero_for_int16" and dtype == "INT16")
