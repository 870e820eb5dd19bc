"""DEPTHWISE_CONV_2D: literal examples, a definition in Python integers, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import clamp, requantize_double, requantize_q15
from tests.ops.ties import next_to_ties, telling_scales

OPTIONS = {
    "padding": "SAME",
    "stride_h": 1,
    "stride_w": 1,
    "dilation_h_factor": 1,
    "dilation_w_factor": 1,
    "depth_multiplier": 2,
}


def depthwise_node(x="INT8", w="INT8", out="INT8", bias="INT32", rules="tflite", **changes):
    inputs = [
        operand(x, changes.get("x_shape", (1, 4, 5, 3)), 0.5, changes.get("x_zero_point", 0)),
        operand(
            w,
            changes.get("w_shape", (1, 3, 2, 6)),
            changes.get("w_scale", 0.25),
            changes.get("w_zero_point", 0),
        ),
        operand(bias, changes.get("bias_shape", (6,)), 0.125) if bias else None,
    ]
    options = {**OPTIONS, **changes.get("options", {})}
    version = changes.get("version", 1)
    result = operand(out, (1, 4, 5, 6), changes.get("out_scale", 2.0))
    return node("DEPTHWISE_CONV_2D", inputs, result, rules=rules, version=version, **options)


def test_example():
    # Two channels, two filters each; the window is one pixel, so every output is one product.
    x = np.array([10, -3], np.int8).reshape(1, 1, 1, 2)
    w = np.array([1, 2, 3, 4], np.int8).reshape(1, 1, 1, 4)
    bias = np.array([0, 0, 100, 0], np.int32)
    small = depthwise_node(
        x_shape=x.shape, w_shape=w.shape, bias_shape=(4,), x_zero_point=2, out_scale=0.125
    )
    # (10-2)*1, (10-2)*2, (-3-2)*3 + 100, (-3-2)*4, times 0.5*0.25/0.125 = 1
    assert run(small, x, w, bias).reshape(-1).tolist() == [8, 16, 85, -20]


def convolve(x, w, bias, zp_in, zp_w, stride, dilation, pad, out_hw):
    """The formula of the docstring, one multiplication at a time."""
    n, height, width, channels = x.shape
    _, kh, kw, outputs = w.shape
    multiplier = outputs // channels
    acc = np.zeros((n, *out_hw, outputs), dtype=object)
    for b, y, xx, o in np.ndindex(*acc.shape):
        total = int(bias[o])
        for j, i in np.ndindex(kh, kw):
            row, col = y * stride[0] + j * dilation - pad[0], xx * stride[1] + i * dilation - pad[1]
            if 0 <= row < height and 0 <= col < width:
                value = int(x[b, row, col, o // multiplier]) - zp_in
                total += value * (int(w[0, j, i, o]) - zp_w)
        acc[b, y, xx, o] = total
    return acc


@pytest.mark.parametrize("multiplier", [1, 3])
@pytest.mark.parametrize(
    "stride, dilation, padding", [((1, 1), 1, "SAME"), ((2, 1), 1, "VALID"), ((1, 2), 2, "SAME")]
)
@pytest.mark.parametrize(
    "x_dtype, w_dtype, bias_dtype, requantize",
    [
        ("INT8", "INT8", "INT32", requantize_double),
        ("INT8", "INT4", "INT32", requantize_double),
        ("UINT8", "UINT8", "INT32", requantize_double),
        ("INT16", "INT8", "INT64", requantize_q15),
    ],
)
def test_equals_python_integers(
    multiplier, stride, dilation, padding, x_dtype, w_dtype, bias_dtype, requantize
):
    rng = np.random.default_rng(multiplier * 100 + sum(stride) * 10 + dilation)
    info, w_range = np.iinfo(x_dtype.lower()), {"INT8": (-128, 127), "INT4": (-8, 7)}
    w_low, w_high = w_range.get(w_dtype, (0, 255))
    zp_in = 0 if x_dtype == "INT16" else int(rng.integers(info.min, info.max + 1))
    zp_out = 0 if x_dtype == "INT16" else int(rng.integers(info.min, info.max + 1))
    zp_w = 77 if w_dtype == "UINT8" else 0
    x = rng.integers(info.min, info.max + 1, (2, 6, 5, 3)).astype(x_dtype.lower())
    w = rng.integers(w_low, w_high + 1, (1, 3, 2, 3 * multiplier))
    w = w.astype("uint8" if w_dtype == "UINT8" else "int8")
    bias = rng.integers(-3000, 3000, 3 * multiplier).astype(bias_dtype.lower())
    count = 1 if w_dtype == "UINT8" else bias.size
    scales = rng.uniform(0.001, 0.02, count).astype(np.float32)
    scale_out = np.float32(0.3 if x_dtype != "INT16" else 9.0)
    depthwise = node(
        "DEPTHWISE_CONV_2D",
        [
            operand(x_dtype, x.shape, 0.03, zp_in),
            operand(w_dtype, w.shape, scales, zp_w, axis=3),
            operand(bias_dtype, bias.shape),
        ],
        operand(x_dtype, (2, 1, 1, bias.size), scale_out, zp_out),
        padding=padding,
        stride_h=stride[0],
        stride_w=stride[1],
        dilation_h_factor=dilation,
        dilation_w_factor=dilation,
        depth_multiplier=multiplier,
        fused_activation_function="RELU",
    )
    out = run(depthwise, x, w, bias)

    pad = [0, 0]
    if padding == "SAME":
        extent = [(k - 1) * dilation + 1 for k in (3, 2)]
        pad = [
            max(0, (o - 1) * s + e - i) // 2
            for o, s, e, i in zip(out.shape[1:3], stride, extent, (6, 5), strict=True)
        ]
    acc = convolve(x, w, bias, zp_in, zp_w, stride, dilation, pad, out.shape[1:3])
    for index in np.ndindex(*out.shape):
        scale = scales[index[3] if count > 1 else 0]
        if x_dtype == "UINT8":
            effective = float(np.float32(0.03) * scale) / float(scale_out)
        else:
            effective = float(np.float32(0.03)) * float(scale) / float(scale_out)
        steps = requantize(acc[index], effective) + zp_out
        assert out[index] == clamp(steps, max(zp_out, info.min), info.max), index


@pytest.mark.parametrize("x_dtype, in_double", [("INT8", True), ("INT16", True), ("UINT8", False)])
def test_the_scale_product_decides_ties(x_dtype, in_double):
    def double(x, w, out):
        return x * w / out

    def mixed(x, w, out):
        return float(np.float32(x) * np.float32(w)) / out

    right, wrong = (double, mixed) if in_double else (mixed, double)
    x_scale, w_scale, out_scale = telling_scales(wrong, right)
    effective = right(x_scale, w_scale, out_scale)
    wide = x_dtype == "INT16"
    info = np.iinfo(x_dtype.lower())
    middle = 0 if x_dtype != "UINT8" else 128
    acc = next_to_ties(effective, info.min - middle, info.max - middle, 4000)
    zero_point = operand(x_dtype, (1, 1, 1, 1), x_scale, middle)
    w_dtype = "UINT8" if x_dtype == "UINT8" else "INT8"
    depthwise = node(
        "DEPTHWISE_CONV_2D",
        [
            zero_point,
            operand(w_dtype, (1, 1, 1, 4000), w_scale),
            operand("INT64" if wide else "INT32", (4000,)),
        ],
        operand(x_dtype, (1, 1, 1, 4000), out_scale, middle),
        **{**OPTIONS, "depth_multiplier": 4000},
    )
    x = np.full((1, 1, 1, 1), middle, x_dtype.lower())
    w = np.zeros((1, 1, 1, 4000), w_dtype.lower())
    out = run(depthwise, x, w, acc.astype("int64" if wide else "int32")).reshape(-1).tolist()
    requantize = requantize_q15 if wide else requantize_double
    expected, other = (
        [
            clamp(requantize(a, way(x_scale, w_scale, out_scale)) + middle, info.min, info.max)
            for a in acc.tolist()
        ]
        for way in (right, wrong)
    )
    assert out == expected
    # A 16-bit multiplier mostly hides what the product's precision changes.
    assert wide or expected != other


def test_int32_overflow_is_reported_or_wraps_by_rule():
    x, w = np.full((1, 1, 1, 1), 127, np.int8), np.full((1, 1, 1, 1), 127, np.int8)
    bias = np.array([(1 << 31) - 1], np.int32)
    shapes = {"x_shape": x.shape, "w_shape": w.shape, "bias_shape": (1,)}
    with pytest.raises(DomainError, match="accumulator is 2147499776"):
        run(depthwise_node(**shapes), x, w, bias)
    assert run(depthwise_node(**shapes, rules="litert-ref"), x, w, bias).item() == -128


def test_an_absent_bias_is_zero():
    x, w = np.full((1, 4, 5, 3), 9, np.int8), np.full((1, 3, 2, 6), 5, np.int8)
    assert np.array_equal(
        run(depthwise_node(bias=None), x, w, None),
        run(depthwise_node(), x, w, np.zeros(6, np.int32)),
    )


def test_zero_points_of_weights_are_ignored_under_their_rule():
    x, w = np.full((1, 4, 5, 3), 9, np.int8), np.full((1, 3, 2, 6), 5, np.int8)
    asymmetric = depthwise_node(w_zero_point=3, bias=None, rules="litert-ref")
    assert np.array_equal(run(asymmetric, x, w, None), run(depthwise_node(bias=None), x, w, None))


def test_int16_weights_are_read_as_bytes_under_their_rule():
    # Four weights, 8 bytes: the low and high bytes of the first two are all that is read.
    x = np.array([1, 1], np.int16).reshape(1, 1, 1, 2)
    w = np.array([0x0201, -2, 0x7FFF, 0x7FFF], np.int16).reshape(1, 1, 1, 4)
    shapes = {"x_shape": x.shape, "w_shape": w.shape, "out_scale": 0.125}
    reading = depthwise_node("INT16", "INT16", "INT16", None, rules="litert-ref", **shapes)
    assert run(reading, x, w, None).reshape(-1).tolist() == [1, 2, -2, -1]


def test_refuses_ranks_C1():
    assert refused(depthwise_node(x_shape=(4, 5, 3))) == "C1"
    assert refused(depthwise_node(w_shape=(3, 2, 6))) == "C1"


def test_refuses_bias_length_C1():
    assert refused(depthwise_node(bias_shape=(3,))) == "C1"


def test_refuses_channels_that_do_not_divide_C2():
    assert refused(depthwise_node(x_shape=(1, 4, 5, 4))) == "C2"
    assert refused(depthwise_node(w_shape=(2, 3, 2, 6))) == "C2"


def test_refuses_scale_counts_C3():
    assert refused(depthwise_node(w_scale=[0.1, 0.2])) == "C3"


def test_refuses_asymmetric_weights_C3():
    assert refused(depthwise_node(w_zero_point=1)) == "C3"
    assert refused(depthwise_node(w="INT4", w_zero_point=1, rules="litert-ref")) == "C3"


def test_refuses_int16_zero_points_C4():
    int16 = {"x": "INT16", "out": "INT16", "bias": "INT64"}
    assert refused(depthwise_node(**int16, x_zero_point=1)) == "C4"


def test_refuses_a_depth_multiplier_that_contradicts_the_shapes_C5():
    wrong = {"depth_multiplier": 3}
    assert refused(depthwise_node("INT16", "INT8", "INT16", "INT64", options=wrong)) == "C5"
    run(
        depthwise_node(options=wrong),
        np.zeros((1, 4, 5, 3), np.int8),
        np.zeros((1, 3, 2, 6), np.int8),
        np.zeros(6, np.int32),
    )


def test_refuses_int16_weights_C6():
    assert refused(depthwise_node("INT16", "INT16", "INT16", "INT64")) == "C6"


def test_refuses_versions_and_dtypes():
    assert refused(depthwise_node(version=8)) == "version"
    assert refused(depthwise_node("FLOAT32", "FLOAT32", "FLOAT32", "FLOAT32")) == "dtype"
    assert refused(depthwise_node("INT16", "INT8", "INT16", "INT32")) == "dtype"
    assert refused(depthwise_node("INT16", "INT4", "INT16", "INT64")) == "dtype"


def test_refuses_windows_that_leave_nothing():
    assert refused(depthwise_node(options={"stride_w": 0})) == "window"
    assert refused(depthwise_node(x_shape=(1, 2, 5, 3), options={"padding": "VALID"})) == "window"
