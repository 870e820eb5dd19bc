"""Runtimes that are wrong in one way each: small, slow, and without any of the package's rules.

They read a model with the package's reader; the arithmetic is Python's unbounded integers.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from refint8.model.reader import read_model
from refint8.oracle.targets import Outcome


class Runtime:
    """CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED on int8, rounded twice as TFLite does.

    Subclasses override one method each. A `Target`.
    """

    profile = "tflite"

    @property
    def name(self):
        return type(self).__name__

    def describe(self):
        return f"{self.name} (a test's own)"

    def run(self, content, inputs, **_):
        model = read_model(content)
        graph = model.subgraphs[0]
        (op,) = graph.operators
        x, w, bias = (graph.tensors[index] for index in op.inputs)
        if x.dtype != "INT8":
            return Outcome("refused", detail=f"{x.dtype} is not supported")
        out = graph.tensors[op.outputs[0]]
        results = [{out.index: self.layer(op, x, given[x.index], w, bias, out)} for given in inputs]
        return Outcome("ran", tuple(results), complete=True)

    def layer(self, op, x, values, w, bias, out):
        weights = w.data
        if op.name == "FULLY_CONNECTED":
            values, weights = values.reshape(1, 1, 1, -1), weights.reshape(len(weights), 1, 1, -1)
            stride, same = 1, False
        else:
            stride, same = op.options["stride_h"], op.options["padding"] == "SAME"
        depthwise = op.name == "DEPTHWISE_CONV_2D"
        channels = weights.shape[3] if depthwise else weights.shape[0]
        kh, kw = weights.shape[1:3]
        shape = out.shape if len(out.shape) == 4 else (1, 1, 1, channels)
        zero = int(x.quantization.zero_points[0])
        pads = [
            self.padding(max(0, (o - 1) * stride + k - i)) if same else 0
            for o, k, i in zip(shape[1:3], (kh, kw), values.shape[1:3], strict=True)
        ]
        scales = [float(s) for s in w.quantization.scales]
        input_scale = x.quantization.scales[0]
        output_scale = float(out.quantization.scales[0])
        if op.name == "FULLY_CONNECTED" and len(scales) == 1:
            # TFLite multiplies the two scales in float32 here, and only here.
            factors = [float(input_scale * w.quantization.scales[0]) / output_scale] * channels
        else:
            factors = [
                self.factor(float(input_scale), scales, c, output_scale) for c in range(channels)
            ]
        centred = values.astype(np.int64) - zero
        result = np.zeros(shape, np.int8)
        for y in range(shape[1]):
            for column in range(shape[2]):
                patch = np.full((kh, kw, values.shape[3]), self.outside(zero), np.int64)
                for j in range(kh):
                    for i in range(kw):
                        row, col = y * stride + j - pads[0], column * stride + i - pads[1]
                        if 0 <= row < values.shape[1] and 0 <= col < values.shape[2]:
                            patch[j, i] = centred[0, row, col]
                if depthwise:
                    sums = (patch * weights[0].astype(np.int64)).sum(axis=(0, 1))
                else:
                    sums = (patch * weights.astype(np.int64)).sum(axis=(1, 2, 3))
                for c in range(channels):
                    acc = self.register(int(sums[c]) + int(bias.data[c]))
                    step = self.requantize(acc, factors[c]) + int(out.quantization.zero_points[0])
                    result[0, y, column, c] = self.narrow(step)
        return result.reshape(out.shape)

    def padding(self, total):
        return total // 2

    def outside(self, _zero_point):
        return 0

    def factor(self, input_scale, weight_scales, channel, output_scale):
        scale = weight_scales[channel] if len(weight_scales) > 1 else weight_scales[0]
        return input_scale * scale / output_scale

    def register(self, acc):
        return acc

    def requantize(self, acc, factor):
        mantissa, exponent = self.held(factor)
        high = math.floor(Fraction(acc * 2 ** max(exponent, 0) * mantissa, 2**31) + Fraction(1, 2))
        exact = Fraction(high, 2 ** max(-exponent, 0))
        away = math.floor(abs(exact) + Fraction(1, 2))
        return away if exact >= 0 else -away

    def held(self, factor):
        mantissa, exponent = math.frexp(factor)
        scaled = math.floor(mantissa * 2**31 + 0.5)
        return (2**30, exponent + 1) if scaled == 2**31 else (scaled, exponent)

    def narrow(self, step):
        return min(max(step, -128), 127)


class Truncates(Runtime):
    """A right shift without a rounding adder."""

    def requantize(self, acc, factor):
        mantissa, exponent = self.held(factor)
        return math.floor(Fraction(acc * mantissa) * Fraction(2) ** (exponent - 31))


class PadsAtTheStart(Runtime):
    """The odd row and column of SAME padding lie above and on the left."""

    def padding(self, total):
        return -(-total // 2)


class PadsWithZeros(Runtime):
    """Raw zeros around the image instead of the zero point."""

    def outside(self, zero_point):
        return -zero_point


class OneMultiplier(Runtime):
    """Reads the first channel's scale for all."""

    def factor(self, input_scale, weight_scales, channel, output_scale):
        return super().factor(input_scale, weight_scales[:1], 0, output_scale)


class Wraps(Runtime):
    """No saturation: the low byte of the step is stored."""

    def narrow(self, step):
        return (step + 128) % 256 - 128


class NarrowRegister(Runtime):
    """Sums products in 24 bits."""

    def register(self, acc):
        return (acc + 2**23) % 2**24 - 2**23
