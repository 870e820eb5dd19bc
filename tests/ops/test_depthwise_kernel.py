"""DEPTHWISE_CONV_2D: kernels against specs."""

from __future__ import annotations

import pytest

from tests.ops.test_product_kernel import check, convolution


def depthwise(dtype, bias, shape, kernel, multiplier=1, **options):
    channels = shape[3] * multiplier
    check(
        "DEPTHWISE_CONV_2D",
        dtype,
        shape,
        (1, *kernel, channels),
        axis=3,
        bias=bias,
        taps=kernel[0] * kernel[1],
        depth_multiplier=multiplier,
        **options,
    )


KINDS = pytest.mark.parametrize(
    "dtype, bias", [("INT8", "INT32"), ("UINT8", "INT32"), ("INT16", "INT64")]
)


@KINDS
@pytest.mark.parametrize(
    "shape, kernel, options",
    [
        # Rows in pairs, the last one single; more channels than a vector's lanes, and fewer.
        ((2, 5, 9, 19), (3, 3), convolution()),
        ((1, 4, 6, 3), (2, 3), convolution("VALID")),
        ((1, 7, 7, 18), (3, 3), convolution(stride=2)),
        ((1, 9, 10, 4), (3, 2), convolution(dilation=2)),
        ((1, 2, 2, 5), (3, 3), convolution()),
    ],
)
def test_windows(dtype, bias, shape, kernel, options):
    depthwise(dtype, bias, shape, kernel, **options)


@KINDS
def test_several_filters_of_a_channel(dtype, bias):
    depthwise(dtype, bias, (1, 4, 5, 3), (3, 2), 5, **convolution())


@pytest.mark.parametrize("activation", ["RELU", "RELU6"])
def test_fused_activations(activation):
    options = convolution(activation=activation)
    depthwise("INT8", "INT32", (1, 4, 5, 17), (3, 3), x_scale=2.0**-6, **options)
