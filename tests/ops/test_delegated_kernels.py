"""Kernels of what delegated operators compute, against specs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from refint8.numerics.rules import Rules
from tests.ops.kernels import assert_kernel_equals_spec, why_not_fast
from tests.ops.nodes import constant, node, operand
from tests.ops.test_pool_kernel import noise
from tests.ops.test_resize_kernel import MODES, SIZES

LIMITS = {"INT8": (-128, 127), "UINT8": (0, 255)}
both = pytest.mark.parametrize("dtype", LIMITS)


def pairs(dtype):
    low, high = LIMITS[dtype]
    values = np.arange(low, high + 1).astype(dtype.lower())
    return np.repeat(values, 256), np.tile(values, 256)


def on_pairs(name, dtype, rules, scales, zero_points, shapes, **options):
    low, _ = LIMITS[dtype]
    x1, x2 = (
        replace(operand(dtype, shape, s, low + z), index=k)
        for k, (shape, s, z) in enumerate(zip(shapes, scales, zero_points, strict=False))
    )
    out = operand(dtype, (1,), scales[2], low + zero_points[2])
    return node(name, [x1, x2], out, rules=rules, **options)


SHAPES = [((65536,), (65536,)), ((3, 1, 40), (2, 1)), ((1,), (2, 3, 7)), ((2, 67), (67,))]


@both
@pytest.mark.parametrize("name", ["ADD", "SUB"])
@pytest.mark.parametrize(
    "scales",
    [(0.5, 0.25, 0.5), (0.0391, 0.0171, 0.0271), (255.9, 200.0, 1.0), (2.0**-10, 2.0**-10, 1.0)],
)
@pytest.mark.parametrize("activation", ["NONE", "RELU6"])
def test_sums(dtype, name, scales, activation):
    rules = Rules(addition="common_shift", activation_bounds="half_even")
    for shapes in SHAPES:
        arrays = pairs(dtype) if shapes == SHAPES[0] else [noise(dtype, s) for s in shapes]
        operator = on_pairs(
            name, dtype, rules, scales, (7, 128, 250), shapes, fused_activation_function=activation
        )
        assert_kernel_equals_spec(operator, *arrays)


@both
@pytest.mark.parametrize("scales", [(0.5, 0.5, 1.0), (0.05, 0.031, 0.0127), (3.0, 1.7, 0.03)])
@pytest.mark.parametrize("activation", ["NONE", "RELU"])
def test_products(dtype, scales, activation):
    rules = Rules(product="float32", activation_bounds="half_even")
    for shapes in SHAPES:
        arrays = pairs(dtype) if shapes == SHAPES[0] else [noise(dtype, s) for s in shapes]
        operator = on_pairs(
            "MUL", dtype, rules, scales, (7, 255, 100), shapes,
            fused_activation_function=activation,
        )  # fmt: skip
        assert_kernel_equals_spec(operator, *arrays)


@both
def test_squares(dtype):
    low, high = LIMITS[dtype]
    x = operand(dtype, (256,), 0.05, low + 9)
    operator = node("MUL", [x, x], operand(dtype, (256,), 0.013, high), rules=Rules(square="table"))
    values = np.arange(low, high + 1).astype(dtype.lower())
    assert_kernel_equals_spec(operator, values, values)


@pytest.mark.parametrize("shapes", [((3, 40), (40, 5)), ((2, 1, 33), (2, 33, 1)), ((1, 1), (1, 1))])
def test_matrix_products(shapes):
    x1, x2 = (operand("INT8", s, 0.25, z) for s, z in zip(shapes, (3, 0), strict=True))
    for scale in (0.5, 16.0, 0.731):
        out = operand("INT8", (1,), scale, -9)
        operator = node("BATCH_MATMUL", [x1, x2], out, rules=Rules(product="float32"))
        assert_kernel_equals_spec(operator, *(noise("INT8", s, seed=1) for s in shapes))


@both
@pytest.mark.parametrize("name", ["MEAN", "SUM"])
@pytest.mark.parametrize("axes", [(1, 2), (3,), (0, 2), (0, 1, 2, 3)])
def test_reductions(dtype, name, axes):
    low, _ = LIMITS[dtype]
    x = noise(dtype, (3, 5, 7, 19))
    for scale, out_scale, zero_point in ((1.0, 1.0, 0), (0.5, 1.0, 100), (0.0391, 0.171, 255)):
        inputs = [operand(dtype, x.shape, scale, low + 77), constant("INT32", axes)]
        out = operand(dtype, (1,), out_scale, low + zero_point)
        operator = node(name, inputs, out, rules=Rules(reduction="float32"))
        assert_kernel_equals_spec(operator, x, None)


def test_reductions_that_leave_the_finite_numbers_stay_with_the_spec():
    x = operand("INT8", (2, 4), 1e38)
    out = operand("INT8", (2,), 1e-3)
    operator = node("SUM", [x, constant("INT32", [1])], out, rules=Rules(reduction="float32"))
    assert "finite" in why_not_fast(operator, np.zeros((2, 4), np.int8), None)


@both
@pytest.mark.parametrize("align, half", MODES)
@pytest.mark.parametrize("image, size", SIZES)
def test_resized_images(dtype, align, half, image, size):
    for channels, images in ((1, 2), (3, 1), (37, 1)):
        x = operand(dtype, (images, *image, channels), 0.5, 0)
        operator = node(
            "RESIZE_BILINEAR", [x, constant("INT32", size)],
            operand(dtype, (images, *size, channels), 0.5, 0),
            rules=Rules(resize_bilinear="eleven_bits"), align_corners=align,
            half_pixel_centers=half,
        )  # fmt: skip
        assert_kernel_equals_spec(operator, noise(dtype, x.shape), None)


@both
@pytest.mark.parametrize("scale", [1.0, 0.1, 1 / 49, 1e-30, 1e30])
@pytest.mark.parametrize("zero_point", [0, 3, 255])
def test_floats(dtype, scale, zero_point):
    low, high = LIMITS[dtype]
    steps = (np.arange(low - 3, high + 4) - (low + zero_point) + 0.5).astype(np.float32)
    with np.errstate(over="ignore"):
        ties = steps * np.float32(scale)
    wild = [np.nan, np.inf, -np.inf, 3e38, -3e38, 1e10, -1e10, 0.0, -0.0, 1e-45]
    x = np.concatenate([ties, np.nextafter(ties, np.float32(1e38)), np.float32(wild)])
    out = operand(dtype, x.shape, scale, low + zero_point)
    rules = Rules(quantize_float="reciprocal")
    operator = node("QUANTIZE", [operand("FLOAT32", x.shape)], out, rules=rules)
    assert_kernel_equals_spec(operator, x)
