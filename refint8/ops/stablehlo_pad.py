"""STABLEHLO_PAD: a border around a tensor and gaps between its elements, or parts cut off.

out[low_0 + i_0 * (gap_0 + 1), ..., low_n + i_n * (gap_n + 1)] = in[i_0, ..., i_n] where that is
inside the output, the second input's one value elsewhere. An axis of size n gets
low + n + (n - 1) * gap + high elements; low and high may be negative. low, high and gap are the
options `edge_padding_low`, `edge_padding_high` and `interior_padding`.

C1  the rank is 1 to 8, and each option has one number per axis
C2  no gap is negative
C3  the value is one element

Where an axis comes out empty or negative, all axes of the output have size 0.

Values are moved as they are: any dtype of whole bytes. Quantization is not looked at.

Semantics: LiteRT `kernels/stablehlo_pad.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._copy_kernel import View
from refint8.ops._dtypes import WHOLE_BYTES, rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._placement import Placement, first_element


@operator(
    "STABLEHLO_PAD",
    versions=range(1, 2),
    dtypes=rows("{T},{T}->{T}", (*WHOLE_BYTES, "COMPLEX128")),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class StablehloPad(Record):
    """The integer record; without a placement the output is empty."""

    placement: Placement | None

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, the shape."""
        shape = node.input(0).shape
        names = ("edge_padding_low", "edge_padding_high", "interior_padding")
        low, high, gap = (tuple(map(int, node.options[name])) for name in names)
        check(
            1 <= len(shape) <= 8 and len(low) == len(high) == len(gap) == len(shape),
            "C1",
            f"borders {low}, {high} and gaps {gap} for an input of {shape}",
        )
        check(min(gap) >= 0, "C2", f"a gap of {gap} is negative")
        value = node.input(1).shape
        check(math.prod(value) == 1, "C3", f"the value {value} must be one element")
        sizes = zip(low, shape, gap, high, strict=True)
        out = tuple(a + n + max(n - 1, 0) * g + b for a, n, g, b in sizes)
        if min(out) <= 0:
            return cls(shapes=((0,) * len(shape),), placement=None)
        steps = tuple(g + 1 for g in gap)
        return cls(shapes=(out,), placement=Placement(shape, low, steps, out))

    def spec(self, x: Array, value: Array) -> Array:
        """x of any shape, value of one element."""
        if self.placement is None:
            return np.zeros(self.shapes[0], x.dtype)
        return self.placement(x, value.reshape(()))

    def lower(self, site: Site) -> None:
        """The value everywhere, then the elements."""
        if self.placement is not None:
            self.placement.lower(site, site.read(0), View.of(site.output), first_element(site, 1))
