"""TRANSPOSE_CONV: every input pixel is multiplied into a patch of the output.

acc[n, y*sh + j - pad_h, x*sw + i - pad_w, o] += (in[n,y,x,c] - zp_in) * (w[o,j,i,c] - zp_w)
out = clamp(requantize(acc + bias, channel=o) + zp_out, low, high)

What falls outside the output is dropped. The first input is the output's shape; the padding is
that of a CONV_2D from this output to the input. zp_w is 0 but for legacy uint8. int8 and uint8 sum
in int32, int16 by the rule `transpose_conv_int16`.

C1  input and weights have rank 4, the output shape four values, the bias one per output channel
C2  output shape, weights and input agree in batches and channels
C3  weights have one scale or (signed) one per output channel; signed ones are symmetric, unless
    the rule filter_zero_point=ignored
C4  int16 activations have zero point 0
C5  under the rule bias_width=option, a bias is as wide as quantized_bias_type says
C6  under the rule transpose_conv_int16=wide, the bias of int16 activations is int64
C7  a CONV_2D with these options makes the input's height and width out of the output's

Semantics: LiteRT `kernels/transpose_conv.cc`, `reference/integer_ops/transpose_conv.h`,
ai-edge-litert 2.3.0; TFLM `kernels/transpose_conv.cc` (CORRECTIONS items 5, 14, 25).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.errors import DomainError
from refint8.native.lowering import Site
from refint8.ops._convolution import (
    SumOfProducts,
    check_bias,
    check_channel_scales,
    check_symmetric_int16,
    convolution_requantizer,
    in_lanes,
    subtracted_zero_point,
    wide_accumulator,
)
from refint8.ops._gemm import matmul
from refint8.ops._op import Array, Node, Operand, check, operator
from refint8.ops._transpose_conv_kernel import lower_transpose_conv
from refint8.ops._window import Window


def _wide(node: Node, x: Operand, bias: Operand | None) -> bool:
    """C5 and C6: whether the sums have 64 bits."""
    if x.dtype != "INT16" or node.rules.transpose_conv_int16 == "bias_width":
        return wide_accumulator(node, x, bias, "C5")
    if bias is not None and bias.dtype != "INT64":
        raise DomainError(
            f"the bias is {bias.dtype}, but the engine reads INT64 values, past its end",
            label="C6",
            hint="convert the model with a 64-bit bias for this runtime",
        )
    return True


@operator(
    "TRANSPOSE_CONV",
    versions=range(1, 6),
    dtypes=(
        "INT32,UINT8,UINT8,INT32?->UINT8",
        "INT32,INT8,INT8,INT32?->INT8",
        "INT32,INT8,INT16,INT32|INT64?->INT16",
    ),
    values=(0,),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class TransposeConv(SumOfProducts):
    """The integer record. `window` goes over the output: its `out` is the input's size."""

    window: Window

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C7, window, requantizer."""
        shape, w, x, out = node.input(0).integers(), node.input(1), node.input(2), node.output
        bias = node.optional_input(3)
        check(
            len(x.shape) == len(w.shape) == len(shape) == 4,
            "C1",
            f"input {x.shape}, weights {w.shape} and output shape {shape} must have rank 4",
        )
        outputs, kh, kw, depth = w.shape
        check_bias(bias, outputs, "C1")
        check(
            (shape[0], shape[3], depth) == (x.shape[0], outputs, x.shape[3]) and depth > 0,
            "C2",
            f"input {x.shape} and weights {w.shape} do not make an output of {shape}",
        )
        check_channel_scales(w, 0, "C3")
        zero_point = subtracted_zero_point(node, w, "C3")
        check_symmetric_int16(x, out, "C4")
        wide = _wide(node, x, bias)
        window = Window.of(node.options, (shape[1], shape[2]), (kh, kw))
        check(
            window.out == x.shape[1:3],
            "C7",
            f"an output of {shape[1:3]} belongs to an input of {window.out}, not {x.shape[1:3]}",
        )
        requantize = convolution_requantizer(node, x, w, outputs, wide=wide)
        return cls(
            shapes=(shape,),
            window=window,
            **cls.common(node, x, zero_point, in_lanes(node, x, requantize), wide=wide),
        )

    def spec(self, _shape: Array | None, w: Array, x: Array, bias: Array | None = None) -> Array:
        """w [o, kh, kw, c], x [n, h, w, c], bias [o] to [n, out_h, out_w, o]."""
        n, height, width, channels = self.shapes[0]
        (kh, kw), (sh, sw), (top, left) = self.window.kernel, self.window.stride, self.window.pad
        rows, cols = x.shape[1], x.shape[2]
        pixels = x.astype(np.int64) - self.input_zero_point
        weights = w.astype(np.int64) - self.weights_zero_point
        canvas = np.zeros(
            (
                n,
                max(top + height, (rows - 1) * sh + kh),
                max(left + width, (cols - 1) * sw + kw),
                channels,
            ),
            np.int64,
        )
        for j, i in np.ndindex(kh, kw):
            patch = canvas[:, j : j + (rows - 1) * sh + 1 : sh, i : i + (cols - 1) * sw + 1 : sw]
            patch += matmul(pixels, weights[:, j, i].T)
        return self.output(canvas[:, top : top + height, left : left + width], bias)

    def lower(self, site: Site) -> None:
        """Matrix products by phases of the stride."""
        weights, bias = site.constant_input(1), site.optional_constant(3)
        lower_transpose_conv(site, self, site.read(2), self.window, weights, bias)
