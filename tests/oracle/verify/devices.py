"""A small CNN, and a device that runs it rightly, from which the wrong ones are made.

They share nothing with the package but the reader of models: arithmetic is NumPy's int64, written
from the definition of TFLite's reference kernels (rounded twice). A device runs the whole model and
returns every tensor, by index.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from refint8.model.build import ModelBuilder
from refint8.model.reader import read_model
from refint8.oracle.golden.contents import Dump
from refint8.oracle.golden.make import make_golden

SAMPLES = 3


@cache
def cnn():
    """Convolution with ReLU6, depthwise, pointwise, ADD, pool, RESHAPE, fully connected."""
    rng = np.random.default_rng(7)
    b = ModelBuilder()

    def weights(name, shape, axis):
        channels = shape[axis]
        scale = [0.004 * (1 + 0.35 * (i % 5)) for i in range(channels)]
        data = rng.integers(-127, 128, shape)
        return b.tensor(name, "INT8", shape, scale=scale, quantized_dimension=axis, data=data)

    def bias(name, size, reach):
        data = rng.integers(-reach, reach, size)
        return b.tensor(name, "INT32", (size,), scale=0.001, data=data)

    conv = {"stride_h": 2, "stride_w": 2, "dilation_h_factor": 1, "dilation_w_factor": 1}
    flat = {**conv, "stride_h": 1, "stride_w": 1}
    x = b.tensor("image", "INT8", (1, 12, 12, 4), scale=0.05, zero_point=-9)
    a = b.tensor("conv/Relu6", "INT8", (1, 6, 6, 8), scale=0.03, zero_point=-100)
    d = b.tensor("depthwise", "INT8", (1, 6, 6, 8), scale=0.035, zero_point=6)
    p = b.tensor("pointwise", "INT8", (1, 6, 6, 8), scale=0.03, zero_point=-11)
    s = b.tensor("sum", "INT8", (1, 6, 6, 8), scale=0.032, zero_point=21)
    v = b.tensor("pool", "INT8", (1, 3, 3, 8), scale=0.032, zero_point=21)
    f = b.tensor("flat", "INT8", (1, 72), scale=0.032, zero_point=21)
    y = b.tensor("scores", "INT8", (1, 10), scale=8.0, zero_point=2)
    b.operator("CONV_2D", [x, weights("w0", (8, 3, 3, 4), 0), bias("b0", 8, 2000)], [a], version=3,
               padding="SAME", fused_activation_function="RELU6", **conv)  # fmt: skip
    b.operator("DEPTHWISE_CONV_2D", [a, weights("w1", (1, 3, 3, 8), 3), bias("b1", 8, 3000)], [d],
               version=3, padding="SAME", depth_multiplier=1, **flat)  # fmt: skip
    b.operator("CONV_2D", [d, weights("w2", (8, 1, 1, 8), 0), bias("b2", 8, 2000)], [p], version=3,
               padding="VALID", **flat)  # fmt: skip
    b.operator("ADD", [d, p], [s], version=2)
    b.operator("AVERAGE_POOL_2D", [s], [v], version=2, padding="VALID", stride_h=2, stride_w=2,
               filter_height=2, filter_width=2)  # fmt: skip
    b.operator("RESHAPE", [v, b.tensor("shape", "INT32", (2,), data=[1, 72])], [f])
    last = b.tensor("w3", "INT8", (10, 72), scale=0.01, data=rng.integers(-127, 128, (10, 72)))
    # Two sums go beyond 24 bits.
    large = [1 << 23, -(1 << 23), 500, -700, 90_000, -80_000, 12, 0, 1_000_000, -2_000_000]
    biases = b.tensor("b3", "INT32", (10,), scale=0.032 * 0.01, data=large)
    b.operator("FULLY_CONNECTED", [f, last, biases], [y], version=4)
    return b.to_bytes([x], [y])


@cache
def golden():
    """What the model has to compute, for three seeded samples."""
    return make_golden(read_model(cnn(), "cnn.tflite"), "tflite", samples=SAMPLES, seed=5)


class Device:
    """Right in everything. Subclasses get one thing wrong."""

    def dump(self, only=None):
        """Every tensor of every sample of `golden()`; or those with the indexes `only`."""
        graph = read_model(cnn()).subgraphs[0]
        self.begin()
        samples = []
        for given in golden().samples:
            values = {graph.inputs[0]: np.array(given[graph.inputs[0]])}
            for op in graph.operators:
                tensors = [graph.tensors[i] for i in op.inputs]
                out = graph.tensors[op.outputs[0]]
                reads = [values.get(t.index, t.data) for t in tensors]
                values[out.index] = getattr(self, f"op{op.index}")(op, tensors, reads, out)
            dumped = {i: self.written(graph.tensors[i], value) for i, value in values.items()}
            samples.append({i: v for i, v in dumped.items() if only is None or i in only})
        return Dump(type(self).__name__, tuple(samples))

    def begin(self):
        """Power up."""

    def written(self, tensor, value):
        """A tensor as it goes to the dump."""
        return value

    def op0(self, op, tensors, reads, out):
        return self.conv(op, tensors, reads, out)

    def op1(self, op, tensors, reads, out):
        return self.conv(op, tensors, reads, out)

    def op2(self, op, tensors, reads, out):
        return self.conv(op, tensors, reads, out)

    def op3(self, op, tensors, reads, out):
        return self.add(tensors, reads, out)

    def op4(self, op, tensors, reads, out):
        return self.pool(op.options["stride_h"], reads[0], out)

    def op5(self, op, tensors, reads, out):
        return reads[0].reshape(1, 72)

    def op6(self, op, tensors, reads, out):
        x, w, bias = reads
        sums = self.register((x.astype(np.int64) - zero(tensors[0])) @ w.astype(np.int64).T + bias)
        # Both scales are multiplied in float32 here.
        factor = float(scale(tensors[0]) * scale(tensors[1])) / float(scale(out))
        return narrow(rounded_twice(sums, factor) + zero(out))

    def conv(self, op, tensors, reads, out):
        x, w, bias = (array.astype(np.int64) for array in reads)
        stride, same = op.options["stride_h"], op.options["padding"] == "SAME"
        k, size = w.shape[1], out.shape[1]
        total = max(0, (size - 1) * stride + k - x.shape[1]) if same else 0
        before = self.padding_before(total)
        filler = self.padding_value(zero(tensors[0]))
        padded = np.full((x.shape[1] + total + 1, x.shape[2] + total + 1, x.shape[3]), filler)
        padded[before : before + x.shape[1], before : before + x.shape[2]] = x[0]
        centred = padded - zero(tensors[0])
        sums = np.zeros(out.shape, np.int64) + bias
        for row in range(size):
            for col in range(size):
                patch = centred[row * stride : row * stride + k, col * stride : col * stride + k]
                if op.name == "DEPTHWISE_CONV_2D":
                    sums[0, row, col] += (patch * w[0]).sum(axis=(0, 1))
                else:
                    sums[0, row, col] += (patch * w).sum(axis=(1, 2, 3))
        scales = tensors[1].quantization.scales
        steps = np.zeros(out.shape, np.int64)
        for channel in range(out.shape[3]):
            factor = float(scale(tensors[0])) * float(scales[self.channel(channel)])
            rescaled = self.requantize(sums[..., channel], factor / float(scale(out)))
            steps[..., channel] = rescaled + zero(out)
        low, high = self.activation(op.options["fused_activation_function"], out)
        return narrow(np.clip(steps, low, high))

    def add(self, tensors, reads, out):
        largest = 2 * max(float(scale(t)) for t in tensors)
        total = 0
        for tensor, value in zip(tensors, reads, strict=True):
            wide = (value.astype(np.int64) - zero(tensor)) << 20
            total = total + rounded_twice(wide, float(scale(tensor)) / largest)
        steps = rounded_twice(total, largest / (2**20 * float(scale(out))))
        return self.stored_sum(steps + self.added_zero_point(zero(out)))

    def pool(self, stride, x, out):
        made = np.zeros(out.shape, np.int8)
        for row in range(out.shape[1]):
            for col in range(out.shape[2]):
                y, z = row * stride, col * stride
                total = x[0, y : y + 2, z : z + 2].astype(np.int64).sum(axis=(0, 1))
                made[0, row, col] = np.sign(total) * ((abs(total) + 2) // 4)
        return made

    def padding_before(self, total):
        return total // 2

    def padding_value(self, zero_point):
        return zero_point

    def channel(self, channel):
        return channel

    def requantize(self, sums, factor):
        return rounded_twice(sums, factor)

    def activation(self, name, out):
        if name != "RELU6":
            return -128, 127
        return max(-128, zero(out)), min(127, zero(out) + math.floor(6 / float(scale(out)) + 0.5))

    def register(self, sums):
        return sums

    def added_zero_point(self, zero_point):
        return zero_point

    def stored_sum(self, steps):
        return narrow(steps)


def scale(tensor):
    return tensor.quantization.scales[0]


def zero(tensor):
    return int(tensor.quantization.zero_points[0])


def narrow(steps):
    return np.clip(steps, -128, 127).astype(np.int8)


def held(factor):
    """31 bits and an exponent."""
    mantissa, exponent = math.frexp(factor)
    whole = math.floor(mantissa * 2**31 + 0.5)
    return (2**30, exponent + 1) if whole == 2**31 else (whole, exponent)


def rounded_twice(sums, factor):
    """The high half of the doubled product, ties up; then a shift, ties away from zero."""
    whole, exponent = held(factor)
    high = ((np.asarray(sums, np.int64) << max(exponent, 0)) * whole + 2**30) >> 31
    right = max(-exponent, 0)
    half = 1 << right >> 1
    return np.where(high >= 0, (high + half) >> right, -((-high + half) >> right))
