"""FULLY_CONNECTED: literal examples, a definition in Python integers, ties, and every refusal."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.model.sparsity import expand
from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import (
    clamp,
    quantize_multiplier,
    requantize_double,
    requantize_q15,
    round_half_away,
)
from tests.ops.sparse import in_blocks, random_matrix
from tests.ops.ties import next_to_ties, telling_scales


def dense_node(x="INT8", w="INT8", bias="INT32", out=None, rules="tflite", **changes):
    inputs = [
        operand(x, changes.get("x_shape", (2, 4)), 0.5, changes.get("x_zero_point", 0)),
        operand(
            w,
            changes.get("w_shape", (3, 4)),
            changes.get("w_scale", 0.25),
            changes.get("w_zero_point", 0),
        ),
        operand(bias, changes.get("bias_shape", (3,)), 0.125) if bias else None,
    ]
    result = operand(
        out or x, (2, 3), changes.get("out_scale", 2.0), changes.get("out_zero_point", 0)
    )
    version, options = changes.get("version", 1), changes.get("options", {})
    return node("FULLY_CONNECTED", inputs, result, rules=rules, version=version, **options)


def test_example():
    x = np.array([[1, 2, 3, 4], [0, 0, 0, -1]], np.int8)
    w = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [0, 0, 0, -2]], np.int8)
    bias = np.array([0, 5, 1], np.int32)
    # Scale 0.5*0.25/0.125 = 1, zero points 1, 0 and -10.
    dense = dense_node(x_zero_point=1, out_scale=0.125, out_zero_point=-10)
    assert run(dense, x, w, bias).tolist() == [[-4, -5, -15], [-15, -6, -5]]


DTYPES = [
    ("INT8", "INT8", "INT32", "INT8", False),
    ("INT8", "INT4", "INT32", "INT8", False),
    ("INT8", "INT2", "INT32", "INT8", False),
    ("INT16", "INT8", "INT64", "INT16", True),
    ("INT16", "INT8", "INT32", "INT16", False),
    ("INT16", "INT4", "INT64", "INT16", True),
    ("INT16", "INT16", "INT32", "INT16", True),
    ("INT16", "INT16", "INT64", "INT16", True),
]
PER_TENSOR = [
    ("UINT8", "UINT8", "INT32", "UINT8", False),
    ("UINT8", "UINT8", "INT32", "INT16", False),
]


@pytest.mark.parametrize("rules", ["tflite", "litert-ref", "tflm"])
@pytest.mark.parametrize(
    "x_dtype, w_dtype, bias_dtype, out_dtype, wide, per_channel",
    [(*row, False) for row in DTYPES + PER_TENSOR] + [(*row, True) for row in DTYPES],
)
def test_equals_python_integers(rules, x_dtype, w_dtype, bias_dtype, out_dtype, wide, per_channel):
    rng = np.random.default_rng(per_channel)
    info, out_info = np.iinfo(x_dtype.lower()), np.iinfo(out_dtype.lower())
    w_low, w_high = {
        "INT8": (-128, 127),
        "INT4": (-8, 7),
        "INT2": (-2, 1),
        "UINT8": (0, 255),
        "INT16": (-32768, 32767),
    }[w_dtype]
    symmetric = per_channel or w_dtype in ("INT4", "INT2")
    zp_in = 0 if x_dtype == "INT16" else int(rng.integers(info.min, info.max + 1))
    zp_out = 0 if out_dtype == "INT16" else int(rng.integers(out_info.min, out_info.max + 1))
    zp_w = 0 if symmetric else 5
    x = rng.integers(info.min, info.max + 1, (6, 9)).astype(x_dtype.lower())
    w = rng.integers(w_low, w_high + 1, (5, 9))
    w = w.astype({"UINT8": np.uint8, "INT16": np.int16}.get(w_dtype, np.int8))
    bias = rng.integers(-3000, 3000, 5).astype(bias_dtype.lower())
    scales = rng.uniform(0.001, 0.02, 5 if per_channel else 1).astype(np.float32)
    x_scale = np.float32(0.03)
    acc = [
        [
            sum((int(a) - zp_in) * (int(b) - zp_w) for a, b in zip(row, column, strict=True))
            + int(c)
            for column, c in zip(w, bias, strict=True)
        ]
        for row in x
    ]
    largest = max(abs(value) for row in acc for value in row)
    scale_out = np.float32(largest * 0.03 * 0.01 / out_info.max)
    dense = node(
        "FULLY_CONNECTED",
        [
            operand(x_dtype, x.shape, x_scale, zp_in),
            operand(w_dtype, w.shape, scales, zp_w),
            operand(bias_dtype, (5,)),
        ],
        operand(out_dtype, (6, 5), scale_out, zp_out),
        rules=rules,
        fused_activation_function="RELU_N1_TO_1",
        quantized_bias_type=bias_dtype,
    )
    out = run(dense, x, w, bias)
    one = round_half_away(Fraction(float(np.float32(1) / scale_out)))
    low, high = max(zp_out - one, out_info.min), min(zp_out + one, out_info.max)
    for b, o in np.ndindex(6, 5):
        scale = scales[o if per_channel else 0]
        effective = float(x_scale) * float(scale) / float(scale_out)
        mixed = rules == "tflite" or w_dtype == "INT16"
        if mixed and not per_channel:
            effective = float(x_scale * scale) / float(scale_out)
        if rules == "litert-ref" and w_dtype != "INT16":
            steps = round_half_away(Fraction(float(acc[b][o]) * effective))
        else:
            steps = (requantize_q15 if wide else requantize_double)(acc[b][o], effective)
        assert out[b, o] == clamp(steps + zp_out, low, high), (b, o)


@pytest.mark.parametrize("rules, in_double", [("tflite", False), ("tflm", True)])
def test_the_scale_product_decides_ties(rules, in_double):
    def double(x, w, out):
        return x * w / out

    def mixed(x, w, out):
        return float(np.float32(x) * np.float32(w)) / out

    right, wrong = (double, mixed) if in_double else (mixed, double)
    x_scale, w_scale, out_scale = telling_scales(wrong, right)
    acc = next_to_ties(right(x_scale, w_scale, out_scale), -128, 128, 4000)
    dense = node(
        "FULLY_CONNECTED",
        [
            operand("INT8", (1, 1), x_scale),
            operand("INT8", (4000, 1), w_scale),
            operand("INT32", (4000,)),
        ],
        operand("INT8", (1, 4000), out_scale),
        rules=rules,
    )
    out = run(dense, np.zeros((1, 1), np.int8), np.zeros((4000, 1), np.int8), acc.astype(np.int32))
    expected, other = (
        [
            clamp(requantize_double(a, way(x_scale, w_scale, out_scale)), -128, 127)
            for a in acc.tolist()
        ]
        for way in (right, wrong)
    )
    assert out[0].tolist() == expected
    assert expected != other


@pytest.mark.parametrize("rules", ["tflite", "litert-ref", "tflm"])
def test_int16_weights_keep_the_integer_path_and_the_mixed_product(rules):
    x_scale, w_scale, out_scale = telling_scales(
        lambda x, w, out: x * w / out, lambda x, w, out: float(np.float32(x) * np.float32(w)) / out
    )
    dense = node(
        "FULLY_CONNECTED",
        [operand("INT16", (1, 1), x_scale), operand("INT16", (1, 1), w_scale), None],
        operand("INT16", (1, 1), out_scale),
        rules=rules,
    )
    mixed = float(np.float32(x_scale) * np.float32(w_scale)) / out_scale
    assert prepare(dense).requantize.multiplier == quantize_multiplier(mixed)[0]


def accumulate(values, rules, **changes):
    """Biases as accumulators, under scale 0.5 * 0.25 / out_scale."""
    count = len(values)
    shapes = {"x_shape": (1, 1), "w_shape": (count, 1), "bias_shape": (count,)}
    dense = dense_node(rules=rules, **shapes, **changes)
    zero = np.zeros((1, 1), np.int8), np.zeros((count, 1), np.int8)
    return run(dense, *zero, np.array(values, np.int32))[0].tolist()


def test_exact_ties_go_away_from_zero_in_double():
    # Scale 1/4: odd halves are exact in binary, half to even would give 0, 2, 2, -2.
    ties = accumulate([2, 6, 10, -2, -6], "litert-ref", out_scale=0.5)
    assert ties == [1, 2, 3, -1, -2]


def test_the_double_scale_is_a_double():
    """Accumulators that a scale rounded to float32 would take across a tie."""
    x_scale, w_scale, out_scale = telling_scales(
        lambda x, w, out: float(np.float32(x * w / out)), lambda x, w, out: x * w / out
    )
    right = x_scale * w_scale / out_scale
    acc = next_to_ties(right, -128, 128, 4000)
    dense = node(
        "FULLY_CONNECTED",
        [
            operand("INT8", (1, 1), x_scale),
            operand("INT8", (4000, 1), w_scale),
            operand("INT32", (4000,)),
        ],
        operand("INT8", (1, 4000), out_scale),
        rules="litert-ref",
    )
    out = run(dense, np.zeros((1, 1), np.int8), np.zeros((4000, 1), np.int8), acc.astype(np.int32))
    expected, other = (
        [clamp(round_half_away(Fraction(a * scale)), -128, 127) for a in acc.tolist()]
        for scale in (right, float(np.float32(right)))
    )
    assert out[0].tolist() == expected
    assert expected != other


def test_the_double_scale_is_a_product_divided_once():
    # 1139 * (3 * 1 / 34) is 100.5, 1139 * (3 * (1 / 34)) is the double below.
    dense = node(
        "FULLY_CONNECTED",
        [operand("INT8", (1, 1), 3.0), operand("INT8", (1, 1), 1.0), operand("INT32", (1,))],
        operand("INT8", (1, 1), 34.0),
        rules="litert-ref",
    )
    zero = np.zeros((1, 1), np.int8)
    assert 1139 * (3 * (1 / 34)) < 100.5
    assert run(dense, zero, zero, np.array([1139], np.int32)).item() == 101


def test_just_below_a_tie_only_the_integer_path_rounds_up():
    # Scale 2^-8 * (1 - 2^-20): the integer path's first rounding moves the product onto the tie.
    below = {"w_scale": 0.25 * (1 - 2.0**-20), "out_scale": 32.0}
    assert accumulate([128, 384, -128], "litert-ref", **below) == [0, 1, 0]
    assert accumulate([128, 384, -128], "tflite", **below) == [1, 2, -1]


def test_a_result_outside_int32_wraps_as_the_engine_does():
    # 2^30 * 12.5 leaves int32: the cast gives -2^31, and a negative zero point wraps that around.
    huge = [2**30, -(2**30), 2**31 - 1]
    assert accumulate(huge, "litert-ref", out_scale=0.01, out_zero_point=0) == [-128, -128, -128]
    assert accumulate(huge, "litert-ref", out_scale=0.01, out_zero_point=5) == [-128, -128, -128]
    assert accumulate(huge, "litert-ref", out_scale=0.01, out_zero_point=-5) == [127, 127, 127]
    with pytest.raises(DomainError, match="shifted left"):
        accumulate(huge, "tflite", out_scale=0.01)


def test_int32_overflow_is_reported_or_wraps_by_rule():
    x, w = np.full((1, 1), 127, np.int8), np.full((1, 1), 127, np.int8)
    bias = np.array([(1 << 31) - 1], np.int32)
    shapes = {"x_shape": (1, 1), "w_shape": (1, 1), "bias_shape": (1,)}
    with pytest.raises(DomainError, match="accumulator is 2147499776"):
        run(dense_node(**shapes), x, w, bias)
    assert run(dense_node(**shapes, rules="tflm"), x, w, bias).item() == -128


def test_a_wide_accumulator_does_not_overflow():
    x, w = np.full((1, 2), 32767, np.int16), np.full((1, 2), 32767, np.int16)
    shapes = {"x_shape": (1, 2), "w_shape": (1, 2), "bias_shape": (1,), "out_scale": 2.0**18}
    wide = dense_node("INT16", "INT16", "INT64", **shapes)
    # 2 * 32767^2 + 2^40 times 2^-21
    assert run(wide, x, w, np.array([1 << 40], np.int64)).item() == 32767
    expected = requantize_q15(2 * 32767**2, 2.0**-21)
    assert run(wide, x, w, np.array([0], np.int64)).item() == expected == 1024


def test_shapes_with_and_without_keep_num_dims():
    x, w = np.ones((2, 3, 4), np.int8), np.ones((3, 4), np.int8)
    assert run(dense_node(x_shape=x.shape), x, w, np.zeros(3, np.int32)).shape == (6, 3)
    keeping = dense_node(x_shape=x.shape, options={"keep_num_dims": True})
    assert run(keeping, x, w, np.zeros(3, np.int32)).shape == (2, 3, 3)
    # Without it the last dimension need not be the depth.
    flat = dense_node(x_shape=(2, 2, 2))
    assert run(flat, np.ones((2, 2, 2), np.int8), w, np.zeros(3, np.int32)).shape == (2, 3)


def test_an_absent_bias_is_zero():
    x, w = np.full((2, 4), 9, np.int8), np.full((3, 4), 5, np.int8)
    without = run(dense_node(bias=None), x, w, None)
    assert np.array_equal(without, run(dense_node(), x, w, np.zeros(3, np.int32)))


def test_zero_points_of_channels_are_ignored_under_their_rule():
    x, w = np.full((2, 4), 9, np.int8), np.full((3, 4), 5, np.int8)
    channels = {"w_scale": [0.25] * 3, "bias": None, "rules": "litert-ref"}
    asymmetric = dense_node(w_zero_point=[1, 2, 3], **channels)
    assert np.array_equal(run(asymmetric, x, w, None), run(dense_node(**channels), x, w, None))


def test_refuses_weights_of_another_rank_C1():
    assert refused(dense_node(w_shape=(3, 2, 2))) == "C1"


def test_refuses_bias_length_C1():
    assert refused(dense_node(bias_shape=(4,))) == "C1"


def test_refuses_an_input_that_does_not_fit_C2():
    assert refused(dense_node(x_shape=(2, 5))) == "C2"
    assert refused(dense_node(w_shape=(3, 0))) == "C2"
    assert refused(dense_node(x_shape=(2, 2, 2), options={"keep_num_dims": True})) == "C2"


def test_refuses_scale_counts_C3():
    assert refused(dense_node(w_scale=[0.1, 0.2])) == "C3"
    assert refused(dense_node("UINT8", "UINT8", w_scale=[0.1, 0.2, 0.3])) == "C3"


def test_refuses_zero_points_of_channels_and_of_int4_C3():
    assert refused(dense_node(w_scale=[0.1, 0.2, 0.3], w_zero_point=1)) == "C3"
    assert refused(dense_node(w="INT4", w_zero_point=1, rules="litert-ref")) == "C3"
    prepare(dense_node(w_zero_point=1))


def test_refuses_shuffled_weights_C4():
    assert refused(dense_node(options={"weights_format": "SHUFFLED4x16INT8"})) == "C4"


def test_refuses_int16_zero_points_C5():
    assert refused(dense_node("INT16", bias="INT64", x_zero_point=1)) == "C5"
    assert refused(dense_node("INT16", bias="INT64", out_zero_point=1)) == "C5"


@pytest.mark.parametrize("w, bias", [("INT8", "INT32"), ("INT16", "INT64")])
def test_refuses_a_bias_the_engine_misreads_C6(w, bias):
    # Without quantized_bias_type the engine reads INT64 next to int8 weights, INT32 next to int16.
    prepare(dense_node("INT16", w, bias))
    with pytest.raises(DomainError, match="the engine reads") as error:
        prepare(dense_node("INT16", w, bias, rules="litert-ref"))
    assert error.value.label == "C6"
    said = {"quantized_bias_type": bias}
    prepare(dense_node("INT16", w, bias, rules="litert-ref", options=said))


@pytest.mark.parametrize("rules", ["tflite", "litert-ref"])
def test_sparse_weights_keep_the_integer_path_and_the_mixed_product(rules):
    # Measured on LiteRT's kernel for blocks of 1 x 16; dense weights get the double product there.
    x_scale, w_scale, out_scale = telling_scales(
        lambda x, w, out: x * w / out, lambda x, w, out: float(np.float32(x) * np.float32(w)) / out
    )
    stored, sparsity = in_blocks(random_matrix(40, 32, 16), 16)
    weights = operand("INT8", (40, 32), w_scale, data=expand(stored, sparsity, (40, 32)))
    mixed = float(np.float32(x_scale) * np.float32(w_scale)) / out_scale
    bias = next_to_ties(mixed, -128, 128, 40).astype(np.int32)
    inputs = [
        operand("INT8", (1, 32), x_scale),
        replace(weights, sparsity=sparsity),
        operand("INT32", (40,), data=bias),
    ]
    dense = node("FULLY_CONNECTED", inputs, operand("INT8", (1, 40), out_scale), rules=rules)
    assert prepare(dense).requantize.multiplier == quantize_multiplier(mixed)[0]
    out = run(dense, np.zeros((1, 32), np.int8), weights.value, bias)
    expected = [clamp(requantize_double(a, mixed), -128, 127) for a in bias.tolist()]
    assert out[0].tolist() == expected


def test_refuses_sparse_weights_of_other_dtypes_C7():
    _, sparsity = in_blocks(np.ones((2, 3)))
    for x, w, points in (("INT8", "INT4", 0), ("INT16", "INT8", 0), ("INT8", "INT8", 1)):
        dense = dense_node(x, w, None) if not points else dense_node(x, w, None, w_zero_point=1)
        weights = replace(dense.input(1), sparsity=sparsity)
        inputs = (dense.input(0), weights, *dense.inputs[2:])
        assert refused(replace(dense, inputs=inputs)) == "C7"


def test_refuses_versions_and_dtypes():
    assert refused(dense_node(version=15)) == "version"
    assert refused(dense_node("FLOAT32", "FLOAT32", "FLOAT32")) == "dtype"
    assert refused(dense_node("FLOAT32", "INT8", "FLOAT32")) == "dtype"
    assert refused(dense_node("UINT8", "INT8")) == "dtype"
    assert refused(dense_node(bias="INT64")) == "dtype"
