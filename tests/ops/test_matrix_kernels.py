"""BATCH_MATMUL and the reductions: kernels against specs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from refint8.model.types import NUMPY_DTYPE
from tests.ops.kernels import assert_kernel_equals_spec, why_not_fast
from tests.ops.nodes import constant, node, operand
from tests.ops.test_batch_matmul import bmm, noise

ROWS = [
    (("INT8", "INT8", "INT8"), (0.05, 0.03, 0.02)),
    (("INT8", "INT8", "INT32"), (0.05, 0.03, None)),
    (("INT16", "INT16", "INT16"), (1e-4, 3e-4, 2e-3)),
    (("INT16", "INT8", "INT16"), (1e-4, 3e-2, 2e-3)),
]
SHAPES = [
    ((1, 1), (1, 1)),
    ((5, 7), (7, 3)),
    ((2, 33, 40), (2, 40, 9)),
    ((3, 1, 2, 5), (4, 5, 6)),
    ((2, 31), (3, 31, 32)),
    ((4, 64), (64, 1)),
]


@pytest.mark.parametrize("dtypes, scales", ROWS)
@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("turned", [(False, False), (True, False), (False, True), (True, True)])
def test_products(dtypes, scales, shapes, turned):
    x1, x2 = (noise(dtypes[k], shapes[k], k) for k in (0, 1))
    x1.reshape(-1)[0], x2.reshape(-1)[0] = np.iinfo(x1.dtype).min, np.iinfo(x2.dtype).min
    x1 = x1.swapaxes(-1, -2).copy() if turned[0] else x1
    x2 = x2.swapaxes(-1, -2).copy() if turned[1] else x2
    operator = bmm((x1.shape, x2.shape), dtypes, scales, adj_x=turned[0], adj_y=turned[1])
    assert_kernel_equals_spec(operator, x1, x2)


@pytest.mark.parametrize("scale", [1e-9, 1e-5, 0.0004, 0.4, 12.0])
@pytest.mark.parametrize("rules", ["tflite", "litert-ref"])
def test_multipliers(scale, rules):
    x1, x2 = noise("INT8", (9, 17), 1), noise("INT8", (17, 8), 2)
    operator = bmm((x1.shape, x2.shape), scales=(0.05, 0.03, scale), rules=rules)
    if scale == 1e-9 and rules == "tflite":
        assert "left shift" in why_not_fast(operator, x1, x2)
    else:
        assert_kernel_equals_spec(operator, x1, x2)


def test_sums_that_may_leave_int32():
    shapes = ((1, 40_000), (40_000, 1))
    x1, x2 = (np.full(shape, -128, np.int8) for shape in shapes)
    extreme = {"zero_points": (127, 127, 0), "scales": (1, 1, 2**20)}
    assert "leave int32" in why_not_fast(bmm(shapes, **extreme), x1, x2)
    assert_kernel_equals_spec(bmm(shapes, **extreme, rules="litert-ref"), x1, x2)


def test_a_constant_operand():
    x1, x2 = noise("INT8", (4, 6), 1), noise("INT8", (6, 5), 2)
    inputs = [operand("INT8", x1.shape, 0.1, 3), operand("INT8", x2.shape, 0.2, 0, data=x2)]
    out = operand("INT8", (4, 5), 0.5, -7)
    assert_kernel_equals_spec(node("BATCH_MATMUL", inputs, out), x1)


def reduction(name, dtype, shape, axes, keep=False, **changes):
    scale = None if dtype in ("INT32", "INT64", "BOOL") else 0.5
    out_scale = changes.get("out_scale", scale)
    if changes.get("plain"):
        scale = out_scale = None
    inputs = [operand(dtype, shape, scale), constant("INT32", axes)]
    out = operand(dtype, (1,), out_scale, changes.get("out_zero_point", 0))
    return node(name, inputs, out, keep_dims=keep, rules=changes.get("rules", "tflite"))


def values(dtype, shape):
    if dtype == "BOOL":
        return np.random.default_rng(3).integers(0, 2, shape).astype(bool)
    limits = np.iinfo(NUMPY_DTYPE[dtype])
    rng = np.random.default_rng(4)
    return rng.integers(limits.min, limits.max, shape, NUMPY_DTYPE[dtype], endpoint=True)


AXES = [axes for count in range(4) for axes in itertools.combinations(range(3), count)]
PLAIN = ("UINT8", "INT8", "INT16", "INT32", "INT64")


@pytest.mark.parametrize(
    "name, dtype",
    [
        *itertools.product(("REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"), PLAIN),
        ("REDUCE_ANY", "BOOL"),
        ("REDUCE_ALL", "BOOL"),
    ],
)
def test_reductions(name, dtype):
    for shape in ((3, 5, 7), (2, 1, 40), (1, 1, 1)):
        x = values(dtype, shape)
        for axes in AXES:
            plain = name == "REDUCE_PROD"
            operator = reduction(name, dtype, shape, axes, plain=plain)
            assert_kernel_equals_spec(operator, x)


@pytest.mark.parametrize("dtype", ["INT8", "INT16"])
@pytest.mark.parametrize("out_scale", [0.004, 0.7, 90.0])
def test_requantized_products(dtype, out_scale):
    x = values(dtype, (3, 4, 5))
    for axes in AXES:
        operator = reduction("REDUCE_PROD", dtype, x.shape, axes, out_scale=out_scale)
        assert_kernel_equals_spec(operator, x)


@pytest.mark.parametrize(("dtype", "zero_point"), [("INT8", -7), ("INT16", 0)])
@pytest.mark.parametrize("shift", [8, 12, 14])
def test_requantized_products_that_wrap(dtype, zero_point, shift):
    x = values(dtype, (60, 7))
    changes = {"out_scale": 0.5 * 1.3**-7 * 2.0 ** (-7 * shift), "out_zero_point": zero_point}
    operator = reduction("REDUCE_PROD", dtype, x.shape, (1,), rules="litert-ref", **changes)
    assert_kernel_equals_spec(operator, x)


def test_requantized_products_that_shift_left():
    x = values("INT8", (6, 2))
    operator = reduction("REDUCE_PROD", "INT8", x.shape, (1,), rules="litert-ref", out_scale=1e-10)
    assert "shifts to the left" in why_not_fast(operator, x)


def test_wide_sums_that_shift_too_far():
    x1, x2 = noise("INT16", (5, 7), 1), noise("INT16", (7, 3), 2)
    dtypes = ("INT16",) * 3
    operator = bmm((x1.shape, x2.shape), dtypes, (1.0, 1.0, 2.0**-8), rules="litert-ref")
    assert "shifted by more than 7" in why_not_fast(operator, x1, x2)
