"""RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR: kernels against specs."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import constant, node, operand
from tests.ops.test_pool_kernel import noise

MODES = [(False, False), (True, False), (False, True)]
SIZES = [
    ((4, 5), (8, 10)),
    ((4, 5), (11, 7)),
    ((9, 8), (3, 4)),
    ((3, 3), (1, 1)),
    ((1, 1), (5, 4)),
    ((2, 7), (2, 7)),
    ((5, 6), (37, 2)),
    ((64, 3), (5, 100)),
]


def resize(name, dtype, image, size, channels, align=False, half=False, images=1):
    x = operand(dtype, (images, *image, channels), 0.5, 0)
    out = operand(dtype, (images, *size, channels), 0.5, 0)
    options = {"align_corners": align, "half_pixel_centers": half}
    return node(name, [x, constant("INT32", size)], out, **options)


@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16"])
@pytest.mark.parametrize("align, half", MODES)
@pytest.mark.parametrize("image, size", SIZES)
def test_bilinear_sizes(dtype, align, half, image, size):
    for channels, images in ((1, 2), (3, 1), (16, 1), (37, 2)):
        operator = resize("RESIZE_BILINEAR", dtype, image, size, channels, align, half, images)
        assert_kernel_equals_spec(operator, noise(dtype, (images, *image, channels)), None)


@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16"])
@pytest.mark.parametrize("align, half", MODES)
def test_bilinear_on_every_corner_value(dtype, align, half):
    # Four neighbours at extremes and next to them, one channel for each combination.
    info = np.iinfo(dtype.lower())
    values = (info.min, info.min + 1, -1 if info.min else 127, 0, 1, info.max - 1, info.max)
    corners = np.array([*product(values, repeat=4)], dtype.lower())
    x = np.ascontiguousarray(corners.T.reshape(1, 2, 2, -1))
    for size in ((4, 4), (3, 5), (7, 6), (16, 2)):
        operator = resize("RESIZE_BILINEAR", dtype, (2, 2), size, x.shape[3], align, half)
        assert_kernel_equals_spec(operator, x, None)


def test_bilinear_float32_would_show_a_fused_product():
    # Random bytes at fractions that are not powers of two: contraction changes 1 in some thousand.
    x = noise("UINT8", (1, 30, 30, 64))
    for size in ((47, 53), (29, 31), (7, 90)):
        for align, half in MODES:
            operator = resize("RESIZE_BILINEAR", "UINT8", (30, 30), size, 64, align, half)
            assert_kernel_equals_spec(operator, x, None)


@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "BOOL", "INT16", "FLOAT16", "INT32", "FLOAT32"])
@pytest.mark.parametrize("align, half", [*MODES, (True, True)])
@pytest.mark.parametrize("channels", [1, 3, 64, 65])
def test_nearest(dtype, align, half, channels):
    for image, size in [*SIZES, ((3, 3), (0, 4))]:
        shape = (2, *image, channels)
        item = {"INT8": 1, "UINT8": 1, "BOOL": 1, "INT16": 2, "FLOAT16": 2}.get(dtype, 4)
        raw = np.random.default_rng(0).integers(0, 2 if dtype == "BOOL" else 256, (*shape, item))
        x = raw.astype(np.uint8).view(np.bool_ if dtype == "BOOL" else dtype.lower())[..., 0]
        operator = resize("RESIZE_NEAREST_NEIGHBOR", dtype, image, size, channels, align, half, 2)
        assert_kernel_equals_spec(operator, x, None)
