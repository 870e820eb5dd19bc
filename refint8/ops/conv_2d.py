"""CONV_2D: slide OHWI weights over an NHWC image.

acc[n,y,x,o] = bias[o] + sum over j,i,c of
               (in[n, y*sh + j*dh - pad_h, x*sw + i*dw - pad_w, g(o)*C + c] - zp_in)
               * (w[o,j,i,c] - zp_w)
out          = clamp(requantize(acc, channel=o) + zp_out, low, high)

Taps outside the image contribute nothing. Channels fall into groups = input channels / C of the
weights; output channel o belongs to group g(o) = o / (output channels / groups). zp_w is 0 but
for legacy uint8. int8 and uint8 sum in int32, int16 in int64 or int32 by the rule `bias_width`.

C1  input and weights have rank 4, the bias one value per output channel
C2  input channels are a multiple of the weights' input channels, output channels of the groups
C3  weights have one scale or (signed) one per output channel, and are symmetric unless uint8
C4  int16 activations have zero point 0
C5  under the rule bias_width=option, a bias is as wide as quantized_bias_type says
C6  weights are int16 only under the rule int16_filter=bytes

Semantics: LiteRT `kernels/conv.cc` and `reference/integer_ops/conv.h`, ai-edge-litert 2.3.0
(NUMERICS §2, §7; CORRECTIONS items 5, 14, 16).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._convolution import (
    SumOfProducts,
    check_bias,
    check_channel_scales,
    check_filter_dtype,
    check_symmetric_int16,
    check_symmetric_weights,
    convolution_requantizer,
    filter_values,
    wide_accumulator,
)
from refint8.ops._gemm import matmul
from refint8.ops._op import Array, Node, check, operator
from refint8.ops._product_kernel import Windows, lower_product
from refint8.ops._window import Window


@operator(
    "CONV_2D",
    versions=range(1, 9),
    dtypes=(
        "UINT8,UINT8,INT32?->UINT8",
        "INT8,INT8|INT4,INT32?->INT8",
        "INT16,INT8|INT4|INT16,INT32|INT64?->INT16",
    ),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Conv2D(SumOfProducts):
    """The integer record."""

    window: Window

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C6, window, requantizer."""
        x, w, bias, out = node.input(0), node.input(1), node.optional_input(2), node.output
        check(
            len(x.shape) == len(w.shape) == 4,
            "C1",
            f"input {x.shape} and weights {w.shape} must have rank 4",
        )
        outputs, kh, kw, depth = w.shape
        check_bias(bias, outputs, "C1")
        groups = x.shape[3] // depth if depth else 0
        check(
            groups > 0 and x.shape[3] == groups * depth and outputs % groups == 0,
            "C2",
            f"{x.shape[3]} input channels do not fit weights {w.shape}",
        )
        check_channel_scales(w, 0, "C3")
        check_symmetric_weights(w, "C3")
        check_symmetric_int16(x, out, "C4")
        wide = wide_accumulator(node, x, bias, "C5")
        check_filter_dtype(node, w, "C6")
        options = node.options
        dilation = (int(options["dilation_h_factor"]), int(options["dilation_w_factor"]))
        window = Window.of(options, (x.shape[1], x.shape[2]), (kh, kw), dilation)
        own = groups > 1 and node.rules.grouped_convolution == "general"
        family = node.rules.requantize if own else None
        requantize = convolution_requantizer(node, x, w, outputs, wide=wide, family=family)
        return cls(
            shapes=(window.output_shape(x.shape[0], outputs),),
            window=window,
            **cls.common(node, x, w.zero_point, requantize, wide=wide),
        )

    def spec(self, x: Array, w: Array, bias: Array | None = None) -> Array:
        """x [n, h, w, c], w [o, kh, kw, c / groups], bias [o] to [n, out_h, out_w, o]."""
        patches = self.window.patches(x.astype(np.int64) - self.input_zero_point)
        weights = filter_values(w) - self.weights_zero_point
        depth = w.shape[3]
        groups = x.shape[3] // depth
        per_group = w.shape[0] // groups
        sums = [
            matmul(
                patches[..., g * depth : (g + 1) * depth].reshape(-1, w[0].size),
                weights[g * per_group : (g + 1) * per_group].reshape(per_group, -1).T,
            )
            for g in range(groups)
        ]
        shape = (*patches.shape[:3], w.shape[0])
        return self.output(np.concatenate(sums, axis=1).reshape(shape), bias)

    def lower(self, site: Site) -> None:
        """A matrix product over windows, one for each group."""
        x, weights = site.read(0), filter_values(site.constant_input(1))
        bias = site.optional_constant(2)
        outputs, depth = weights.shape[0], weights.shape[3]
        groups = x.shape[3] // depth
        per_group = outputs // groups
        item = x.dtype.itemsize
        windows = Windows.of(site, self, x, self.window)
        for group in range(groups):
            rows = windows.rows(group * depth * item, depth * item)
            channels = slice(group * per_group, (group + 1) * per_group)
            lower_product(
                site,
                self,
                rows,
                weights[channels].reshape(per_group, len(rows.lines), -1),
                None if bias is None else bias[channels],
                (site.output.offset + group * per_group * item, outputs * item),
                channels,
            )
