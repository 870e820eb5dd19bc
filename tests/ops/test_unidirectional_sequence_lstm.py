"""UNIDIRECTIONAL_SEQUENCE_LSTM: a definition in Python integers, the engine's bugs, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.numerics.rules import Rules
from refint8.ops._op import prepare
from tests.ops.lstm_cases import Case, TableCase
from tests.ops.nodes import operand, refused
from tests.ops.python_integers import float32, quantize_multiplier

PLAIN = {}
VARIANTS = {
    "plain": PLAIN,
    "one row": {"rows": 1, "time": 4},
    "time major": {"time_major": True},
    "clipped": {"cell_clip": 0.5},
    "no input gate": {"cifg": True},
    "peephole": {"peephole": True, "cells": 4, "outputs": 4},
    "projection": {"projection": True, "outputs": 3, "proj_clip": 0.1},
    "layer norm": {"layer_norm": True},
    "everything": {"peephole": True, "projection": True, "layer_norm": True, "outputs": 2},
    "finest cell": {"exponent": -15},
    "coarsest cell": {"exponent": -9},
    "saturating gates": {"weight_scale": 3.0},
}


def results(case, rules="tflite"):
    out = prepare(case.node(rules)).spec(*case.arrays())
    assert [a.dtype for a in out] == [case.values[k].dtype for k in (18, 18, 19)]
    return tuple(a.tolist() for a in out)


def with_rules(made, **changes):
    return replace(made, rules=replace(made.rules, **changes))


@pytest.mark.parametrize("name", list(VARIANTS))
def test_equals_python_integers(name):
    for seed in range(3):
        case = Case(seed, **VARIANTS[name])
        assert results(case) == case.expected()


@pytest.mark.parametrize("int16", [False, True])
@pytest.mark.parametrize("name", ["plain", "time major", "clipped", "saturating gates"])
def test_tables_equal_python_integers(name, int16):
    for seed in range(3):
        case = TableCase(seed, int16=int16, **VARIANTS[name])
        assert results(case, "tflm") == case.expected()


@pytest.mark.parametrize("exponent", [-17, -13, -9, -7])
def test_tables_take_any_cell_scale(exponent):
    case = TableCase(1, exponent=exponent)
    assert results(case, "tflm") == case.expected()
    uneven = TableCase(2)
    uneven.operands[19] = operand("INT16", (2, 5), 0.0006)
    uneven.operands[19] = replace(uneven.operands[19], is_variable=True)
    # Its tanh counts the scale as 2^-11, its products take it as it is.
    assert results(uneven, "tflm") == uneven.expected()


def test_saturation_between_the_two_products():
    # The input's product alone leaves int16, the hidden state's brings the sum back.
    case = Case(0, rows=1, time=1, inputs=1, cells=1, outputs=1)
    for at in (1, 2, 3, 4):
        case.operands[at] = operand("INT8", (1, 1), 1.0)
        case.values[at] = np.array([[127]], np.int8)
    for at in (5, 6, 7, 8):
        case.operands[at] = operand("INT8", (1, 1), 1.0)
        case.values[at] = np.array([[-127]], np.int8)
    case.values[0] = np.full((1, 1, 1), 127, np.int8)
    case.values[18] = np.array([[120]], np.int8)
    out = results(case)
    assert out == case.expected()
    raw = [127 * (127 - case.operands[0].zero_point), -127 * (120 - 11)]
    scales = [case.scale(0) * 4096, case.scale(18) * 4096]
    assert raw[0] * scales[0] > 32767 > raw[0] * scales[0] + raw[1] * scales[1]


def test_scales_are_combined_in_float32():
    """Random data does not tell: multipliers are compared, not outputs."""
    told = 0
    for seed in range(20):
        case = Case(seed, peephole=True, projection=True, outputs=3)
        cell = prepare(case.node()).cell
        gate, exact = cell.gates["forget"], 4096.0
        for made, (a, b) in ((gate.input, (2, 0)), (gate.recurrent, (6, 18))):
            single = float32(float32(case.scale(a) * case.scale(b)) * exact)
            assert int(made.multiplier) == quantize_multiplier(single)[0]
            double = case.scale(a) * case.scale(b) * exact
            told += quantize_multiplier(double) != quantize_multiplier(single)
        hidden = case.intermediates[4].scale
        single = float32(2.0**-30 / hidden)
        assert int(cell.hidden.multiplier) == quantize_multiplier(single)[0]
        single = float32(float32(case.scale(16) * hidden) / case.scale(18))
        assert int(cell.projection.multiplier) == quantize_multiplier(single)[0]
        single = float32(2.0**-11 * case.scale(10) * exact)
        assert int(gate.peephole.multiplier) == quantize_multiplier(single)[0]
    assert told > 20


def test_a_peepholes_scale_is_float32_before_a_layer_normalization():
    """Without one it is divided by a power of two, which shows nothing."""
    told = 0
    for seed in range(20):
        case = Case(seed, peephole=True, layer_norm=True)
        double = 2.0**-11 * case.scale(10) / case.intermediates[1].scale
        made = prepare(case.node()).cell.gates["forget"].peephole
        assert int(made.multiplier) == quantize_multiplier(float32(double))[0]
        told += quantize_multiplier(double) != quantize_multiplier(float32(double))
    assert told > 10


def test_tables_combine_scales_in_float32_then_double():
    told = 0
    for seed in range(20):
        case = TableCase(seed)
        cell = prepare(case.node("tflm")).cell
        mixed = float32(case.scale(2) * case.scale(0)) * 4096
        assert int(cell.gates["forget"][0].multiplier) == quantize_multiplier(mixed)[0]
        told += mixed != case.scale(2) * case.scale(0) * 4096
        double = 2.0**-30 / case.scale(18)
        assert int(cell.output_product.multiplier) == quantize_multiplier(double)[0]
    assert told > 10


def test_state_carries_over():
    case = Case(5, time=4)
    arrays = case.arrays()
    whole = prepare(case.node()).spec(*arrays)
    case.time = 2
    case.operands[0] = replace(case.operands[0], shape=case.input_shape)
    half = prepare(case.node())
    arrays[0] = case.values[0][:, :2]
    first = half.spec(*arrays)
    arrays[0], arrays[18], arrays[19] = case.values[0][:, 2:], first[1], first[2]
    second = half.spec(*arrays)
    assert np.array_equal(np.concatenate([first[0], second[0]], axis=1), whole[0])
    assert all(np.array_equal(a, b) for a, b in zip(second[1:], whole[1:], strict=True))


def test_the_engine_puts_the_input_gate_where_there_is_no_tanh():
    for exponent in (-16, -18, -8):
        case = Case(3, exponent=exponent, time=1)
        with pytest.raises(DomainError, match="no tanh") as error:
            prepare(case.node())
        assert error.value.label == "C7"

        class Skipping(Case):
            gate_of_step = None

            def raw_gate(self, gate, x, h, c):
                raw = super().raw_gate(gate, x, h, c)
                if gate == "i":
                    self.chosen = [self.logistic(v) for v in raw]
                    self.turn = 0
                return raw

            def tanh(self, v, integer_bits, power):
                if power == -12:
                    return super().tanh(v, integer_bits, power)
                self.turn += 1
                return self.chosen[self.turn - 1]

        assert results(case, "litert-ref") == Skipping(3, exponent=exponent, time=1).expected()


def test_the_engine_looks_through_as_many_peepholes_as_there_are_outputs():
    shape = {"peephole": True, "projection": True, "cells": 5, "outputs": 2, "rows": 3}
    case = Case(7, **shape, time=1)
    right = results(case)
    assert right == case.expected()
    wrong = results(case, "litert-ref")
    assert wrong != right

    class ByRow(Case):
        def raw_gate(self, gate, x, h, c):
            seen, blind = super().raw_gate(gate, x, h, c), replace_peephole(self)
            return seen[:2] + blind.raw_gate(gate, x, h, c)[2:]

    def replace_peephole(case):
        other = Case(7, **shape, time=1)
        other.peephole = False
        return other

    assert wrong == ByRow(7, **shape, time=1).expected()
    # Rows that are computed together count as one vector: the third row is not looked at at all,
    # for 3 * 2 elements of 15 are, the first row's and one of the second's.
    flat = Case(7, **{**shape, "time_major": True}, time=1)
    together = np.array(prepare(flat.node("litert-ref")).spec(*flat.arrays())[2])
    blind = Case(7, **{**shape, "time_major": True}, time=1)
    for at in (9, 10, 11):
        del blind.operands[at]
        del blind.values[at]
    without = np.array(prepare(blind.node("litert-ref")).spec(*blind.arrays())[2])
    assert np.array_equal(together[2], without[2])
    assert not np.array_equal(together[0], without[0])


def test_scales_without_parameters_make_every_multiplier_zero():
    odd = replace(operand("INT16", (2, 5), 1.3 * 2.0**-11), is_variable=True)
    case = Case(1)
    case.operands[19] = odd
    out, hidden, _ = results(case, "litert-ref")
    assert not np.any(out) and not np.any(hidden)
    projected = Case(1, projection=True, outputs=3, proj_clip=0.035)
    projected.operands[19] = odd
    out, _, _ = results(projected, "litert-ref")
    assert np.unique(out).tolist() == [5]  # the zero point 11, clipped at 0.035 / 0.007


def test_nearly_a_power_of_two_counts_as_one():
    case, exact = Case(2), Case(2)
    near = operand("INT16", (2, 5), 2.0**-11 * 1.0005)
    case.operands[19] = replace(near, is_variable=True)
    assert results(case) == results(exact)


def test_overflow_is_reported():
    case = Case(0)
    case.values[12] = np.full(5, (1 << 31) - 1, np.int32)
    case.values[1] = np.full((5, 3), 127, np.int8)
    case.values[0] = np.full((2, 3, 3), 127, np.int8)
    case.operands[0] = operand("INT8", (2, 3, 3), 0.02, -128)
    with pytest.raises(DomainError, match="accumulator"):
        prepare(case.node()).spec(*case.arrays())
    prepare(case.node("litert-ref")).spec(*case.arrays())


def changed(at, made, variable=False):
    case = Case(0)
    case.operands[at] = replace(made, is_variable=variable)
    return case.node()


def test_refuses_shapes_C1():
    assert refused(changed(0, operand("INT8", (2, 3), 0.02))) == "C1"
    assert refused(changed(4, operand("INT8", (15,), 0.02))) == "C1"
    assert refused(changed(1, operand("INT8", (5, 4), 0.02))) == "C1"
    assert refused(changed(12, operand("INT32", (4,)))) == "C1"


def test_refuses_incomplete_gates_C2():
    def without(*positions, **variant):
        case = Case(0, **variant)
        for at in positions:
            del case.operands[at]
        return refused(case.node())

    assert without(5) == "C2"
    assert without(1, 12) == "C2"
    assert without(10, peephole=True) == "C2"
    assert without(22, layer_norm=True) == "C2"
    assert without(16, projection=True, outputs=3) == "C2"
    assert without(16, projection=True) == "C2"
    assert refused(Case(0).node(diagonal_recurrent_tensors=True)) == "C2"


def test_refuses_states_that_are_none_C3():
    assert refused(changed(18, operand("INT8", (2, 5), 0.01))) == "C3"
    assert refused(changed(19, operand("INT16", (2, 4), 2.0**-11), variable=True)) == "C3"


def test_refuses_weights_with_a_zero_point_C4():
    weights = operand("INT8", (5, 3), 0.02, 1)
    assert refused(changed(2, weights)) == "C4"
    case = Case(0)
    case.operands[2] = replace(weights, quantization=replace(weights.quantization))
    prepare(case.node("litert-ref"))


def test_refuses_the_kernel_with_12_intermediates_C5():
    case = Case(0)
    case.intermediates += case.intermediates[:4] + case.intermediates[:3]
    assert refused(case.node()) == "C5"


def test_refuses_scales_without_parameters_C6():
    assert refused(changed(19, operand("INT16", (2, 5), 0.0006), variable=True)) == "C6"
    bare = Case(0)
    bare.intermediates[4] = operand("INT8", (0,))
    assert refused(bare.node()) == refused(bare.node("litert-ref")) == "C6"
    gate = Case(0, layer_norm=True)
    gate.intermediates[1] = operand("INT16", (0,))
    assert refused(gate.node()) == "C6"
    out, _, _ = results(gate, "litert-ref")
    assert not np.any(out)
    # Of a gate that is not there nothing is needed.
    absent = Case(0, layer_norm=True, cifg=True)
    absent.intermediates[0] = operand("INT16", (0,))
    prepare(absent.node())
    coarse = Case(0, exponent=3)
    with pytest.raises(DomainError, match=r"2\^3") as error:
        prepare(coarse.node("litert-ref"))
    assert error.value.label == "C6"


def test_refuses_a_tanh_that_does_not_exist_C7():
    with pytest.raises(DomainError) as error:
        prepare(Case(0, exponent=-16, cifg=True).node("litert-ref"))
    assert error.value.label == "C7"


def test_refuses_what_tables_cannot_C8():
    for variant in ("no input gate", "peephole", "projection", "layer norm"):
        assert refused(Case(0, **VARIANTS[variant]).node("tflm")) == "C8"
    assert refused(Case(0).node("tflm", fused_activation_function="RELU")) == "C8"
    assert refused(TableCase(0, int16=True).node()) == "C8"


def test_refuses_versions_and_dtypes():
    assert refused(replace(Case(0).node(), version=9)) == "version"
    assert refused(changed(1, operand("INT16", (5, 3), 0.1))) == "dtype"
    assert refused(changed(12, operand("INT64", (5,)))) == "dtype"


def test_rules_are_read():
    assert Rules().lstm == "gemmlowp"
    made = with_rules(Case(0).node(), lstm="tables")
    assert type(prepare(made).cell).__name__ == "TableCell"
