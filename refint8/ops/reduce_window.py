"""REDUCE_WINDOW: windows over a tensor, each combined to one value.

out[o] = f(... f(f(init, in[o * s]), in[o * s + d]) ..., in[o * s + (w - 1) * d]) along every axis,
row by row: the second input is init, then come the windows' sizes w, strides s and dilations d. An
axis of size n gets floor((n - (w - 1) * d - 1) / s) + 1 elements, at least 0. f is the option
`reduce_function`: ADD and MUL in the dtype's low bits, MINIMUM, MAXIMUM, and ALL and ANY, which
give 0 or 1.

C1  the rank is 1 to 6, init has an element (the first counts)
C2  sizes, strides and dilations are vectors of one number per axis, at least 1
C3  `reduce_function` is known, and not ADD for BOOL

Quantization is not looked at: the integers are combined, whatever they stand for.

Semantics: LiteRT `kernels/stablehlo_reduce_window.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

from refint8.native.lowering import Site
from refint8.ops._copy_kernel import View
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._window_reduction import DTYPES, WindowReduction


@operator(
    "REDUCE_WINDOW",
    versions=range(1, 2),
    dtypes=rows("{T},{T},INT64,INT64,INT64->{T}", DTYPES),
    values=(2, 3, 4),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class ReduceWindow(Record):
    """The integer record."""

    reduction: WindowReduction
    dtype: str

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, the shape."""
        x, init = node.input(0), node.input(1).shape
        check(1 <= len(x.shape) <= 6 and math.prod(init) >= 1, "C1", f"{x.shape}, init {init}")
        vectors = [node.input(position) for position in (2, 3, 4)]
        numbers = [vector.integers() for vector in vectors]
        check(
            all(vector.shape == (len(x.shape),) for vector in vectors)
            and min(min(values) for values in numbers) >= 1,
            "C2",
            f"windows {numbers[0]}, strides {numbers[1]}, dilations {numbers[2]} over {x.shape}",
        )
        function = str(node.options["reduce_function"])
        reduction = WindowReduction.of(
            function, x.shape, numbers[0], numbers[1], numbers[2], x.dtype, "C3"
        )
        return cls(shapes=(reduction.shape,), reduction=reduction, dtype=x.dtype)

    def spec(self, x: Array, init: Array, *_window: Array) -> Array:
        """x of any shape, init in its first element."""
        return self.reduction(x, init.reshape(-1)[0])

    def lower(self, site: Site) -> None:
        """One pass over all windows."""
        self.reduction.lower(site, View.of(site.read(0)), site.read(1), self.dtype)
