"""MEAN: the average over some axes.

8 and 16 bits: out = clamp(requantize(sum(in) - N * zp_in) + zp_out), N elements in each sum, with
the division by N folded into the multiplier of scale_in / scale_out (`divide_multiplier`).

Under the rule mean_image=vectors, over height and width of an 8-bit image with keep_dims:
out = clamp(requantize(sum(in), by f32(s_in / f32(N * s_out))) + zp_out - int(t +- 0.5)), where
t = f32(f32(zp_in * s_in) / s_out), and the last rounding depends on the channel.

8 bits under the rule reduction=float32, in **float32**:
out = clamp(round_half_even(sum(in) * k + z)), k = (scale_in / scale_out) * (1 / N),
z = zp_out - (N * zp_in) * k

int32 and int64: out = sum(in) / N, truncated toward zero, the sum in 64 bits; no scales.

C1  axes lie within the input's rank
C2  int16 activations have zero point 0
C3  there is at least one element to average

Semantics: LiteRT `kernels/reduce.cc`, QuantizedMeanOrSum in `reference/reduce.h`,
ai-edge-litert 2.3.0 (NUMERICS §7; CORRECTIONS item 19).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from refint8.model.types import NUMPY_DTYPE
from refint8.native.lowering import Site
from refint8.numerics.accumulator import Accumulator
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.fixedpoint import clamp, truncating_divide
from refint8.numerics.lanes import ChannelLanes, in_whole_vectors
from refint8.numerics.recording import note
from refint8.numerics.requantize import (
    Requantizer,
    double_rounding,
    float_to_int32,
    mean_requantizer,
)
from refint8.numerics.rules import Rules
from refint8.numerics.scales import ratio_float64
from refint8.ops._convolution import check_symmetric_int16
from refint8.ops._op import Array, Node, Operand, Record, check, operator
from refint8.ops._reduce import Reduction, sum_in_float32
from refint8.ops._reduce_kernel import lower_integer_sum, lower_requantized_sum

IMAGE_VECTOR = 16


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
        requantize, zero_points = _arithmetic(node, reduction)
        return cls(
            shapes=(reduction.shape,),
            reduction=reduction,
            requantize=requantize,
            accumulator=Accumulator(node.rules.accumulator),
            input_zero_point=zero_points[0],
            output_zero_point=zero_points[1],
            dtype=out.dtype,
        )

    def spec(self, x: Array, _axes: Array | None = None) -> Array:
        """x of any shape to the reduced shape."""
        total = self.reduction(np.add, x.astype(np.int64))
        count = self.reduction.count
        if self.requantize is None:
            return truncating_divide(total, count).astype(NUMPY_DTYPE[self.dtype])
        note("sum", "of the raw values", total)
        centred = total - count * self.input_zero_point
        operands: dict[str, Any] = {"sum": total, "count": count, "zp": self.input_zero_point}
        note("- count * zero point", "sum - count * zp", centred, **operands)
        scaled = self.requantize(self.accumulator(centred))
        steps = self.accumulator(scaled + self.output_zero_point)
        note("+ zero point", "x + zp", steps, x=scaled, zp=self.output_zero_point)
        return clamp(steps, *DTYPE_RANGE[self.dtype]).astype(NUMPY_DTYPE[self.dtype])

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


def _arithmetic(node: Node, reduction: Reduction) -> tuple[Requantizer | None, tuple[int, int]]:
    """The requantizer, and what is subtracted from each element and added to the result."""
    x, out, rules = node.input(0), node.output, node.rules
    if x.dtype in ("INT32", "INT64"):
        return None, (0, 0)
    in_float32 = sum_in_float32(node, reduction.count, mean=True)
    if in_float32 is not None:
        return in_float32, (0, 0)
    over_image = len(x.shape) == 4 and reduction.keep_dims and reduction.axes == (1, 2)
    if rules.mean_image == "vectors" and over_image and x.dtype != "INT16":
        return _image_requantizer(x, out, reduction, rules), (0, _image_offset(x, out))
    ratio = ratio_float64(x.scale, out.scale)
    return mean_requantizer(ratio, reduction.count, rules), (x.zero_point, out.zero_point)


def _image_requantizer(
    x: Operand, out: Operand, reduction: Reduction, rules: Rules
) -> ChannelLanes:
    """By f32(s_in / f32(N * s_out)), in vectors of channels."""
    with np.errstate(all="ignore"):
        divisor = np.float32(reduction.count) * np.float32(out.scale)
        real = float(np.float32(x.scale) / divisor)
    factor = double_rounding(real, rules)
    up = in_whole_vectors(reduction.shape[3], IMAGE_VECTOR)
    return ChannelLanes(factor.multiplier, factor.shift, up, factor.left_shift)


def _image_offset(x: Operand, out: Operand) -> int:
    """zp_out - trunc(t +- 0.5), t = f32(f32(zp_in * s_in) / s_out)."""
    with np.errstate(all="ignore"):
        t = np.float32(x.zero_point) * np.float32(x.scale) / np.float32(out.scale)
        moved = np.float32(t + np.float32(0.5 if t > 0 else -0.5))
    return out.zero_point - int(float_to_int32(np.trunc(np.float64(moved)), "x86"))
