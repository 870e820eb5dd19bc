"""STABLEHLO_REDUCE_WINDOW: windows over a tensor with gaps and borders, each combined to one value.

out = REDUCE_WINDOW of in', where in'[low_k + i_k * gap_k] = in[i_k] along every axis k, inside its
size of low + (n - 1) * gap + 1 + high, and init elsewhere. The options are `window_dimensions`,
`window_strides`, `window_dilations`, `base_dilations` (gap) and `padding` (low and high of every
axis, which may be negative); init is the second input. The function is the one operator of the
subgraph `body_subgraph_index`: ADD, MUL, MAXIMUM, MINIMUM, LOGICAL_AND, LOGICAL_OR, or the
STABLEHLO operator of that kind.

C1  the rank is 1 to 6, no axis is empty, init has an element (the first counts)
C2  windows, strides and dilations have one number per axis, at least 1, the padding two
C3  the body is one operator of a known function, and not ADD for BOOL
C4  the border leaves at least one element of every axis

Quantization is not looked at: the integers are combined, whatever they stand for.

Semantics: LiteRT `kernels/stablehlo_reduce_window.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

from refint8.native.lowering import Site
from refint8.ops._copy_kernel import View
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._placement import Placement, first_element
from refint8.ops._window_reduction import DTYPES, WindowReduction

BODIES: Final[Mapping[tuple[str, ...], str]] = {
    ("ADD",): "ADD",
    ("STABLEHLO_ADD",): "ADD",
    ("MUL",): "MUL",
    ("STABLEHLO_MULTIPLY",): "MUL",
    ("MAXIMUM",): "MAXIMUM",
    ("STABLEHLO_MAXIMUM",): "MAXIMUM",
    ("MINIMUM",): "MINIMUM",
    ("STABLEHLO_MINIMUM",): "MINIMUM",
    ("LOGICAL_AND",): "ALL",
    ("STABLEHLO_AND",): "ALL",
    ("LOGICAL_OR",): "ANY",
    ("STABLEHLO_OR",): "ANY",
}
"""The operators of a body, and what they do to two values."""


@operator("STABLEHLO_REDUCE_WINDOW", versions=range(1, 2), dtypes=rows("{T},{T}->{T}", DTYPES))
@dataclass(frozen=True, eq=False, kw_only=True)
class StablehloReduceWindow(Record):
    """The integer record."""

    placement: Placement
    reduction: WindowReduction
    dtype: str

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C4, placement, reduction and shape."""
        x, init = node.input(0), node.input(1).shape
        rank = len(x.shape)
        check(
            1 <= rank <= 6 and min(x.shape) >= 1 and math.prod(init) >= 1,
            "C1",
            f"an input of {x.shape}, init of {init}",
        )
        names = ("window_dimensions", "window_strides", "window_dilations", "base_dilations")
        window, strides, dilations, gaps = numbers = [
            tuple(map(int, node.options[name])) for name in names
        ]
        padding = tuple(map(int, node.options["padding"]))
        check(
            all(len(values) == rank and min(values) >= 1 for values in numbers)
            and len(padding) == 2 * rank,
            "C2",
            f"windows {window}, strides {strides}, dilations {dilations}, gaps {gaps},"
            f" padding {padding} over {x.shape}",
        )
        body = node.surroundings.body(int(node.options["body_subgraph_index"]))
        check(body in BODIES, "C3", f"the body {body} is not one known function")
        low, high = padding[0::2], padding[1::2]
        sides = zip(low, x.shape, gaps, high, strict=True)
        shape = tuple(a + (n - 1) * g + 1 + b for a, n, g, b in sides)
        check(min(shape) >= 1, "C4", f"a padding of {padding} leaves {shape}")
        reduction = WindowReduction.of(
            BODIES[body], shape, window, strides, dilations, x.dtype, "C3"
        )
        placement = Placement(x.shape, low, gaps, shape)
        return cls(
            shapes=(reduction.shape,), placement=placement, reduction=reduction, dtype=x.dtype
        )

    def spec(self, x: Array, init: Array) -> Array:
        """x of any shape, init in its first element."""
        value = init.reshape(-1)[0]
        return self.reduction(self.placement(x, value), value)

    def lower(self, site: Site) -> None:
        """The input with its border in scratch memory, then one pass over all windows."""
        x = View.of(site.read(0))
        if self.placement.inner != self.placement.shape:
            whole = View.of(replace(site.read(0), shape=self.placement.shape))
            around = replace(whole, offset=site.scratch(math.prod(whole.shape) * whole.size))
            self.placement.lower(site, site.read(0), around, first_element(site, 1))
            x = around
        self.reduction.lower(site, x, site.read(1), self.dtype)
