"""LSTM: one step, in Python integers; its arithmetic is proven by the sequence's tests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.lstm_cases import Case
from tests.ops.nodes import operand, refused


def case(seed=0, **variant):
    return Case(seed, name="LSTM", **variant)


@pytest.mark.parametrize(
    "variant",
    [
        {},
        {"rows": 1},
        {"cifg": True},
        {"peephole": True, "projection": True, "layer_norm": True, "outputs": 2},
        {"exponent": -15},
    ],
)
def test_equals_python_integers(variant):
    for seed in range(4):
        made = case(seed, **variant)
        out = prepare(made.node()).spec(*made.arrays())
        assert tuple(a.tolist() for a in out) == made.expected()


def test_20_inputs_will_do():
    made = case()
    short = made.node()
    short = replace(short, inputs=short.inputs[:20])
    out = prepare(short).spec(*made.arrays()[:20])
    assert tuple(a.tolist() for a in out) == made.expected()


def test_has_gemmlowp_arithmetic_under_every_profile():
    made = case(3)
    outs = [prepare(made.node(rules)).spec(*made.arrays())[0] for rules in ("tflite", "tflm")]
    assert outs[0].tolist() == outs[1].tolist()


def refusal(at, made, variable=False, rules="tflite"):
    changed = case()
    changed.operands[at] = replace(made, is_variable=variable)
    return refused(changed.node(rules))


def test_refuses_shapes_C1():
    assert refusal(0, operand("INT8", (2, 3, 3), 0.1)) == "C1"
    assert refusal(3, operand("INT8", (5, 4), 0.1)) == "C1"


def test_refuses_incomplete_gates_C2():
    made = case()
    del made.operands[12]
    assert refused(made.node()) == "C2"


def test_refuses_states_that_are_none_C3():
    assert refusal(19, operand("INT16", (2, 5), 2.0**-11)) == "C3"


def test_refuses_weights_with_a_zero_point_C4():
    assert refusal(8, operand("INT8", (5, 5), 0.1, -3)) == "C4"


def test_refuses_the_other_kernels_C5():
    assert refused(case().node(kernel_type="BASIC")) == "C5"
    made = case()
    made.intermediates = made.intermediates[:4]
    assert refused(made.node()) == "C5"


def test_refuses_scales_without_parameters_C6():
    coarse = operand("INT16", (2, 5), 2.0**-8)
    assert refusal(19, coarse, variable=True) == "C6"
    silent = case(exponent=-8)
    out, _, _ = prepare(silent.node("litert-ref")).spec(*silent.arrays())
    assert not out.any()
    # Of an intermediate tensor without a scale the engine dies.
    bare = case(layer_norm=True)
    bare.intermediates[2] = operand("INT16", (0,))
    assert refused(bare.node()) == refused(bare.node("litert-ref")) == "C6"


def test_refuses_a_tanh_that_does_not_exist_C7():
    with pytest.raises(DomainError) as error:
        prepare(case(exponent=-16).node())
    assert error.value.label == "C7"
    prepare(case(exponent=-16).node("litert-ref"))


def test_refuses_versions_and_dtypes():
    assert refused(replace(case().node(), version=9)) == "version"
    assert refusal(0, operand("INT16", (2, 3), 0.1)) == "dtype"
    assert refusal(0, operand("FLOAT32", (2, 3))) == "dtype"
