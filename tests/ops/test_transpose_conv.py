"""TRANSPOSE_CONV: literal examples, a definition in Python integers, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.nodes import constant, node, operand, refused, run
from tests.ops.python_integers import (
    clamp,
    quantize_multiplier,
    requantize_double,
    requantize_q15,
)
from tests.ops.ties import telling_scales

SAME_2 = {"padding": "SAME", "stride_h": 2, "stride_w": 2}


def transpose_node(x="INT8", w="INT8", bias="INT32", rules="tflite", **changes):
    shape = changes.get("shape", (1, 4, 6, 2))
    inputs = [
        constant("INT32", shape),
        operand(
            w,
            changes.get("w_shape", (2, 3, 3, 5)),
            changes.get("w_scale", 0.25),
            changes.get("w_zero_point", 0),
        ),
        operand(x, changes.get("x_shape", (1, 2, 3, 5)), 0.5, changes.get("x_zero_point", 0)),
        operand(bias, changes.get("bias_shape", (2,)), 0.125) if bias else None,
    ]
    options = {**SAME_2, **changes.get("options", {})}
    result = operand(x, shape, changes.get("out_scale", 2.0))
    version = changes.get("version", 1)
    return node("TRANSPOSE_CONV", inputs, result, rules=rules, version=version, **options)


def test_example():
    # Two pixels, 1 and 2, a 1x3 kernel, stride 2: 10 20 30 and, two to the right, 20 40 60.
    x = np.array([1, 2], np.int8).reshape(1, 1, 2, 1)
    w = np.array([10, 20, 30], np.int8).reshape(1, 1, 3, 1)
    valid = transpose_node(
        shape=(1, 1, 5, 1),
        x_shape=x.shape,
        w_shape=w.shape,
        bias_shape=(1,),
        out_scale=0.125,
        options={"padding": "VALID"},
    )
    bias = np.array([1], np.int32)
    assert run(valid, None, w, x, bias).reshape(-1).tolist() == [11, 21, 51, 41, 61]
    # SAME of four columns drops the last one: the padding of one column lies on the right.
    same = transpose_node(
        shape=(1, 1, 4, 1), x_shape=x.shape, w_shape=w.shape, bias_shape=(1,), out_scale=0.125
    )
    assert run(same, None, w, x, bias).reshape(-1).tolist() == [11, 21, 51, 41]


def scatter(x, w, bias, zp_in, zp_w, stride, pad, shape):
    """The formula of the docstring, one multiplication at a time."""
    acc = np.zeros(shape, dtype=object) + np.array([int(b) for b in bias], dtype=object)
    outputs, kh, kw, depth = w.shape
    for b, y, xx in np.ndindex(*x.shape[:3]):
        for o, j, i in np.ndindex(outputs, kh, kw):
            row, col = y * stride[0] + j - pad[0], xx * stride[1] + i - pad[1]
            if 0 <= row < shape[1] and 0 <= col < shape[2]:
                for c in range(depth):
                    value = int(x[b, y, xx, c]) - zp_in
                    acc[b, row, col, o] += value * (int(w[o, j, i, c]) - zp_w)
    return acc


@pytest.mark.parametrize(
    "padding, stride, kernel, shape, pad",
    [
        ("VALID", (1, 1), (3, 2), (6, 6), (0, 0)),
        ("VALID", (2, 3), (1, 2), (7, 14), (0, 0)),
        ("VALID", (2, 2), (3, 2), (10, 10), (0, 0)),
        ("SAME", (2, 1), (3, 4), (8, 5), (0, 1)),
        ("SAME", (2, 2), (5, 3), (7, 9), (2, 1)),
        ("SAME", (3, 2), (2, 2), (12, 10), (0, 0)),
    ],
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
def test_equals_python_integers(
    padding, stride, kernel, shape, pad, x_dtype, bias_dtype, requantize
):
    rng = np.random.default_rng(sum(shape))
    info = np.iinfo(x_dtype.lower())
    w_dtype = "UINT8" if x_dtype == "UINT8" else "INT8"
    zp_in = 0 if x_dtype == "INT16" else int(rng.integers(info.min, info.max + 1))
    zp_out = 0 if x_dtype == "INT16" else int(rng.integers(info.min, info.max + 1))
    zp_w = 99 if w_dtype == "UINT8" else 0
    x = rng.integers(info.min, info.max + 1, (2, 4, 5, 3)).astype(x_dtype.lower())
    w_info = np.iinfo(w_dtype.lower())
    w = rng.integers(w_info.min, w_info.max + 1, (2, *kernel, 3)).astype(w_dtype.lower())
    bias = rng.integers(-3000, 3000, 2).astype(bias_dtype.lower())
    scales = rng.uniform(0.001, 0.02, 1 if w_dtype == "UINT8" else 2).astype(np.float32)
    scale_out = np.float32(0.4 if x_dtype != "INT16" else 12.0)
    full = (2, *shape, 2)
    transpose = node(
        "TRANSPOSE_CONV",
        [
            constant("INT32", full),
            operand(w_dtype, w.shape, scales, zp_w),
            operand(x_dtype, x.shape, 0.03, zp_in),
            operand(bias_dtype, (2,)),
        ],
        operand(x_dtype, full, scale_out, zp_out),
        padding=padding,
        stride_h=stride[0],
        stride_w=stride[1],
        fused_activation_function="RELU6",
    )
    out = run(transpose, None, w, x, bias)
    acc = scatter(x, w, bias, zp_in, zp_w, stride, pad, full)
    six = zp_out + int(np.floor(np.float32(6) / scale_out + np.float32(0.5)))
    for index in np.ndindex(*full):
        scale = scales[index[3] if scales.size > 1 else 0]
        if x_dtype == "UINT8":
            effective = float(np.float32(0.03) * scale) / float(scale_out)
        else:
            effective = float(np.float32(0.03)) * float(scale) / float(scale_out)
        steps = requantize(acc[index], effective) + zp_out
        assert out[index] == clamp(steps, max(zp_out, info.min), min(six, info.max)), index


def test_the_output_may_reach_beyond_the_last_patch():
    # SAME, stride 3, kernel 1: rows 1 and 2 of every three are touched by no tap, only by the bias.
    x, w = np.full((1, 2, 1, 1), 4, np.int8), np.full((1, 1, 1, 1), 10, np.int8)
    sparse = transpose_node(
        shape=(1, 6, 1, 1),
        x_shape=x.shape,
        w_shape=w.shape,
        bias_shape=(1,),
        out_scale=0.125,
        options={"stride_h": 3, "stride_w": 1},
    )
    out = run(sparse, None, w, x, np.array([7], np.int32))
    assert out.reshape(-1).tolist() == [47, 7, 7, 47, 7, 7]


def test_int32_overflow_is_reported_or_wraps_by_rule():
    x, w = np.full((1, 1, 1, 1), 127, np.int8), np.full((1, 1, 1, 1), 127, np.int8)
    bias = np.array([(1 << 31) - 1], np.int32)
    shapes = {"shape": x.shape, "x_shape": x.shape, "w_shape": w.shape, "bias_shape": (1,)}
    with pytest.raises(DomainError, match="accumulator is 2147499776"):
        run(transpose_node(**shapes), None, w, x, bias)
    assert run(transpose_node(**shapes, rules="litert-ref"), None, w, x, bias).item() == -128


@pytest.mark.parametrize("dtype", ["INT8", "UINT8"])
def test_the_precision_of_the_scale_product(dtype):
    def double(x, w, out):
        return x * w / out

    def mixed(x, w, out):
        return float(np.float32(x) * np.float32(w)) / out

    scales = telling_scales(mixed, double)
    way = mixed if dtype == "UINT8" else double
    pixel = (1, 1, 1, 1)
    transpose = node(
        "TRANSPOSE_CONV",
        [
            constant("INT32", pixel),
            operand(dtype, pixel, scales[1]),
            operand(dtype, pixel, scales[0]),
        ],
        operand(dtype, pixel, scales[2]),
        **SAME_2,
    )
    assert prepare(transpose).requantize.multiplier == quantize_multiplier(way(*scales))[0]


@pytest.mark.parametrize(
    "rules, option, wide",
    [
        ("tflite", "FLOAT32", True),
        ("tflite", "INT32", False),
        ("litert-ref", "INT32", False),
        ("litert-ref", "FLOAT32", True),
        ("tflm", "INT32", True),
    ],
)
def test_width_of_int16_without_a_bias(rules, option, wide):
    record = prepare(
        transpose_node("INT16", bias=None, rules=rules, options={"quantized_bias_type": option})
    )
    assert record.wide is wide


def test_refuses_ranks_C1():
    assert refused(transpose_node(x_shape=(2, 3, 5))) == "C1"
    assert refused(transpose_node(w_shape=(2, 3, 5))) == "C1"
    assert refused(transpose_node(shape=(4, 6, 2))) == "C1"


def test_refuses_bias_length_C1():
    assert refused(transpose_node(bias_shape=(3,))) == "C1"


def test_refuses_batches_and_channels_that_disagree_C2():
    assert refused(transpose_node(shape=(2, 4, 6, 2))) == "C2"
    assert refused(transpose_node(shape=(1, 4, 6, 3), bias_shape=(2,))) == "C2"
    assert refused(transpose_node(x_shape=(1, 2, 3, 4))) == "C2"


def test_refuses_scale_counts_C3():
    assert refused(transpose_node(w_scale=[0.1, 0.2, 0.3])) == "C3"


def test_refuses_asymmetric_weights_C3():
    assert refused(transpose_node(w_zero_point=1)) == "C3"
    prepare(transpose_node(w_zero_point=1, rules="litert-ref"))


def test_refuses_int16_zero_points_C4():
    assert refused(transpose_node("INT16", bias="INT64", x_zero_point=1)) == "C4"


def test_refuses_a_bias_the_engine_misreads_C5():
    prepare(transpose_node("INT16"))
    with pytest.raises(DomainError, match="INT64 values") as error:
        prepare(transpose_node("INT16", rules="litert-ref"))
    assert error.value.label == "C5"
    prepare(transpose_node("INT16", rules="litert-ref", options={"quantized_bias_type": "INT32"}))


def test_refuses_a_32_bit_bias_of_an_always_wide_engine_C6():
    with pytest.raises(DomainError, match="past its end") as error:
        prepare(transpose_node("INT16", rules="tflm", options={"quantized_bias_type": "INT32"}))
    assert error.value.label == "C6"


def test_refuses_an_output_of_another_input_C7():
    assert refused(transpose_node(shape=(1, 5, 6, 2))) == "C7"
    assert refused(transpose_node(options={"padding": "VALID"})) == "C7"


def test_refuses_versions_and_dtypes():
    assert refused(transpose_node(version=6)) == "version"
    assert refused(transpose_node("FLOAT32", "FLOAT32", "FLOAT32")) == "dtype"
    assert refused(transpose_node(w="INT4")) == "dtype"


def test_refuses_windows_that_leave_nothing():
    assert refused(transpose_node(options={"stride_h": 0})) == "window"
