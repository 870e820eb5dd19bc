"""explain: what enters one element, every step of it, and where it came from, by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import refint8
from refint8.errors import DomainError, UsageError
from refint8.model.build import ModelBuilder
from tests.ops import python_integers as py
from tests.oracle.explanations import CONV, conv, data_of, named, scale_of, values


@pytest.mark.parametrize("at", [(0, 0, 0, 1), (0, 1, 2, 0), (0, 3, 3, 1)])
def test_conv_2d_by_hand(at):
    model, x = conv(), values((1, 4, 4, 2))
    explanation = refint8.explain(model, x, "y", at)
    _, row, column, channel = at
    w, products, outside = data_of(model, 1), {}, 0
    for j in range(3):
        for i in range(3):
            for c in range(2):
                r, s = row + j - 1, column + i - 1
                if not (0 <= r < 4 and 0 <= s < 4):
                    outside += 1
                    continue
                products[0, r, s, c] = (int(x[0, r, s, c]) + 3) * w[channel, j, i, c]
    enters = explanation.a.enters
    assert (enters.kind, enters.count, enters.outside) == ("products", len(products), outside)
    assert {term.elements[0].index: term.part for term in enters.terms} == products
    assert [abs(t.part) for t in enters.terms] == sorted(map(abs, products.values()), reverse=True)
    acc = sum(products.values()) + [777, -1234][channel]
    real = scale_of(model, 0) * scale_of(model, 1, channel) / scale_of(model, 3)
    multiplier, shift = py.quantize_multiplier(real)
    high = py.high_mul(acc, multiplier)
    scaled = py.divide_by_pot(high, -shift)
    steps = explanation.a.steps
    assert named(steps, "sum of products").result == sum(products.values()) == enters.total
    assert named(steps, "+ bias").result == acc
    assert named(steps, "SRDHM").result == high
    assert named(steps, "SRDHM").dropped == Fraction(acc * multiplier, 2**31) - high
    assert named(steps, "RDBPOT").result == scaled
    assert named(steps, "RDBPOT").dropped == Fraction(high, 2**-shift) - scaled
    assert steps[-1].result == explanation.a.value == py.clamp(scaled - 7, -128, 127)
    factor, pair = explanation.a.constants
    assert (factor.result, factor.formula) == (real, "double(a) * double(b) / double(out)")
    assert factor.operands["b"] == scale_of(model, 1, channel)
    assert pair.result == (multiplier, shift)


@pytest.mark.parametrize("dtype, low", [("INT8", -128), ("UINT8", 0)])
@pytest.mark.parametrize("name", ["CONV_2D", "DEPTHWISE_CONV_2D"])
def test_zero_points_of_both_factors(name, dtype, low):
    options = {"depth_multiplier": 1} if name == "DEPTHWISE_CONV_2D" else {}
    model = conv(name, dtype, **options)
    x = (values((1, 4, 4, 2)).astype(int) + 128 + low).astype(dtype.lower())
    explanation = refint8.explain(model, x, "y", (0, 0, 3, 1))
    taps = 4 if name == "DEPTHWISE_CONV_2D" else 8
    assert explanation.a.enters.count == taps
    for term in explanation.a.enters.terms:
        pixel, weight = term.elements
        assert pixel.zero_point == low + 125
        assert weight.zero_point == low + 128
        assert term.part == (pixel.value - pixel.zero_point) * (weight.value - weight.zero_point)
        assert x[pixel.index] == pixel.value
    assert named(explanation.a.steps, "sum of products").result == explanation.a.enters.total


def test_transpose_conv_skips_what_no_pixel_reaches():
    b = ModelBuilder()
    shape = b.tensor("shape", "INT32", (4,), data=[1, 5, 5, 2])
    w = b.tensor("w", "INT8", (2, 3, 3, 3), scale=0.01, data=values((2, 3, 3, 3)))
    x = b.tensor("x", "INT8", (1, 3, 3, 3), scale=0.02, zero_point=4)
    y = b.tensor("y", "INT8", (1, 5, 5, 2), scale=0.5, zero_point=1)
    options = {"padding": "SAME", "stride_h": 2, "stride_w": 2}
    b.operator("TRANSPOSE_CONV", [shape, w, x], [y], version=1, **options)
    model, given = b.model([x], [y]), values((1, 3, 3, 3))
    for at in [(0, 0, 0, 0), (0, 1, 1, 1), (0, 2, 3, 0), (0, 4, 4, 1)]:
        enters = refint8.explain(model, given, "y", at).a.enters
        reached = {
            (0, r, s, c): (int(given[0, r, s, c]) - 4) * data_of(model, w)[at[3], j, i, c]
            for r in range(3)
            for s in range(3)
            for j in range(3)
            for i in range(3)
            for c in range(3)
            if (2 * r + j - 1, 2 * s + i - 1) == at[1:3]
        }
        assert {t.elements[0].index: t.part for t in enters.terms} == reached


def test_fully_connected_and_the_double_of_litert():
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (2, 5), scale=0.11, zero_point=-2)
    w = b.tensor("w", "INT8", (3, 5), scale=0.07, data=values((3, 5)))
    y = b.tensor("y", "INT8", (2, 3), scale=2.3, zero_point=9)
    b.operator("FULLY_CONNECTED", [x, w, -1], [y], version=4)
    model, given = b.model([x], [y]), values((2, 5))
    explanation = refint8.explain(model, given, "y", (1, 2), profile="litert-ref")
    acc = sum((int(given[1, k]) + 2) * data_of(model, w)[2, k] for k in range(5))
    real = scale_of(model, 0) * scale_of(model, 1) / scale_of(model, 2)
    assert named(explanation.a.steps, "sum of products").result == acc
    assert named(explanation.a.steps, "product").result == float(acc) * real
    rounded = py.round_half_away(Fraction(float(acc) * real))
    assert named(explanation.a.steps, "round half away").result == rounded
    assert explanation.a.value == py.clamp(rounded + 9, -128, 127)
    assert [step.name for step in explanation.a.constants] == ["real factor"]


def test_batch_matmul_with_broadcast_batches():
    b = ModelBuilder()
    x1 = b.tensor("x1", "INT8", (2, 3, 4), scale=0.1, zero_point=2)
    x2 = b.tensor("x2", "INT8", (5, 4), scale=0.1, zero_point=-3)
    y = b.tensor("y", "INT8", (2, 3, 5), scale=3.0)
    b.operator("BATCH_MATMUL", [x1, x2], [y], version=1, adj_x=False, adj_y=True)
    model, given = b.model([x1, x2], [y]), [values((2, 3, 4)), values((5, 4))]
    enters = refint8.explain(model, given, "y", (1, 2, 3)).a.enters
    expected = {
        (1, 2, k): (int(given[0][1, 2, k]) - 2) * (int(given[1][3, k]) + 3) for k in range(4)
    }
    assert {t.elements[0].index: t.part for t in enters.terms} == expected
    assert {t.elements[1].index for t in enters.terms} == {(3, k) for k in range(4)}


def test_movers_say_where_the_element_came_from():
    b = ModelBuilder()
    x = b.tensor("x", "INT16", (300, 2), scale=0.1)
    permutation = b.tensor("p", "INT32", (2,), data=[1, 0])
    y = b.tensor("y", "INT16", (2, 300), scale=0.1)
    b.operator("TRANSPOSE", [x, permutation], [y], version=1)
    model, given = b.model([x], [y]), values((300, 2), np.int16)
    enters = refint8.explain(model, given, "y", (1, 277)).a.enters
    assert enters.kind == "copy"
    assert enters.terms[0].elements[0].index == (277, 1)


def test_a_pads_border_comes_from_no_input():
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 2), scale=0.1, zero_point=5)
    paddings = b.tensor("p", "INT32", (2, 2), data=[[0, 0], [1, 1]])
    y = b.tensor("y", "INT8", (1, 4), scale=0.1, zero_point=5)
    b.operator("PAD", [x, paddings], [y], version=1)
    model, given = b.model([x], [y]), np.array([[5, 9]], np.int8)
    assert refint8.explain(model, given, "y", (0, 0)).a.enters.kind == "constant"
    # The same value inside is a copy all the same.
    inside = refint8.explain(model, given, "y", (0, 1)).a
    assert (inside.value, inside.enters.kind) == (5, "copy")


def test_outputs_of_one_operator_are_told_apart():
    b = ModelBuilder()
    axis = b.tensor("axis", "INT32", (), data=1)
    x = b.tensor("x", "INT8", (1, 4), scale=0.1)
    parts = [b.tensor(f"y{k}", "INT8", (1, 2), scale=0.1) for k in (0, 1)]
    b.operator("SPLIT", [axis, x], parts, version=1, num_splits=2)
    model, given = b.model([x], parts), np.array([[1, 2, 3, 4]], np.int8)
    element = refint8.explain(model, given, "y1", (0, 1)).a.enters.terms[0].elements[0]
    assert (element.index, element.value) == ((0, 3), 4)


def test_inputs_and_constants_are_not_derived():
    model, x = conv(), values((1, 4, 4, 2))
    explanation = refint8.explain(model, x, "x", (0, 1, 2, 0))
    assert explanation.operator is None and explanation.a.enters.kind == "input"
    assert explanation.a.value == x[0, 1, 2, 0]
    assert refint8.explain(model, x, "bias", (1,)).a.enters.kind == "constant"


def test_it_prints_on_a_line_and_knows_real_values():
    explanation = refint8.explain(conv(), values((1, 4, 4, 2)), 3, (0, 1, 1, 0))
    assert str(explanation) == f"y at 0,1,1,0: {explanation.a.value} under tflite"
    assert explanation.real(explanation.a.value) == pytest.approx((explanation.a.value + 7) * 0.031)


@pytest.mark.parametrize(
    "tensor, index, message, hint",
    [
        ("yy", (0, 0, 0, 0), "no tensor 'yy'", "'y'"),
        (4, (0,), "no tensor 4", "0 to 3"),
        ("4", (0,), "no tensor 4", "0 to 3"),
        ("y", (0, 0, 0), "4 numbers, not 3", ""),
        ("y", (0, 4, 0, 0), "4 is outside dimension 1", "0 to 3"),
        ("y", (0, 0, 0, -1), "-1 is outside dimension 3", "0 to 1"),
        (None, None, "no tensor was named", "--tensor"),
    ],
)
def test_what_does_not_exist(tensor, index, message, hint):
    with pytest.raises(UsageError, match=message) as caught:
        refint8.explain(conv(), values((1, 4, 4, 2)), tensor, index)
    assert hint in caught.value.hint


def test_a_run_that_is_refused_stays_refused():
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 1, 1, 2), scale=0.5)
    w = b.tensor("w", "INT8", (1, 1, 1, 2), scale=0.5, data=[[[[127, 127]]]])
    bias = b.tensor("bias", "INT32", (1,), data=[2**31 - 1])
    y = b.tensor("y", "INT8", (1, 1, 1, 1), scale=0.5)
    b.operator("CONV_2D", [x, w, bias], [y], version=1, **CONV)
    model, given = b.model([x], [y]), np.full((1, 1, 1, 2), 127, np.int8)
    with pytest.raises(DomainError, match="accumulator"):
        refint8.explain(model, given, "y", (0, 0, 0, 0))
    wrapped = refint8.explain(
        model, given, "y", (0, 0, 0, 0), profile="litert-ref", against="tflite"
    )
    acc = 2 * 127 * 127 + 2**31 - 1
    assert named(wrapped.a.steps, "accumulator").result == acc - 2**32
    assert "accumulator" in wrapped.b.refused and wrapped.b.value is None
    assert "accumulator" in wrapped.own_run.refused


def test_an_operator_that_reaches_beyond_its_tensors_is_not_derived():
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 2), scale=0.5)
    handle = b.tensor("handle", "RESOURCE", ())
    y = b.tensor("y", "INT8", (1, 2), scale=0.5)
    b.operator("VAR_HANDLE", [], [handle], version=1, container="", shared_name="v")
    b.operator("ASSIGN_VARIABLE", [handle, x], [], version=1)
    b.operator("READ_VARIABLE", [handle], [y], version=1)
    model, given = b.model([x], [y]), np.array([[3, -4]], np.int8)
    explanation = refint8.explain(model, given, "y", (0, 1), against="tflm")
    assert (explanation.a.value, explanation.b.value) == (-4, -4)
    assert explanation.a.enters.kind == "unknown" and not explanation.a.steps


def test_a_nan_is_no_difference_from_a_nan():
    b = ModelBuilder()
    x = b.tensor("x", "FLOAT32", (1, 2))
    shape = b.tensor("shape", "INT32", (1,), data=[2])
    y = b.tensor("y", "FLOAT32", (2,))
    b.operator("RESHAPE", [x, shape], [y], version=1)
    given = np.array([[1.0, np.nan]], np.float32)
    explanation = refint8.explain(b.model([x], [y]), given, "y", (1,), against="litert-ref")
    assert not explanation.differs and math.isnan(explanation.a.value)
    assert explanation.a.enters.terms[0].elements[0].index == (0, 1)
