"""explain against a second profile: the first step that parts, the rule behind it, and what was
inherited.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

import refint8
from refint8.errors import UsageError
from refint8.model.build import ModelBuilder
from refint8.numerics.profiles import PROFILES
from refint8.numerics.profiles import profile as profile_of
from refint8.numerics.recording import Step
from refint8.oracle.explanation.parting import first_difference
from tests.oracle.explanations import CONV, WINDOW, conv, named, values


def changed(base, name, **rules):
    """A profile with some rules changed: what a hardware bug looks like."""
    model = profile_of(base)
    return replace(model, name=name, rules=replace(model.rules, **rules))


def tie():
    """A 1x1 convolution whose requantization is a division by 4: ties at every other odd value."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 1, 4, 1), scale=0.5)
    w = b.tensor("w", "INT8", (1, 1, 1, 1), scale=0.5, data=[[[[1]]]])
    bias = b.tensor("bias", "INT32", (1,), scale=0.25, data=[0])
    y = b.tensor("y", "INT8", (1, 1, 4, 1), scale=1.0)
    z = b.tensor("z", "INT8", (1, 1, 4, 1), scale=1.0)
    b.operator("CONV_2D", [x, w, bias], [y], version=1, **CONV)
    pool = {**WINDOW, "filter_height": 1, "filter_width": 1}
    b.operator("AVERAGE_POOL_2D", [y], [z], version=1, **pool)
    return b.model([x], [z], name="tie"), np.array([5, -6, 6, -9], np.int8).reshape(1, 1, 4, 1)


def test_equal_values_part_nowhere():
    model, x = tie()
    explanation = refint8.explain(model, x, "y", (0, 0, 0, 0), against="litert-ref")
    assert not explanation.differs
    assert explanation.parting.step is None and explanation.parting.constant is None
    assert explanation.own_run.first is None
    assert {rule.decisive for rule in explanation.parting.rules} <= {False}


def test_ties_up_against_ties_away():
    """-6 / 4 = -1.5: away from zero -2, up -1. -6 * 2^30 leaves SRDHM without a rest."""
    model, x = tie()
    explanation = refint8.explain(
        model, x, profile="litert-ref", against=changed("litert-ref", "up", convolution="double_up")
    )
    assert (explanation.name, explanation.index) == ("y", (0, 0, 1, 0))
    assert (explanation.a.value, explanation.b.value) == (-2, -1)
    pair = explanation.parting.step
    assert pair.path == ("requantize",)
    assert named([pair.a], "RDBPOT").dropped == Fraction(1, 2)
    assert named([pair.b], "rounding shift right").dropped == Fraction(-1, 2)
    assert explanation.parting.constant is None
    (rule,) = explanation.parting.decisive
    assert (rule.name, rule.a, rule.b) == ("convolution", "general", "double_up")
    assert explanation.own_run.first.name == "y"


def test_inherited_differences_are_told_from_causes():
    model, x = tie()
    other = changed("litert-ref", "up", convolution="double_up")
    at = (0, 0, 1, 0)
    explanation = refint8.explain(model, x, "z", at, profile="litert-ref", against=other)
    assert not explanation.differs, "the pool does the same with the same values"
    own = explanation.own_run
    assert own.value == -1 and [d.name for d in own.inputs] == ["y"]
    assert (own.first.name, own.first.differing, own.first.elements) == ("y", 1, 4)
    alone = refint8.explain(model, x, "z", at, profile="litert-ref", against=other, own_inputs=True)
    assert alone.differs and alone.b.value == -1 and alone.parting is None
    assert named(alone.b.steps, "sum").result == -1


def test_the_rule_that_decides_is_found_among_several():
    """1 / 4: rounded twice it is 1 (SRDHM takes 1/2 up, RDBPOT the tie away), rounded once 0."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 2), scale=0.5)
    w = b.tensor("w", "INT8", (2, 2), scale=0.5, data=[[1, 1], [3, 3]])
    y = b.tensor("y", "INT8", (1, 2), scale=1.0)
    b.operator("FULLY_CONNECTED", [x, w, -1], [y], version=1)
    model, given = b.model([x], [y]), np.array([[2, -1]], np.int8)
    other = changed("tflite", "other", fully_connected="float64", fully_connected_scale="float64")
    explanation = refint8.explain(model, given, against=other)
    assert explanation.index == (0, 0)
    assert (explanation.a.value, explanation.b.value) == (1, 0)
    effects = {rule.name: (rule.value, rule.decisive) for rule in explanation.parting.rules}
    assert effects == {"fully_connected": (0, True), "fully_connected_scale": (1, False)}
    pair = explanation.parting.step
    assert pair.path == ("requantize",)
    assert [s.dropped for s in pair.a.steps] == [Fraction(-1, 2), Fraction(-1, 2)]
    assert named([pair.b], "round half away").dropped == Fraction(1, 4)
    # 3 / 4 is 1 either way.
    assert not refint8.explain(model, given, "y", (0, 1), against=other).differs


def test_a_rule_may_replace_the_arithmetic():
    """RELU6 of TFLM clamps the raw input: no step is left but that."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 1), scale=1.0, zero_point=100)
    y = b.tensor("y", "INT8", (1, 1), scale=2.0, zero_point=0)
    b.operator("RELU6", [x], [y], version=1)
    model, given = b.model([x], [y]), np.array([[103]], np.int8)
    explanation = refint8.explain(model, given, "y", (0, 0), against="tflm")
    assert (explanation.a.value, explanation.b.value) == (2, 103)
    (rule,) = explanation.parting.decisive
    assert rule.name == "relu6"
    assert explanation.parting.step.path[0] == "x - zero point"


def test_a_tensor_without_a_difference_cannot_be_left_out():
    model, x = tie()
    with pytest.raises(UsageError, match="equal tensors"):
        refint8.explain(model, x, profile="litert-ref", against="litert-ref")


def test_one_index_is_found_where_none_is_given():
    model, x = tie()
    other = changed("litert-ref", "up", convolution="double_up")
    explanation = refint8.explain(model, x, "y", profile="litert-ref", against=other)
    assert explanation.index == (0, 0, 1, 0)


def test_kernels_that_an_operator_is_handed_to_follow_rules_of_their_own():
    """XNNPACK takes the convolution and multiplies by a float32, ties to even: 6 / 4 and 2 / 4."""
    model, x = tie()
    explanation = refint8.explain(
        model, x, "y", (0, 0, 2, 0), profile="litert-ref", against="xnnpack"
    )
    assert explanation.b.handed_on and not explanation.a.handed_on
    assert (explanation.a.value, explanation.b.value) == (2, 2)
    assert named(explanation.b.steps, "product").result == 1.5
    assert named(explanation.b.steps, "round half even").dropped == Fraction(-1, 2)
    assert named(explanation.b.constants, "real factor").result == 0.25
    x = np.array([2, 2, 2, 2], np.int8).reshape(1, 1, 4, 1)
    explanation = refint8.explain(
        model, x, "y", (0, 0, 2, 0), profile="litert-ref", against="xnnpack"
    )
    assert (explanation.a.value, explanation.b.value) == (1, 0), "0.5: away from zero, to even"
    assert [rule.name for rule in explanation.parting.decisive] == ["convolution"]
    assert explanation.parting.step.path == ("requantize",)


def test_a_profile_that_refuses_the_model_still_answers_for_the_operator():
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 1, 4, 1), scale=0.5)
    w = b.tensor("w", "INT8", (1, 1, 1, 1), scale=0.5, data=[[[[1]]]])
    odd = b.tensor("odd", "INT8", (1, 1, 1, 1), scale=0.5, zero_point=1, data=[[[[1]]]])
    y, z = (b.tensor(name, "INT8", (1, 1, 4, 1), scale=1.0) for name in ("y", "z"))
    for source, weights, target in ((x, w, y), (y, odd, z)):
        b.operator("DEPTHWISE_CONV_2D", [source, weights, -1], [target], depth_multiplier=1, **CONV)
    model, given = b.model([x], [z]), tie()[1]
    explanation = refint8.explain(
        model, given, "y", (0, 0, 1, 0), profile="litert-ref", against="tflite"
    )
    assert explanation.a.value == explanation.b.value == -2
    assert "zero point" in explanation.own_run.refused
    refused = refint8.explain(
        model, given, "z", (0, 0, 1, 0), profile="litert-ref", against="tflite"
    )
    assert refused.b.value is None and "zero point" in refused.b.refused


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_derives_a_convolution_to_its_value(name):
    model = conv()
    for at in np.ndindex(1, 4, 4, 2):
        derived = refint8.explain(model, values((1, 4, 4, 2)), "y", at, profile=name).a
        assert derived.steps[-1].result == derived.value
        assert named(derived.steps, "requantize").steps


def step(name, result, *inside):
    return Step(name, "", {}, result, steps=inside)


def test_steps_are_aligned_by_name():
    a = [step("sum", 3), step("scale", 7, step("high", 9), step("low", 7)), step("clamp", 7)]
    b = [step("sum", 3), step("scale", 6, step("high", 9), step("low", 6)), step("clamp", 6)]
    assert first_difference(a, b).path == ("scale", "low")
    assert first_difference(a, a) is None


def test_differences_that_meet_again_are_no_parting():
    a = [step("scale", 7, step("high", 9)), step("clamp", 7)]
    b = [step("scale", 7, step("high", 8)), step("clamp", 7)]
    assert first_difference(a, b) is None


def test_a_step_of_one_side_parts_the_two_if_the_next_result_differs():
    a = [step("sum", 3), step("clamp", 3)]
    b = [step("sum", 3), step("wrap", 1), step("clamp", 1)]
    pair = first_difference(a, b)
    assert pair.path == ("wrap",) and pair.a is None and pair.b.result == 1
    same = [step("sum", 3), step("wrap", 3), step("clamp", 3)]
    assert first_difference(a, same) is None


def test_other_arithmetic_is_shown_as_a_whole():
    a = [step("scale", 7, step("high", 9), step("low", 7))]
    b = [step("scale", 6, step("product", 6.4), step("round", 6))]
    pair = first_difference(a, b)
    assert pair.path == ("scale",) and (pair.a, pair.b) == (a[0], b[0])
