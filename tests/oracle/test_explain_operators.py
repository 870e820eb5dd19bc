"""explain: operators that are no sums of products, each by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import refint8
from refint8.model.build import ModelBuilder
from tests.ops import python_integers as py
from tests.oracle.explanations import WINDOW, binary, data_of, flat, named, scale_of, unary, values


def test_add_rescales_both_operands():
    model = binary("ADD", fused_activation_function="NONE")
    x1, x2 = values((2, 3)), values((3,))
    explanation = refint8.explain(model, [x1, x2], "y", (1, 2))
    s1, s2, out = (scale_of(model, k) for k in range(3))
    parts = []
    for value, scale in ((int(x1[1, 2]) - 3, s1), (int(x2[2]) + 4, s2)):
        pair = py.quantize_multiplier(scale / (2 * max(s1, s2)))
        parts.append(py.double_rounding(value << 20, *pair))
    first, second, last = (s for s in explanation.a.steps if s.name == "requantize")
    assert [first.result, second.result] == parts
    assert named(explanation.a.steps, "sum").result == sum(parts)
    pair = py.quantize_multiplier(2 * max(s1, s2) / ((1 << 20) * out))
    assert last.result == py.double_rounding(sum(parts), *pair)
    assert explanation.a.value == py.clamp(last.result + 5, -128, 127)
    assert [t.elements[0].index for t in explanation.a.enters.terms] == [(1, 2), (2,)]


@pytest.mark.parametrize("profile, formula", [("tflite", "f32"), ("tflm", "double")])
def test_mul_says_in_which_precision_the_scales_met(profile, formula):
    model = binary("MUL", fused_activation_function="NONE")
    x1, x2 = values((2, 3)), values((3,))
    explanation = refint8.explain(model, [x1, x2], "y", (0, 1), profile=profile)
    factor, pair = explanation.a.constants
    s1, s2, out = (scale_of(model, k) for k in range(3))
    real = s1 * s2 / out if formula == "double" else py.float32(py.float32(s1 * s2) / out)
    assert factor.formula.startswith(formula)
    assert factor.result == real
    assert pair.result == py.quantize_multiplier(real)
    product = (int(x1[0, 1]) - 3) * (int(x2[1]) + 4)
    assert named(explanation.a.steps, "product").result == product


@pytest.mark.parametrize("value", [-100, 3, 100])
def test_leaky_relu_takes_one_branch(value):
    model = unary("LEAKY_RELU", alpha=0.1)
    x = np.full((1, 6), value, np.int8)
    explanation = refint8.explain(model, x, "y", (0, 4))
    (step,) = [step for step in explanation.a.steps if step.name == "requantize"]
    ratio = py.float32(scale_of(model, 0) / scale_of(model, 1))
    if value < 3:
        alpha = py.float32(py.float32(0.1) * scale_of(model, 0))
        ratio = py.float32(alpha / scale_of(model, 1))
    assert step.operands["accumulator"] == value - 3
    assert step.result == py.requantize_double(value - 3, ratio)


def test_pools_count_the_taps_inside():
    options = {**WINDOW, "filter_height": 3, "filter_width": 3}
    x = values((1, 4, 4, 2))
    average = unary("AVERAGE_POOL_2D", shape=(1, 4, 4, 2), x=(0.1, 2), y=(0.1, 2), **options)
    explanation = refint8.explain(average, x, "y", (0, 0, 3, 1))
    taps = [int(x[0, r, s, 1]) for r in (0, 1) for s in (2, 3)]
    enters = explanation.a.enters
    assert (enters.kind, enters.count, enters.outside, enters.total) == ("window", 4, 5, sum(taps))
    division = named(explanation.a.steps, "divide, rounding")
    assert division.operands == {"a": sum(taps), "b": 4}
    assert explanation.a.value == py.round_half_away(Fraction(sum(taps), 4))
    largest = unary("MAX_POOL_2D", shape=(1, 4, 4, 2), x=(0.1, 2), y=(0.1, 2), **options)
    assert refint8.explain(largest, x, "y", (0, 0, 3, 1)).a.value == max(taps)


def test_mean_folds_the_count_into_the_multiplier():
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (2, 3, 5), scale=0.1, zero_point=-6)
    axes = b.tensor("axes", "INT32", (1,), data=[1])
    y = b.tensor("y", "INT8", (2, 5), scale=0.08, zero_point=2)
    b.operator("MEAN", [x, axes], [y], version=1, keep_dims=False)
    model, given = b.model([x], [y]), values((2, 3, 5))
    explanation = refint8.explain(model, given, "y", (1, 4))
    raw = [int(v) for v in given[1, :, 4]]
    assert sorted(t.elements[0].value for t in explanation.a.enters.terms) == sorted(raw)
    assert named(explanation.a.steps, "- count * zero point").result == sum(raw) + 18
    factor, pair, divided = explanation.a.constants
    assert factor.result == scale_of(model, 0) / scale_of(model, 2)
    multiplier, shift = pair.result
    assert divided.result == ((multiplier << 1) // 3, shift - 1)
    steps = named(explanation.a.steps, "requantize")
    assert (steps.operands["multiplier"], steps.operands["shift"]) == divided.result


def test_softmax_lists_the_rows_exponentials():
    model = unary("SOFTMAX", x=(0.1, 0), y=(1 / 256, -128), beta=1.0)
    x = np.array([[-60, 3, 2, 1, 0, -5]], np.int8)
    explanation = refint8.explain(model, x, "y", (0, 1))
    total = named(explanation.a.steps, "sum of the row")
    assert len(total.terms) == 6 and sum(total.terms) == total.result
    assert total.terms[1] == 1 << 19  # e^0 in Q12
    assert named(explanation.a.steps, "x - largest").result == 0
    other = refint8.explain(model, x, "y", (0, 0))
    assert named(other.a.steps, "x - largest").operands == {"x": -60, "largest": 3}
    expected = math.exp(-6.3) / sum(math.exp(0.1 * (int(v) - 3)) for v in x[0])
    assert abs(other.a.value + 128 - 256 * expected) < 1


def test_logistic_shows_the_tables_entry_or_the_fixed_point():
    model = unary("LOGISTIC", y=(1 / 256, -128))
    x = np.array([[5, 40, -9, 0, 0, 0]], np.int8)
    table = refint8.explain(model, x, "y", (0, 1))
    real = py.float32(scale_of(model, 0) * 37)
    assert named(table.a.constants, "real input").result == real
    assert abs(named(table.a.constants, "function").result - 1 / (1 + math.exp(-real))) < 1e-7
    assert named(table.a.constants, "table entry").result == table.a.value
    fixed = refint8.explain(model, x, "y", (0, 1), profile="tflm")
    pair = py.quantize_multiplier(scale_of(model, 0) * 2**27)
    rescaled = named(fixed.a.steps, "requantize")
    assert rescaled.result == py.double_rounding(37, *pair)
    function = named(fixed.a.steps, "logistic")
    assert abs(function.result / 2**31 - 1 / (1 + math.exp(-rescaled.result / 2**27))) < 1e-6
    assert fixed.a.value == py.divide_by_pot(function.result, 23) - 128


def test_hard_swish_and_quantize_end_in_their_value():
    for model, profile in [
        (unary("HARD_SWISH", x=(0.05, 3), y=(0.04, -20)), "tflite"),
        (unary("TANH", "INT16", x=(1 / 4096, 0), y=(1 / 32768, 0)), "tflite"),
        (unary("L2_NORMALIZATION", y=(1 / 128, 0)), "tflite"),
        (unary("LOG_SOFTMAX", y=(16 / 256, 127)), "tflite"),
        (unary("RELU6", y=(6 / 255, -128)), "tflite"),
        (unary("QUANTIZE"), "tflite"),
        (unary("ABS"), "tflite"),
    ]:
        dtype = np.int16 if model.subgraphs[0].tensors[0].dtype == "INT16" else np.int8
        x = values((1, 6), dtype)
        for column in range(6):
            derived = refint8.explain(model, x, "y", (0, column), profile=profile).a
            assert derived.steps[-1].result == derived.value, model.name
            assert all(abs(s.dropped) < 1 for s in flat(derived.steps) if s.dropped is not None)


def test_resize_bilinear_names_the_four_neighbours():
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 2, 2, 1), scale=0.1)
    size = b.tensor("size", "INT32", (2,), data=[4, 4])
    y = b.tensor("y", "INT8", (1, 4, 4, 1), scale=0.1)
    options = {"align_corners": False, "half_pixel_centers": False}
    b.operator("RESIZE_BILINEAR", [x, size], [y], version=1, **options)
    given = np.array([[10, 21], [-7, 100]], np.int8).reshape(1, 2, 2, 1)
    explanation = refint8.explain(b.model([x], [y]), given, "y", (0, 1, 1, 0))
    assert [t.part for t in explanation.a.enters.terms] == [10, -7, 21, 100]
    blend = named(explanation.a.steps, "blend")
    assert (blend.operands["dy"], blend.operands["dx"]) == (512, 512)
    assert explanation.a.value == py.round_half_away(Fraction(10 - 7 + 21 + 100, 4))


def test_concatenation_follows_the_part_and_its_rescale():
    b = ModelBuilder()
    x1 = b.tensor("x1", "UINT8", (1, 2), scale=0.1, zero_point=3)
    x2 = b.tensor("x2", "UINT8", (1, 3), scale=0.25, zero_point=7)
    y = b.tensor("y", "UINT8", (1, 5), scale=0.1, zero_point=3)
    b.operator("CONCATENATION", [x1, x2], [y], version=1, axis=1)
    given = [np.array([[1, 2]], np.uint8), np.array([[30, 40, 50]], np.uint8)]
    model = b.model([x1, x2], [y])
    moved = refint8.explain(model, given, "y", (0, 1)).a
    assert moved.enters.kind == "copy" and moved.enters.terms[0].elements[0].input == 0
    rescaled = refint8.explain(model, given, "y", (0, 3)).a
    (element,) = rescaled.enters.terms[0].elements
    assert (element.input, element.index, element.value) == (1, (0, 1), 40)
    assert named(rescaled.steps, "rescale").result == rescaled.value


def svdf():
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 3), scale=0.1, zero_point=2)
    features = b.tensor("f", "INT8", (4, 3), scale=0.05, data=values((4, 3)))
    times = b.tensor("t", "INT16", (4, 2), scale=0.01, data=values((4, 2), np.int16))
    bias = b.tensor("b", "INT32", (2,), data=[100, -50])
    state = b.tensor("s", "INT16", (1, 8), scale=0.2, is_variable=True)
    y = b.tensor("y", "INT8", (1, 2), scale=0.02, zero_point=-1)
    options = {"rank": 2, "fused_activation_function": "RELU"}
    b.operator("SVDF", [x, features, times, bias, state], [y], version=3, **options)
    return b.model([x], [y])


def test_svdf_starts_from_the_state_before_the_run():
    model, x = svdf(), np.array([[50, -20, 7]], np.int8)
    explanation = refint8.explain(model, x, "y", (0, 1))
    w = data_of(model, 1)
    acc = sum((int(x[0, k]) - 2) * w[2, k] for k in range(3))
    assert named(explanation.a.steps, "sum of features").result == acc
    real = py.float32(py.float32(scale_of(model, 0) * scale_of(model, 1)) / scale_of(model, 4))
    newest = py.clamp(py.requantize_double(acc, real), -32768, 32767)
    assert named(explanation.a.steps, "newest state").result == newest
    products = named(explanation.a.steps, "sum over time").terms
    assert products == (0, newest * data_of(model, 2)[2, 1])
