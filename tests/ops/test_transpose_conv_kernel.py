"""TRANSPOSE_CONV: kernels against the spec."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec, kernels_of
from tests.ops.nodes import constant, node, operand
from tests.ops.test_pool_kernel import noise


def transpose_conv(
    dtype="INT8",
    kernel=(3, 3),
    stride=(2, 2),
    padding="SAME",
    size=(8, 8),
    depth=5,
    outputs=7,
    images=1,
    bias=True,
    per_channel=True,
    zero_points=(3, 5),
    weights_zero_point=120,
    seed=0,
    **more,
):
    rng = np.random.default_rng(seed)
    kh, kw = kernel
    if padding == "SAME":
        image = [-(-n // s) for n, s in zip(size, stride, strict=True)]
    else:
        image = [(n + s - k) // s for n, s, k in zip(size, stride, kernel, strict=True)]
    if dtype == "INT16":
        zero_points = (0, 0)
    unsigned = dtype == "UINT8"
    w = noise("UINT8" if unsigned else "INT8", (outputs, kh, kw, depth), seed)
    scales = 0.01 * rng.uniform(0.5, 2, outputs) if per_channel and not unsigned else 0.01
    wide = dtype == "INT16"
    b = rng.integers(-(10**5), 10**5, outputs)
    shape = (images, *size, outputs)
    inputs = [
        constant("INT32", shape),
        operand(
            "UINT8" if unsigned else "INT8",
            w.shape,
            scales,
            weights_zero_point if unsigned else 0,
            data=w,
        ),
        operand(dtype, (images, *image, depth), 0.1, zero_points[0]),
        operand("INT64" if wide else "INT32", (outputs,), 0.001, data=b) if bias else None,
    ]
    out = operand(dtype, shape, 0.1 if wide else 0.7, zero_points[1])
    options = {"padding": padding, "stride_h": stride[0], "stride_w": stride[1], **more}
    x = noise(dtype, inputs[2].shape, seed + 1)
    return node("TRANSPOSE_CONV", inputs, out, **options), (None, None, x, None)


DTYPES = ("INT8", "UINT8", "INT16")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize(
    "kernel, stride",
    [
        ((2, 2), (2, 2)),
        ((3, 3), (2, 2)),
        ((4, 4), (2, 2)),
        ((3, 3), (1, 1)),
        ((1, 1), (2, 2)),
        ((2, 3), (3, 1)),
        ((5, 1), (1, 4)),
        ((5, 5), (4, 3)),
        ((1, 4), (3, 2)),
    ],
)
@pytest.mark.parametrize("size", [(8, 12), (9, 7)])
def test_phases(dtype, padding, kernel, stride, size):
    if padding == "VALID" and any(s > k for s, k in zip(stride, kernel, strict=True)):
        size = (9, 12)
    assert_kernel_equals_spec(
        *_flat(transpose_conv(dtype, kernel, stride, padding, size, images=2))
    )


def _flat(pair):
    return pair[0], *pair[1]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("outputs", [1, 2, 16, 17, 70])
@pytest.mark.parametrize("depth", [1, 3, 32])
def test_channels(dtype, outputs, depth):
    assert_kernel_equals_spec(
        *_flat(transpose_conv(dtype, (3, 4), (2, 2), "SAME", (10, 6), depth, outputs))
    )


@pytest.mark.parametrize("dtype", ["INT8", "UINT8"])
@pytest.mark.parametrize("zero_points", [(-128, 127), (127, -128), (0, 0)])
@pytest.mark.parametrize("weights_zero_point", [0, 128, 255])
def test_zero_points(dtype, zero_points, weights_zero_point):
    shift = 128 if dtype == "UINT8" else 0
    case = transpose_conv(
        dtype,
        zero_points=(zero_points[0] + shift, zero_points[1] + shift),
        weights_zero_point=weights_zero_point,
        bias=False,
        per_channel=False,
    )
    assert_kernel_equals_spec(*_flat(case))


@pytest.mark.parametrize("activation", ["RELU", "RELU6"])
def test_activations(activation):
    assert_kernel_equals_spec(*_flat(transpose_conv(fused_activation_function=activation)))


def test_equal_kernel_and_stride_make_one_product_and_stride_1_writes_in_place():
    operator, arrays = transpose_conv(kernel=(2, 2), stride=(2, 2), padding="VALID")
    names = [*kernels_of(operator, *arrays)]
    assert len(names) == 2
    assert names[0].startswith("gemm") and names[1] == "interleave_rows"
    operator, arrays = transpose_conv(kernel=(3, 3), stride=(1, 1))
    names = [*kernels_of(operator, *arrays)]
    assert len(names) == 2
    assert names[0] == "pad_image" and names[1].startswith("gemm")


def test_large_depth_keeps_phases_apart():
    operator, arrays = transpose_conv(kernel=(4, 4), depth=32, outputs=64)
    assert sum(name.startswith("gemm") for name in kernels_of(operator, *arrays)) >= 4
    assert_kernel_equals_spec(operator, *arrays)


def test_a_zero_point_outside_the_dtype_takes_plain_loops():
    operator, arrays = transpose_conv("UINT8", zero_points=(-3, 5))
    (name,) = kernels_of(operator, *arrays)
    assert name.startswith("plain_products")
    assert_kernel_equals_spec(operator, *arrays)
