"""DEPTHWISE_CONV_2D: every input channel has filters of its own, M of them.

acc[n,y,x,c*M+m] = bias[c*M+m] + sum over j,i of
                   (in[n, y*sh + j*dh - pad_h, x*sw + i*dw - pad_w, c] - zp_in)
                   * (w[0,j,i,c*M+m] - zp_w)
out              = clamp(requantize(acc, channel=c*M+m) + zp_out, low, high)

Taps outside the image contribute nothing. M, the depth multiplier, follows from the shapes. zp_w
is 0 but for legacy uint8. int8 and uint8 sum in int32, int16 always in int64.

C1  input and weights have rank 4, the bias one value per output channel
C2  weights are [1, h, w, a multiple of the input channels]
C3  weights have one scale or (signed) one per output channel; signed ones are symmetric, unless
    the rule filter_zero_point=ignored
C4  int16 activations have zero point 0
C5  with int16 activations the option depth_multiplier is M, as the engine takes it from there
C6  weights are int16 only under the rule int16_filter=bytes

Semantics: LiteRT `kernels/depthwise_conv.cc`, `reference/integer_ops/depthwise_conv.h`,
ai-edge-litert 2.3.0 (NUMERICS §2; CORRECTIONS items 14, 16).
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
    convolution_requantizer,
    filter_values,
    in_lanes,
    subtracted_zero_point,
)
from refint8.ops._depthwise_kernel import lower_depthwise
from refint8.ops._op import Array, Node, check, operator
from refint8.ops._product_kernel import Windows, lower_product
from refint8.ops._window import Window


@operator(
    "DEPTHWISE_CONV_2D",
    versions=range(1, 8),
    dtypes=(
        "UINT8,UINT8,INT32?->UINT8",
        "INT8,INT8|INT4,INT32?->INT8",
        "INT16,INT8|INT16,INT64?->INT16",
    ),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class DepthwiseConv2D(SumOfProducts):
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
        one, kh, kw, outputs = w.shape
        check_bias(bias, outputs, "C1")
        channels = x.shape[3]
        multiplier = outputs // channels if channels else 0
        check(
            one == 1 and multiplier > 0 and outputs == multiplier * channels,
            "C2",
            f"{channels} input channels do not fit weights {w.shape}",
        )
        check_channel_scales(w, 3, "C3")
        zero_point = subtracted_zero_point(node, w, "C3")
        check_symmetric_int16(x, out, "C4")
        options = node.options
        check(
            x.dtype != "INT16" or options["depth_multiplier"] == multiplier,
            "C5",
            f"depth_multiplier is {options['depth_multiplier']}, the shapes say {multiplier}",
        )
        check_filter_dtype(node, w, "C6")
        dilation = (int(options["dilation_h_factor"]), int(options["dilation_w_factor"]))
        window = Window.of(options, (x.shape[1], x.shape[2]), (kh, kw), dilation)
        wide = x.dtype == "INT16"
        own = x.dtype == "UINT8" and node.rules.depthwise_uint8 == "general"
        family = node.rules.requantize if own else None
        requantize = convolution_requantizer(node, x, w, outputs, wide=wide, family=family)
        return cls(
            shapes=(window.output_shape(x.shape[0], outputs),),
            window=window,
            **cls.common(node, x, zero_point, in_lanes(node, x, requantize), wide=wide),
        )

    def spec(self, x: Array, w: Array, bias: Array | None = None) -> Array:
        """x [n, h, w, c], w [1, kh, kw, c * M], bias [c * M] to [n, out_h, out_w, c * M]."""
        patches = self.window.patches(x.astype(np.int64) - self.input_zero_point)
        _, kh, kw, outputs = w.shape
        weights = filter_values(w) - self.weights_zero_point
        weights = weights.reshape(kh, kw, x.shape[3], -1)
        sums = np.zeros((*patches.shape[:3], *weights.shape[2:]), np.int64)
        for j, i in np.ndindex(kh, kw):
            sums += patches[:, :, :, j, i, :, np.newaxis] * weights[j, i]
        return self.output(sums.reshape(*patches.shape[:3], outputs), bias)

    def lower(self, site: Site) -> None:
        """The row loop over channels; with several filters each, a matrix product a channel."""
        x, w = site.read(0), filter_values(site.constant_input(1))
        bias = site.optional_constant(2)
        channels, outputs = x.shape[3], w.shape[3]
        if outputs == channels > 1:
            weights = w[0] - self.weights_zero_point
            lower_depthwise(site, self, x, self.window, weights, bias)
            return
        filters, item = outputs // channels, x.dtype.itemsize
        windows = Windows.of(site, self, x, self.window)
        for channel in range(channels):
            rows = windows.rows(channel * item, item)
            chosen = slice(channel * filters, (channel + 1) * filters)
            lower_product(
                site,
                self,
                rows,
                w[0, :, :, chosen].reshape(len(rows.lines), -1, filters).transpose(2, 0, 1),
                None if bias is None else bias[chosen],
                (site.output.offset + channel * filters * item, outputs * item),
                chosen,
            )
