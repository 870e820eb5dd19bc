"""CONV_2D and FULLY_CONNECTED: kernels against specs, at every corner of the tiles."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import node, operand

WEIGHTS = {"INT8": "INT8", "UINT8": "UINT8", "INT16": "INT8"}
ZERO_POINTS = {"INT8": (-100, 7), "UINT8": (240, 128), "INT16": (0, 0)}
"""Of input and output; far from the middle, so that a border of another value shows."""

ALMOST_NO_BIAS = 900


def noise(dtype, shape, seed):
    """Random values, with both ends of the range among them."""
    info = np.iinfo(dtype.lower())
    x = np.random.default_rng(seed).integers(info.min, info.max + 1, shape).astype(dtype.lower())
    x.reshape(-1)[[0, -1]] = info.min, info.max
    return x


def constants(dtype, w_shape, channels, axis, bias_dtype, spread):
    """Operands of weights and bias; `spread` is how far the channels' scales lie apart, by 2^."""
    kind = WEIGHTS[dtype]
    scales = 2.0 ** -np.linspace(6, 6 + spread, channels) if kind == "INT8" else 2.0**-6
    zero_point = 120 if kind == "UINT8" else 0
    w = noise(kind, w_shape, 1)
    bias = np.random.default_rng(2).integers(-ALMOST_NO_BIAS, ALMOST_NO_BIAS, channels)
    return (
        operand(kind, w_shape, scales, zero_point, axis, data=w),
        operand(bias_dtype, (channels,), data=bias),
    )


def output_scale(dtype, taps):
    """One at which outputs of random data fill the range, and some leave it."""
    return 2.0**-6 * taps**0.5 * (0.7 if dtype == "INT16" else 1.9)


def check(name, dtype, x_shape, w_shape, *, axis=0, bias="INT32", spread=3.0, taps=1, **options):
    rules, x_scale = options.pop("rules", "tflite"), options.pop("x_scale", 1.0)
    zero_points = ZERO_POINTS[dtype]
    channels = w_shape[axis]
    w, b = constants(dtype, w_shape, channels, axis, bias, spread)
    x = operand(dtype, x_shape, x_scale, zero_points[0])
    # The range of bytes is some 2^8 steps of the weights' range, that of words 2^16.
    out = operand(dtype, (1,), x_scale * output_scale(dtype, taps) * 73, zero_points[1])
    operator = node(name, [x, w, b], out, rules=rules, **options)
    assert_kernel_equals_spec(operator, noise(dtype, x_shape, 3), None, None)


def convolution(padding="SAME", stride=1, dilation=1, activation="NONE"):
    return {
        "padding": padding,
        "stride_h": stride,
        "stride_w": stride,
        "dilation_h_factor": dilation,
        "dilation_w_factor": dilation,
        "fused_activation_function": activation,
    }


@pytest.mark.parametrize(
    "x_shape, w_shape, options",
    [
        ((2, 5, 7, 3), (5, 3, 3, 3), convolution()),
        ((1, 6, 5, 4), (33, 3, 2, 4), convolution(stride=2)),
        ((1, 9, 8, 5), (3, 3, 3, 5), convolution(dilation=2)),
        ((1, 4, 5, 70), (17, 1, 1, 70), convolution("VALID")),
        ((1, 5, 5, 6), (4, 2, 3, 3), convolution("SAME")),  # two groups
        ((1, 4, 6, 1), (5, 3, 3, 1), convolution()),  # borders of one byte
    ],
)
@pytest.mark.parametrize("dtype, bias", [("INT8", "INT32"), ("UINT8", "INT32"), ("INT16", "INT64")])
def test_windows(dtype, bias, x_shape, w_shape, options):
    taps = int(np.prod(w_shape[1:]))
    check("CONV_2D", dtype, x_shape, w_shape, bias=bias, taps=taps, **options)


@pytest.mark.parametrize("activation", ["RELU", "RELU6", "RELU_N1_TO_1"])
@pytest.mark.parametrize("dtype, bias", [("INT8", "INT32"), ("UINT8", "INT32"), ("INT16", "INT32")])
def test_fused_activations(dtype, bias, activation):
    """Outputs of some 6 on both sides of 0."""
    zero_points = ZERO_POINTS[dtype]
    w, b = constants(dtype, (9, 1, 1, 5), 9, 0, bias, 1.0)
    x = operand(dtype, (1, 3, 5, 5), 2.0**-13 if dtype == "INT16" else 2.0**-6, zero_points[0])
    out = operand(dtype, (1,), 0.001 if dtype == "INT16" else 0.1, zero_points[1])
    operator = node("CONV_2D", [x, w, b], out, **convolution(activation=activation))
    assert_kernel_equals_spec(operator, noise(dtype, (1, 3, 5, 5), 3), None, None)


@pytest.mark.parametrize("rules", ["tflite", "litert-ref"])
@pytest.mark.parametrize("rows, units, depth", [(1, 10, 64), (1, 65, 7), (13, 40, 9)])
@pytest.mark.parametrize("dtype, bias", [("INT8", "INT32"), ("UINT8", "INT32"), ("INT16", "INT64")])
def test_dense_layers(dtype, bias, rows, units, depth, rules):
    options = {"rules": rules, "fused_activation_function": "NONE"}
    if rules == "litert-ref" and dtype == "INT16":
        options["quantized_bias_type"] = bias
    shapes = (rows, depth), (units, depth)
    check("FULLY_CONNECTED", dtype, *shapes, bias=bias, taps=depth, **options)


@pytest.mark.parametrize("spread", [0.0, 12.0])
def test_scales_of_channels_far_apart(spread):
    """Channels that hardly shift beside such as give one output for all inputs."""
    check("CONV_2D", "INT8", (1, 3, 6, 8), (20, 1, 1, 8), spread=spread, **convolution("VALID"))
