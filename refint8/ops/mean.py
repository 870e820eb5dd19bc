"""MEAN: the average over some axes.

8 and 16 bits: out = clamp(requantize(sum(in) - N * zp_in) + zp_out), N elements in each sum, with
the division by N folded into the multiplier of scale_in / scale_out (`divide_multiplier`).

int32 and int64: out = sum(in) / N, truncated toward zero, the sum in 64 bits; no scales.

C1  axes lie within the input's rank
C2  int16 activations have zero point 0
C3  there is at least one element to average

Semantics: LiteRT `kernels/reduce.cc`, QuantizedMeanOrSum in `reference/reduce.h`,
ai-edge-litert 2.3.0 (NUMERICS §7; CORRECTIONS item 19).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.model.types import NUMPY_DTYPE
from refint8.native.lowering import Site
from refint8.numerics.accumulator import Accumulator
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.fixedpoint import truncating_divide
from refint8.numerics.requantize import Requantizer, mean_requantizer
from refint8.numerics.scales import ratio_float64
from refint8.ops._convolution import check_symmetric_int16
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._reduce import Reduction
from refint8.ops._reduce_kernel import lower_integer_sum, lower_requantized_sum


@operator(
    "MEAN",
    versions=range(1, 4),
    dtypes=(
        "UINT8,INT32->UINT8",
        "INT8,INT32->INT8",
        "INT16,INT32->INT16",
        "INT32,INT32->INT32",
        "INT64,INT32->INT64",
    ),
    values=(1,),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Mean(Record):
    """The integer record; `requantize` is None for plain integers."""

    reduction: Reduction
    requantize: Requantizer | None
    accumulator: Accumulator
    input_zero_point: int
    output_zero_point: int
    dtype: str

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, axes, requantizer."""
        x, out = node.input(0), node.output
        reduction = Reduction.of(node, "C1")
        check_symmetric_int16(x, out, "C2")
        check(reduction.count > 0, "C3", f"an input of {x.shape} has no element to average")
        plain = x.dtype in ("INT32", "INT64")
        requantize = (
            None
            if plain
            else mean_requantizer(ratio_float64(x.scale, out.scale), reduction.count, node.rules)
        )
        return cls(
            shapes=(reduction.shape,),
            reduction=reduction,
            requantize=requantize,
            accumulator=Accumulator(node.rules.accumulator),
            input_zero_point=0 if plain else x.zero_point,
            output_zero_point=0 if plain else out.zero_point,
            dtype=out.dtype,
        )

    def spec(self, x: Array, _axes: Array | None = None) -> Array:
        """x of any shape to the reduced shape."""
        total = self.reduction(np.add, x.astype(np.int64))
        count = self.reduction.count
        if self.requantize is None:
            return truncating_divide(total, count).astype(NUMPY_DTYPE[self.dtype])
        acc = self.accumulator(total - count * self.input_zero_point)
        steps = self.accumulator(self.requantize(acc) + self.output_zero_point)
        return np.clip(steps, *DTYPE_RANGE[self.dtype]).astype(NUMPY_DTYPE[self.dtype])

    def lower(self, site: Site) -> None:
        """Sums, then a division or requantization of each."""
        x = site.read(0)
        if self.requantize is None:
            lower_integer_sum(site, x, self.reduction, self.dtype, self.reduction.count)
            return
        zero_points = (self.input_zero_point, self.output_zero_point)
        lower_requantized_sum(
            site, x, self.reduction, self.dtype, self.requantize, self.accumulator, zero_points
        )
