"""Convolutions and FULLY_CONNECTED with computed weights or bias: kernels against specs."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.kernels import assert_alarm, assert_kernel_equals_spec, kernels_of
from tests.ops.nodes import node, operand

ROWS = [
    ("INT8", "INT8", "INT32"),
    ("UINT8", "UINT8", "INT32"),
    ("INT16", "INT8", "INT64"),
    ("INT16", "INT8", "INT32"),
]
GEOMETRIES = [
    # image, kernel, stride, dilation, padding
    ((2, 5, 6, 4), (3, 2), (1, 1), (1, 1), "SAME"),
    ((1, 7, 5, 3), (3, 3), (2, 3), (1, 1), "SAME"),
    ((1, 9, 8, 37), (2, 3), (1, 1), (3, 2), "VALID"),
    ((3, 1, 4, 5), (1, 1), (1, 1), (1, 1), "VALID"),
]


def noise(dtype, shape, seed):
    rng = np.random.default_rng(seed)
    limits = np.iinfo(dtype.lower())
    if dtype in ("INT32", "INT64"):
        return rng.integers(-(1 << 12), 1 << 12, shape).astype(dtype.lower())
    x = rng.integers(limits.min, limits.max, shape, endpoint=True).astype(dtype.lower())
    x.reshape(-1)[0] = limits.min
    return x


def product(name, shapes, dtypes, out, *, scales=(0.02, 0.03, 0.5), rules="tflite", **options):
    """The operator with nothing constant; `shapes` of input, weights and bias (None: absent)."""
    x, w, bias = dtypes
    zero_points = {"INT8": (3, 0, -5), "UINT8": (100, 133, 7), "INT16": (0, 0, 0)}[x]
    inputs = [
        operand(x, shapes[0], scales[0], zero_points[0]),
        operand(w, shapes[1], scales[1], zero_points[1]),
        operand(bias, shapes[2]) if shapes[2] else None,
    ]
    target = operand(x, out, scales[2], zero_points[2])
    if x == "INT16":
        options["quantized_bias_type"] = bias
    return node(name, inputs, target, rules=rules, **options)


def options_of(stride, dilation, padding):
    names = ("stride_h", "stride_w", "dilation_h_factor", "dilation_w_factor")
    return {"padding": padding, **dict(zip(names, (*stride, *dilation), strict=True))}


def compare(operator, shapes, dtypes):
    arrays = [
        None if shape is None else noise(dtype, shape, k)
        for k, (shape, dtype) in enumerate(zip(shapes, dtypes, strict=True))
    ]
    assert_kernel_equals_spec(operator, *arrays)


@pytest.mark.parametrize("dtypes", ROWS)
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_convolutions(dtypes, geometry):
    image, kernel, stride, dilation, padding = geometry
    shapes = (image, (6, *kernel, image[3]), (6,))
    options = options_of(stride, dilation, padding)
    compare(product("CONV_2D", shapes, dtypes, (1,), **options), shapes, dtypes)
    without = (*shapes[:2], None)
    compare(product("CONV_2D", without, dtypes, (1,), **options), without, dtypes)


def test_groups():
    shapes = ((1, 4, 5, 6), (8, 2, 2, 3), (8,))
    options = options_of((1, 1), (1, 1), "SAME")
    for dtypes in ROWS[:1] + ROWS[2:3]:
        compare(product("CONV_2D", shapes, dtypes, (1,), **options), shapes, dtypes)


@pytest.mark.parametrize("dtypes", ROWS[:3])
@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("filters", [1, 3])
def test_depthwise(dtypes, geometry, filters):
    image, kernel, stride, dilation, padding = geometry
    outputs = image[3] * filters
    shapes = (image, (1, *kernel, outputs), (outputs,))
    options = {**options_of(stride, dilation, padding), "depth_multiplier": filters}
    compare(product("DEPTHWISE_CONV_2D", shapes, dtypes, (1,), **options), shapes, dtypes)


@pytest.mark.parametrize("dtypes", ROWS)
@pytest.mark.parametrize(
    ("stride", "kernel", "padding"),
    [((1, 1), (3, 2), "SAME"), ((2, 3), (3, 3), "SAME"), ((3, 2), (2, 5), "VALID")],
)
def test_transposed(dtypes, stride, kernel, padding):
    out = (2, 11, 12, 5)
    grown = [0 if padding == "SAME" else k - 1 for k in kernel]
    image = [-(-(n - g) // s) for n, g, s in zip(out[1:3], grown, stride, strict=True)]
    shapes = ((2, *image, 7), (5, *kernel, 7), (5,))
    names = {"padding": padding, "stride_h": stride[0], "stride_w": stride[1]}
    plain = product("TRANSPOSE_CONV", shapes, dtypes, out, **names)
    x, w, bias = plain.inputs
    shape = operand("INT32", (4,), data=out)
    operator = node("TRANSPOSE_CONV", [shape, w, x, bias], plain.output, **plain.options)
    arrays = [noise(dtype, s, k) for k, (s, dtype) in enumerate(zip(shapes, dtypes, strict=True))]
    assert_kernel_equals_spec(operator, None, arrays[1], arrays[0], arrays[2])


@pytest.mark.parametrize("dtypes", [*ROWS, ("INT16", "INT16", "INT64")])
@pytest.mark.parametrize("rules", ["tflite", "litert-ref"])
@pytest.mark.parametrize("depth", [1, 5, 700])
def test_fully_connected(dtypes, rules, depth):
    shapes = ((9, depth), (13, depth), (13,))
    scales = (0.02, 0.03, 0.5 if dtypes[0] != "INT16" else 40.0)
    compare(
        product("FULLY_CONNECTED", shapes, dtypes, (1,), rules=rules, scales=scales), shapes, dtypes
    )


@pytest.mark.parametrize("out_scale", [1e-9, 1e-4, 0.3, 3e4])
@pytest.mark.parametrize("name", ["CONV_2D", "FULLY_CONNECTED"])
@pytest.mark.parametrize("dtypes", ROWS)
def test_what_engines_make_of_any_scale(name, dtypes, out_scale):
    wide = name == "CONV_2D"
    shapes = ((3, 1, 1, 8), (4, 1, 1, 8), (4,)) if wide else ((3, 8), (4, 8), (4,))
    options = options_of((1, 1), (1, 1), "VALID") if wide else {}
    changes = {"scales": (0.5, 0.25, out_scale), "rules": "litert-ref", **options}
    compare(product(name, shapes, dtypes, (1,), **changes), shapes, dtypes)


def test_one_multiplier_per_channel():
    shapes = ((1, 3, 3, 4), (5, 2, 2, 4), (5,))
    scales = (0.02, [0.001, 0.01, 0.1, 0.5, 3.0], 0.3)
    options = options_of((1, 1), (1, 1), "SAME")
    for dtypes in (ROWS[0], ROWS[2]):
        compare(product("CONV_2D", shapes, dtypes, (1,), scales=scales, **options), shapes, dtypes)


def test_int16_filters_are_read_by_bytes():
    shapes = ((1, 3, 3, 4), (5, 2, 2, 4), (5,))
    dtypes = ("INT16", "INT16", "INT64")
    options = options_of((1, 1), (1, 1), "SAME")
    changes = {"rules": "litert-ref", **options}
    compare(product("CONV_2D", shapes, dtypes, (1,), **changes), shapes, dtypes)


def test_a_computed_bias_beside_constant_weights():
    weights = noise("INT8", (6, 9), 1)
    inputs = [operand("INT8", (4, 9), 0.1, 3), operand("INT8", (6, 9), 0.2, 0, data=weights)]
    inputs.append(operand("INT32", (6,)))
    operator = node("FULLY_CONNECTED", inputs, operand("INT8", (4, 6), 0.7, 0))
    x, bias = noise("INT8", (4, 9), 2), noise("INT32", (6,), 3)
    assert_kernel_equals_spec(operator, x, None, bias)


def test_what_a_rule_reports_is_left_to_the_spec():
    far = np.full((1, 4), np.iinfo(np.int32).max, np.int32)
    x, w = np.full((1, 2), 127, np.int8), np.full((4, 2), 127, np.int8)
    shapes = (x.shape, w.shape, (4,))
    sums = product("FULLY_CONNECTED", shapes, ROWS[0], (1,))
    assert_alarm(sums, x, w, far[0])
    shifted = product("FULLY_CONNECTED", shapes, ROWS[0], (1,), scales=(1.0, 1.0, 1e-8))
    assert_alarm(shifted, x, w, np.zeros(4, np.int32))
    image = (x.astype(np.int16).reshape(1, 1, 1, 2), w.reshape(4, 1, 1, 2))
    shapes, options = (image[0].shape, image[1].shape, (4,)), options_of((1, 1), (1, 1), "VALID")
    long = product("CONV_2D", shapes, ROWS[2], (1,), **options)
    assert_alarm(long, *image, np.full(4, 1 << 47, np.int64))


def constant_product(rows, weights, rules, out_scale):
    """FULLY_CONNECTED of int16 or int8 rows with constant weights."""
    dtype = rows.dtype.name.upper()
    inputs = [
        operand(dtype, rows.shape, 1.0),
        operand("INT8", weights.shape, 1.0, data=weights),
    ]
    out = operand(dtype, (len(rows), len(weights)), out_scale)
    return node("FULLY_CONNECTED", inputs, out, rules=rules)


def test_unusual_factors_beside_constants():
    rng = np.random.default_rng(2)
    rows = rng.integers(-32768, 32768, (3, 8)).astype(np.int16)
    weights = rng.integers(-128, 128, (5, 8)).astype(np.int8)
    # Products with a double, and shifts, that may leave int32.
    for rules, form in (("litert-ref", "float64"), ("tflm", "q15")):
        operator = constant_product(rows, weights, rules, 1e-4)
        (name,) = kernels_of(operator, rows)
        assert name == f"plain_products_{form}_int16_int8_none_int16_narrow_wide"
        assert_kernel_equals_spec(operator, rows)


def test_sums_that_may_leave_int32():
    weights = np.full((2, 140_000), 127, np.int8)
    rows = np.full((1, 140_000), 127, np.int8)
    inside = rows.copy()
    inside[0, ::2] = -128
    for rules in ("tflite", "litert-ref"):
        operator = constant_product(rows, weights, rules, 1e6)
        assert all(name.startswith("plain_products") for name in kernels_of(operator, rows))
        assert_kernel_equals_spec(operator, inside)
    assert_alarm(constant_product(rows, weights, "tflite", 1e6), rows)
    assert_kernel_equals_spec(constant_product(rows, weights, "litert-ref", 1e6), rows)


def test_only_products_with_doubles_are_named_float():
    shapes = ((3, 8), (4, 8), (4,))
    names = {
        rules: list(kernels_of(product("FULLY_CONNECTED", shapes, ROWS[0], (1,), rules=rules), *(
            noise(dtype, shape, 1) for dtype, shape in zip(ROWS[0], shapes, strict=True)
        )))
        for rules in ("tflite", "litert-ref")
    }  # fmt: skip
    assert names == {
        "tflite": ["plain_products_double_int8_int8_int32_int8_narrow"],
        "litert-ref": ["plain_products_float64_int8_int8_int32_int8_narrow"],
    }
