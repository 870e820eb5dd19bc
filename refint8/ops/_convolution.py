"""What the three convolutions and FULLY_CONNECTED share: conditions, scales, and the way from
sums of products to output values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from refint8.errors import DomainError
from refint8.model.types import NUMPY_DTYPE
from refint8.numerics.accumulator import Accumulator
from refint8.numerics.fixedpoint import Ints, clamp
from refint8.numerics.lanes import ChannelLanes, FlatLanes, in_whole_vectors
from refint8.numerics.recording import note
from refint8.numerics.requantize import Requantizer, requantizer
from refint8.numerics.rounding_up import DoubleRoundingUp
from refint8.numerics.scales import (
    product_ratio_float32,
    product_ratio_float64,
    product_ratio_mixed,
)
from refint8.ops._fused_clamp import fused_clamp
from refint8.ops._op import Array, Node, Operand, Record, check


@dataclass(frozen=True, eq=False, kw_only=True)
class SumOfProducts(Record):
    """A record whose output is requantized sums of products, channels last.

    out = clamp(requantize(sums + bias, channel) + output_zero_point, low, high)

    `wide`: the sums have 64 bits and are not narrowed. Everything else is 32 bits wide.
    """

    requantize: Requantizer
    accumulator: Accumulator
    wide: bool
    input_zero_point: int
    weights_zero_point: int
    output_zero_point: int
    clamp: tuple[int, int]
    dtype: str

    @staticmethod
    def common(
        node: Node, x: Operand, weights_zero_point: int, requantize: Requantizer, *, wide: bool
    ) -> dict[str, Any]:
        """The fields above, for the constructor."""
        out = node.output
        return {
            "requantize": requantize,
            "accumulator": Accumulator(node.rules.accumulator),
            "wide": wide,
            "input_zero_point": x.zero_point,
            "weights_zero_point": weights_zero_point,
            "output_zero_point": out.zero_point,
            "clamp": fused_clamp(node),
            "dtype": out.dtype,
        }

    def output(self, sums: Ints, bias: Array | None) -> Array:
        """Exact sums [..., channels] to the output's values."""
        note("sum of products", "of the differences from the zero points", sums)
        acc = sums if bias is None else sums + bias.astype(np.int64)
        if bias is not None:
            note("+ bias", "sum + bias", acc, sum=sums, bias=bias)
        if not self.wide:
            acc = self.accumulator(acc)
        scaled = self.requantize(acc)
        steps = self.accumulator(scaled + self.output_zero_point)
        note("+ zero point", "x + zp", steps, x=scaled, zp=self.output_zero_point)
        return clamp(steps, *self.clamp).astype(NUMPY_DTYPE[self.dtype])


def effective_scales(x: Operand, w: Operand, out: Operand, channels: int) -> list[float]:
    """input scale * weight scale / output scale per output channel.

    int8 and int16 activations: all in double, also with a single weight scale. uint8 (the legacy
    per-tensor kernels): the product in float32 (NUMERICS §1, CORRECTIONS item 14).
    """
    if x.dtype == "UINT8":
        return [product_ratio_mixed(x.scale, w.scale, out.scale)] * channels
    scales = np.broadcast_to(w.scales, (channels,))
    return [product_ratio_float64(x.scale, float(scale), out.scale) for scale in scales]


def convolution_family(node: Node, x: Operand) -> str:
    """The requantization family of 32-bit sums: an alternative of the rule `requantize`."""
    rules = node.rules
    chosen = rules.convolution_int16 if x.dtype == "INT16" else rules.convolution
    return rules.requantize if chosen == "general" else chosen


def convolution_requantizer(
    node: Node,
    x: Operand,
    w: Operand,
    channels: int,
    *,
    wide: bool,
    family: str | None = None,
) -> Requantizer:
    """The requantizer per output channel, by the accumulator's width and the rules.

    `family` is for 32-bit sums, None what the rules say about convolutions in general.
    """
    family = family or convolution_family(node, x)
    if family == "float32" and not wide:
        scales = np.broadcast_to(w.scales, (channels,))
        return requantizer(
            [product_ratio_float32(x.scale, float(s), node.output.scale) for s in scales],
            node.rules,
            family=family,
        )
    return requantizer(
        effective_scales(x, w, node.output, channels), node.rules, wide=wide, family=family
    )


CHANNEL_VECTOR, UINT8_VECTOR = 8, 16


def in_lanes(node: Node, x: Operand, requantize: Requantizer) -> Requantizer:
    """Ties up only in whole vectors, where the rule `convolution_lanes` says so.

    Vectors of channels, or for uint8, whose kernel has one factor for all channels, of elements.
    """
    if node.rules.convolution_lanes == "all" or not isinstance(requantize, DoubleRoundingUp):
        return requantize
    factor, left_shift = (requantize.multiplier, requantize.shift), requantize.left_shift
    if x.dtype == "UINT8":
        return FlatLanes(factor[0][:1], factor[1][:1], UINT8_VECTOR, left_shift)
    return ChannelLanes(*factor, in_whole_vectors(factor[0].size, CHANNEL_VECTOR), left_shift)


def wide_accumulator(
    node: Node, x: Operand, bias: Operand | None, label: str, *, unset: str = "INT64"
) -> bool:
    """Whether int16 activations are summed in 64 bits; those of 8 bits never are.

    The rule `bias_width` says what decides. "tensor": the bias's own dtype, and without a bias
    the option `quantized_bias_type`. "option": the option alone, which means `unset` when it is
    not set. The engine then reads the bias at that width whatever its dtype, and past its end
    (CORRECTIONS item 5), so a bias of the other width is outside the defined domain.
    """
    if x.dtype != "INT16":
        return False
    option = str(node.options.get("quantized_bias_type", "FLOAT32"))
    width = unset if option == "FLOAT32" else option
    if bias is None:
        return width == "INT64"
    if node.rules.bias_width == "option" and bias.dtype != width:
        raise DomainError(
            f"the bias is {bias.dtype}, but the engine reads {width} values"
            f" (quantized_bias_type is {option})",
            label=label,
            hint="set quantized_bias_type in the model, or use a profile that goes by the bias",
        )
    return bias.dtype == "INT64"


def check_bias(bias: Operand | None, channels: int, label: str) -> None:
    """A bias, where there is one, has one value per output channel."""
    check(
        bias is None or int(np.prod(bias.shape)) == channels,
        label,
        f"bias {bias.shape if bias else ()} must have one value per output channel, {channels}",
    )


def check_channel_scales(w: Operand, axis: int, label: str) -> None:
    """Weights have one scale, or if signed one per output channel along `axis`."""
    count = w.scales.size
    check(
        count == 1 or (count == w.shape[axis] and w.dtype != "UINT8"),
        label,
        f"weights of {w.dtype} have {count} scales and {w.shape[axis]} output channels",
    )


def check_symmetric_weights(w: Operand, label: str) -> None:
    """Signed weights have zero point 0."""
    others = w.zero_points[w.zero_points != 0]
    check(
        w.dtype == "UINT8" or not others.size,
        label,
        f"weights of {w.dtype} must be symmetric, a zero point is {others[:1]}",
        "convert with symmetric weights",
    )


def subtracted_zero_point(node: Node, w: Operand, label: str) -> int:
    """What a kernel for symmetric weights subtracts from them: 0, but for legacy uint8.

    Other zero points are refused under `label`, unless the rule `filter_zero_point` says that
    the engine ignores them.
    """
    if w.dtype == "UINT8":
        return w.zero_point
    if w.dtype != "INT8" or node.rules.filter_zero_point == "refused":
        check_symmetric_weights(w, label)
    return 0


def check_symmetric_int16(x: Operand, out: Operand, label: str) -> None:
    """int16 activations have zero point 0."""
    check(
        x.dtype != "INT16" or x.zero_point == out.zero_point == 0,
        label,
        f"int16 zero points must be 0, not {x.zero_point} and {out.zero_point}",
    )


def check_filter_dtype(node: Node, w: Operand, label: str) -> None:
    """Filters of int16 are refused, unless the rule `int16_filter` says to read their bytes."""
    check(
        w.dtype != "INT16" or node.rules.int16_filter == "bytes",
        label,
        "int16 weights: the engine has no kernel for them and reads their bytes as int8",
        "make the weights a constant, so that the converter quantizes them to int8",
    )


def filter_values(w: Array) -> Array:
    """The filter as int64. Of int16 values only the first bytes are read, each as an int8:
    a low byte, its high byte, the next low byte, ... (CORRECTIONS item 16).
    """
    if w.dtype == np.int16:
        w = w.astype("<i2").reshape(-1).view(np.int8)[: w.size].reshape(w.shape)
    return w.astype(np.int64)
