"""FULLY_CONNECTED: a matrix of weights times every row of the input.

acc[b,o] = bias[o] + sum over k of (in[b,k] - zp_in) * (w[o,k] - zp_w)
out      = clamp(requantize(acc, channel=o) + zp_out, low, high)

The input is flattened to rows of w's depth; with keep_num_dims the output keeps its leading
dimensions. Weights with one scale may have a zero point, weights with a scale per output channel
have none. int8 and uint8 sum in int32, int16 in int64 or int32 by the rule `bias_width`, int16
with int16 weights always in int64.

The requantizer is that of the convolutions, with the rule `fully_connected_scale` for a single
scale; the rule `fully_connected` may make it a rounded product with a double. For int16 weights,
and for weights that are stored sparsely, it is always that of the rule `requantize`. The latter
are expanded beforehand. Under fully_connected=float64_reference an option quantized_bias_type
that is not set means the bias's own width, and 32 bits without one.

C1  weights have rank 2, the bias one value per output channel
C2  the input is a multiple of the weights' depth; with keep_num_dims its last dimension is
C3  weights have one scale or (signed) one per output channel; with several scales or less than 8
    bits they are symmetric, unless (int8) the rule filter_zero_point=ignored
C4  weights_format is DEFAULT
C5  int16 activations have zero point 0
C6  under the rule bias_width=option, a bias is as wide as quantized_bias_type says
C7  weights stored sparsely are int8, without a zero point, of int8 activations

Semantics: LiteRT `kernels/fully_connected.cc`, `reference/integer_ops/fully_connected.h`,
ai-edge-litert 2.3.0; TFLM `kernels/fully_connected.cc` (CORRECTIONS items 5, 13).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import NotFastError, Site
from refint8.numerics.requantize import Requantizer, float64_rounding, requantizer
from refint8.numerics.scales import PRODUCT_RATIO
from refint8.ops._convolution import (
    SumOfProducts,
    check_bias,
    check_channel_scales,
    check_symmetric_int16,
    convolution_family,
    convolution_requantizer,
    effective_scales,
    subtracted_zero_point,
    wide_accumulator,
)
from refint8.ops._gemm import matmul
from refint8.ops._op import Array, Node, Operand, Shape, check, operator
from refint8.ops._product_kernel import Rows, lower_product


@operator(
    "FULLY_CONNECTED",
    versions=range(1, 15),
    dtypes=(
        "UINT8,UINT8,INT32?->UINT8|INT16",
        "INT8,INT8|INT4|INT2,INT32?->INT8",
        "INT16,INT8|INT4|INT2|INT16,INT32|INT64?->INT16",
    ),
    sparse=(1,),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class FullyConnected(SumOfProducts):
    """The integer record."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C7, requantizer."""
        x, w, bias = node.input(0), node.input(1), node.optional_input(2)
        check(len(w.shape) == 2, "C1", f"weights {w.shape} must have rank 2")
        check_bias(bias, w.shape[0], "C1")
        shape = _output_shape(x, w, keep=bool(node.options.get("keep_num_dims", False)))
        check_channel_scales(w, 0, "C3")
        zero_point = w.zero_point
        if w.per_channel or w.dtype in ("INT4", "INT2"):
            zero_point = subtracted_zero_point(node, w, "C3")
        layout = node.options.get("weights_format", "DEFAULT")
        check(layout == "DEFAULT", "C4", f"weights in the format {layout} are not supported")
        check_symmetric_int16(x, node.output, "C5")
        check(
            w.sparsity is None or (x.dtype == w.dtype == "INT8" and not w.zero_points.any()),
            "C7",
            f"{w.dtype} weights with zero point {w.zero_point}, for {x.dtype}, are sparse",
            "convert the model with dense weights",
        )
        both_int16 = w.dtype == "INT16"
        wide = wide_accumulator(node, x, bias, "C6", unset=_unset_width(node, w, bias))
        wide = wide or both_int16
        return cls(
            shapes=(shape,),
            **cls.common(node, x, zero_point, _requantizer(node, x, w, wide=wide), wide=wide),
        )

    def spec(self, x: Array, w: Array, bias: Array | None = None) -> Array:
        """x [..., k] or any b * k values, w [o, k], bias [o] to [..., o] or [b, o]."""
        rows = x.reshape(-1, w.shape[1]).astype(np.int64) - self.input_zero_point
        sums = matmul(rows, (w.astype(np.int64) - self.weights_zero_point).T)
        return self.output(sums, bias).reshape(self.shapes[0])

    def lower(self, site: Site) -> None:
        """One matrix product."""
        x, w = site.read(0), site.constant_input(1)
        if w.dtype == np.int16:
            raise NotFastError("int16 weights have no kernel")
        units, depth = w.shape
        item = x.dtype.itemsize
        lines = np.zeros(1, np.int64)
        rows = Rows(x.dtype.name.upper(), x.offset, x.size // depth, depth * item, None, lines)
        out = (site.output.offset, units * item)
        bias = site.optional_constant(2)
        lower_product(site, self, rows, w.astype(np.int64)[:, np.newaxis], bias, out)


def _output_shape(x: Operand, w: Operand, *, keep: bool) -> Shape:
    """C2: [..., units] with keep_num_dims, [rows, units] without."""
    units, depth = w.shape
    size = int(np.prod(x.shape))
    check(
        depth > 0 and size % depth == 0 and (not keep or x.shape[-1:] == (depth,)),
        "C2",
        f"an input of {x.shape} does not fit weights {w.shape}",
    )
    return (*x.shape[:-1], units) if keep else (size // depth, units)


def _unset_width(node: Node, w: Operand, bias: Operand | None) -> str:
    """What an option quantized_bias_type that is not set means to the kernel."""
    if w.dtype == "INT16":
        return "INT32"
    if node.rules.fully_connected != "float64_reference":
        return "INT64"
    return "INT32" if bias is None else bias.dtype


def _requantizer(node: Node, x: Operand, w: Operand, *, wide: bool) -> Requantizer:
    out, rules = node.output, node.rules
    own_kernel = w.sparsity is not None or w.dtype == "INT16"
    family = rules.requantize if own_kernel else convolution_family(node, x)
    if family == "float32" and not wide:
        return convolution_requantizer(node, x, w, w.shape[0], wide=wide, family=family)
    reference = rules.fully_connected == "float64_reference" and (
        x.dtype == "INT16" and (wide or w.zero_point != 0)
    )
    scales: float | list[float]
    if w.per_channel:
        scales = effective_scales(x, w, out, w.shape[0])
    else:
        precision = "float64" if reference else rules.fully_connected_scale
        product_ratio = PRODUCT_RATIO["mixed" if own_kernel else precision]
        scales = product_ratio(x.scale, w.scale, out.scale)
    if (rules.fully_connected == "float64" or reference) and not own_kernel:
        return float64_rounding(scales, rules)
    return requantizer(scales, rules, wide=wide, family=family)
