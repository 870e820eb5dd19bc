"""CONV_2D: literal examples, a definition in Python integers, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import clamp, requantize_double, requantize_q15
from tests.ops.ties import next_to_ties, telling_scales

STRIDE_1 = {
    "padding": "SAME",
    "stride_h": 1,
    "stride_w": 1,
    "dilation_h_factor": 1,
    "dilation_w_factor": 1,
}


def convolve(x, w, bias, zp_in, zp_w, stride, dilation, pad, out_hw, groups):
    """The formula of the docstring, one multiplication at a time."""
    n, h, width, _ = x.shape
    outputs, kh, kw, depth = w.shape
    acc = np.zeros((n, *out_hw, outputs), dtype=object)
    for b, y, xx, o in np.ndindex(*acc.shape):
        group = o // (outputs // groups)
        total = int(bias[o])
        for j, i, c in np.ndindex(kh, kw, depth):
            row = y * stride[0] + j * dilation[0] - pad[0]
            col = xx * stride[1] + i * dilation[1] - pad[1]
            if 0 <= row < h and 0 <= col < width:
                value = int(x[b, row, col, group * depth + c]) - zp_in
                total += value * (int(w[o, j, i, c]) - zp_w)
        acc[b, y, xx, o] = total
    return acc


def conv_node(x="INT8", w="INT8", out="INT8", bias="INT32", rules="tflite", **changes):
    zero_point = changes.get("x_zero_point", 3 if x != "INT16" else 0)
    inputs = [
        operand(x, changes.get("x_shape", (1, 5, 6, 4)), 0.5, zero_point),
        operand(w, changes.get("w_shape", (6, 3, 2, 4)), changes.get("w_scale", 0.25)),
        operand(bias, changes.get("bias_shape", (6,)), 0.125) if bias else None,
    ]
    options = {**STRIDE_1, **changes.get("options", {})}
    return node("CONV_2D", inputs, operand(out, (1, 5, 6, 6), 2.0, 0), rules=rules, **options)


def test_example():
    # A 1x2 window over 1 2 3, zero point 1, two filters; SAME pads one column on the right.
    x = np.array([1, 2, 3], np.int8).reshape(1, 1, 3, 1)
    w = np.array([10, 1, 0, -4], np.int8).reshape(2, 1, 2, 1)
    bias = np.array([0, 8], np.int32)
    conv = node(
        "CONV_2D",
        [
            operand("INT8", x.shape, 0.5, 1),
            operand("INT8", w.shape, [0.25, 0.125]),
            operand("INT32", (2,)),
        ],
        operand("INT8", (1, 1, 3, 2), 0.125, -5),
        **STRIDE_1,
    )
    # Filter 0, scale 1: 0*10+1*1, 1*10+2*1, 2*10; filter 1, scale 1/2: (8-4, 8-8, 8) / 2.
    assert run(conv, x, w, bias)[0, 0].tolist() == [[-4, -3], [7, -5], [15, -1]]


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize(
    "stride, dilation, padding", [(1, 1, "SAME"), (2, 1, "VALID"), (1, 2, "SAME")]
)
@pytest.mark.parametrize(
    "x_dtype, bias_dtype, requantize",
    [
        ("INT8", "INT32", requantize_double),
        ("UINT8", "INT32", requantize_double),
        ("INT16", "INT32", requantize_double),
        ("INT16", "INT64", requantize_q15),
    ],
)
def test_equals_python_integers(groups, stride, dilation, padding, x_dtype, bias_dtype, requantize):
    rng = np.random.default_rng(groups * 100 + stride * 10 + dilation)
    info = np.iinfo(x_dtype.lower())
    w_dtype = "UINT8" if x_dtype == "UINT8" else "INT8"
    zp_in = 0 if x_dtype == "INT16" else int(rng.integers(info.min, info.max + 1))
    zp_w = 131 if w_dtype == "UINT8" else 0
    zp_out = 0 if x_dtype == "INT16" else int(rng.integers(info.min, info.max + 1))
    x = rng.integers(info.min, info.max + 1, (2, 5, 6, 4)).astype(x_dtype.lower())
    w_info = np.iinfo(w_dtype.lower())
    w = rng.integers(w_info.min, w_info.max + 1, (6, 3, 2, 4 // groups)).astype(w_dtype.lower())
    bias = rng.integers(-5000, 5000, 6).astype(bias_dtype.lower())
    scales = [0.011] if w_dtype == "UINT8" else list(rng.uniform(0.001, 0.02, 6))
    scale_out = 0.7 if x_dtype != "INT16" else 40.0
    options = {
        "padding": padding,
        "stride_h": stride,
        "stride_w": stride,
        "dilation_h_factor": dilation,
        "dilation_w_factor": dilation,
        "fused_activation_function": "RELU",
    }
    conv = node(
        "CONV_2D",
        [
            operand(x_dtype, x.shape, 0.03, zp_in),
            operand(w_dtype, w.shape, scales, zp_w),
            operand(bias_dtype, bias.shape),
        ],
        operand(x_dtype, (2, 1, 1, 6), scale_out, zp_out),
        **options,
    )
    out = run(conv, x, w, bias)

    extent = [(k - 1) * dilation + 1 for k in (3, 2)]
    if padding == "SAME":
        pad = [
            max(0, (o - 1) * stride + e - i) // 2
            for o, e, i in zip(out.shape[1:3], extent, (5, 6), strict=True)
        ]
    else:
        pad = [0, 0]
    acc = convolve(
        x, w, bias, zp_in, zp_w, (stride, stride), (dilation, dilation), pad, out.shape[1:3], groups
    )
    for index in np.ndindex(*out.shape):
        scale = np.float32(scales[index[3] if len(scales) > 1 else 0])
        if x_dtype == "UINT8":
            effective = float(np.float32(0.03) * scale) / float(np.float32(scale_out))
        else:
            effective = float(np.float32(0.03)) * float(scale) / float(np.float32(scale_out))
        expected = clamp(
            requantize(acc[index], effective) + zp_out, max(zp_out, info.min), info.max
        )
        assert out[index] == expected, index


def test_int32_overflow_is_reported_or_wraps_by_rule():
    x = np.full((1, 1, 1, 1), 127, np.int8)
    w = np.full((1, 1, 1, 1), 127, np.int8)
    bias = np.array([(1 << 31) - 1], np.int32)
    shapes = {"x_shape": x.shape, "w_shape": w.shape, "bias_shape": (1,)}
    with pytest.raises(DomainError, match="accumulator is 2147499395"):
        run(conv_node(**shapes), x, w, bias)
    assert run(conv_node(**shapes, rules="litert-ref"), x, w, bias).item() == -128


@pytest.mark.parametrize("x_dtype, in_double", [("INT8", True), ("UINT8", False)])
def test_the_scale_product_decides_ties(x_dtype, in_double):
    def double(x, w, out):
        return x * w / out

    def mixed(x, w, out):
        return float(np.float32(x) * np.float32(w)) / out

    right, wrong = (double, mixed) if in_double else (mixed, double)
    x_scale, w_scale, out_scale = telling_scales(wrong, right)
    info, middle = np.iinfo(x_dtype.lower()), 0 if x_dtype == "INT8" else 128
    acc = next_to_ties(right(x_scale, w_scale, out_scale), -128, 128, 4000)
    conv = node(
        "CONV_2D",
        [
            operand(x_dtype, (1, 1, 1, 1), x_scale, middle),
            operand(x_dtype, (4000, 1, 1, 1), w_scale, middle),
            operand("INT32", (4000,)),
        ],
        operand(x_dtype, (1, 1, 1, 4000), out_scale, middle),
        **STRIDE_1,
    )
    x = np.full((1, 1, 1, 1), middle, x_dtype.lower())
    out = run(conv, x, np.full((4000, 1, 1, 1), middle, x_dtype.lower()), acc.astype(np.int32))
    expected, other = (
        [
            clamp(
                requantize_double(a, way(x_scale, w_scale, out_scale)) + middle, info.min, info.max
            )
            for a in acc.tolist()
        ]
        for way in (right, wrong)
    )
    assert out.reshape(-1).tolist() == expected
    assert expected != other


def test_int16_multiplies_by_16_bits():
    # Scale 2^-4 * (1 + 2^-16): 30000.71 with all bits of the multiplier, 30000.25 with the upper.
    acc = np.array([480_004, -480_004, 8, -8, 1 << 19], np.int64)
    conv = node(
        "CONV_2D",
        [
            operand("INT16", (1, 1, 1, 1), 0.25),
            operand("INT8", (5, 1, 1, 1), 0.25 * (1 + 2.0**-16)),
            operand("INT64", (5,)),
        ],
        operand("INT16", (1, 1, 1, 5), 1.0),
        **STRIDE_1,
    )
    out = run(conv, np.zeros((1, 1, 1, 1), np.int16), np.zeros((5, 1, 1, 1), np.int8), acc)
    assert out.reshape(-1).tolist() == [30000, -30000, 1, 0, 32767]


def test_int4_weights_are_plain_numbers():
    x = np.arange(120, dtype=np.int8).reshape(1, 5, 6, 4)
    w = (np.arange(144) % 16 - 8).astype(np.int8).reshape(6, 3, 2, 4)
    bias = np.arange(6, dtype=np.int32)
    int4 = run(conv_node(w="INT4"), x, w, bias)
    assert np.array_equal(int4, run(conv_node(), x, w, bias))


def test_int16_weights_are_read_as_bytes_under_their_rule():
    # Two weights, 4 bytes: the low and the high byte of the first are all that is read.
    x, w = np.ones((1, 1, 1, 2), np.int16), np.array([0x0805, 0x7FFF], np.int16)
    conv = node(
        "CONV_2D",
        [operand("INT16", x.shape, 0.5), operand("INT16", (1, 1, 1, 2), 0.25), None],
        operand("INT16", (1, 1, 1, 1), 0.125),
        rules="litert-ref",
        **STRIDE_1,
    )
    assert run(conv, x, w.reshape(1, 1, 1, 2), None).item() == 5 + 8


@pytest.mark.parametrize(
    "rules, bias, option, wide",
    [
        ("tflite", "INT32", "FLOAT32", False),
        ("tflite", "INT64", "FLOAT32", True),
        ("tflite", None, "FLOAT32", True),
        ("tflite", None, "INT32", False),
        ("litert-ref", "INT64", "INT64", True),
        ("litert-ref", "INT32", "INT32", False),
    ],
)
def test_width_of_int16(rules, bias, option, wide):
    options = {"quantized_bias_type": option}
    conv = conv_node("INT16", "INT8", "INT16", bias, rules=rules, options=options)
    assert prepare(conv).wide is wide


def test_refuses_ranks_and_bias_length_C1():
    assert refused(conv_node(x_shape=(5, 6, 4))) == "C1"
    assert refused(conv_node(bias_shape=(5,))) == "C1"


def test_refuses_channels_that_do_not_group_C2():
    assert refused(conv_node(x_shape=(1, 5, 6, 5))) == "C2"
    assert refused(conv_node(x_shape=(1, 5, 6, 16))) == "C2"


def test_refuses_scale_counts_and_asymmetric_weights_C3():
    assert refused(conv_node(w_scale=[0.1, 0.2])) == "C3"
    asymmetric = conv_node()
    weights = operand("INT8", (6, 3, 2, 4), 0.25, 1)
    inputs = [asymmetric.inputs[0], weights, asymmetric.inputs[2]]
    assert refused(node("CONV_2D", inputs, asymmetric.outputs, **asymmetric.options)) == "C3"


def test_refuses_int16_zero_points_C4():
    assert refused(conv_node("INT16", "INT8", "INT16", "INT64", x_zero_point=1)) == "C4"


def test_refuses_a_bias_the_engine_misreads_C5():
    prepare(conv_node("INT16", "INT8", "INT16"))
    with pytest.raises(DomainError, match="INT64 values") as error:
        prepare(conv_node("INT16", "INT8", "INT16", rules="litert-ref"))
    assert error.value.label == "C5"


def test_refuses_int16_weights_C6():
    assert refused(conv_node("INT16", "INT16", "INT16", "INT64")) == "C6"


def test_refuses_versions_and_dtypes():
    good = conv_node()
    old = node("CONV_2D", good.inputs, good.outputs, version=99, **good.options)
    assert refused(old) == "version"
    assert refused(conv_node(x="FLOAT32", w="FLOAT32", out="FLOAT32")) == "dtype"
    assert refused(conv_node(w="INT16")) == "dtype"
    assert refused(conv_node(bias="INT64")) == "dtype"


def test_refuses_windows_that_leave_nothing():
    assert refused(conv_node(options={"stride_h": 0})) == "window"
    assert refused(conv_node(x_shape=(1, 2, 6, 4), options={"padding": "VALID"})) == "window"
