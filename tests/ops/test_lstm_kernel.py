"""The kernel of both LSTM operators against the spec: every variant, ties, saturation, extremes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from refint8.ops._op import prepare
from tests.ops.kernels import assert_alarm, assert_kernel_equals_spec, kernels_of, why_not_fast
from tests.ops.lstm_cases import Case, TableCase

STATE = (0, 18, 19)

VARIANTS = {
    "plain": {},
    "long": {"inputs": 301, "cells": 70, "outputs": 70, "time": 2, "weight_scale": 0.002},
    "one row": {"rows": 1, "time": 9},
    "time major": {"time_major": True},
    "clipped": {"cell_clip": 0.5},
    "no input gate": {"cifg": True},
    "peephole": {"peephole": True, "cells": 4, "outputs": 4},
    "peephole without input gate": {"peephole": True, "cifg": True},
    "projection": {"projection": True, "outputs": 3, "proj_clip": 0.1},
    "wider projection": {"projection": True, "outputs": 9},
    "layer norm": {"layer_norm": True},
    "layer norm of many": {"layer_norm": True, "cells": 67, "outputs": 67},
    "everything": {"peephole": True, "projection": True, "layer_norm": True, "outputs": 2},
    "everything but a gate": {
        **{"peephole": True, "projection": True, "layer_norm": True, "outputs": 2, "cifg": True}
    },
    "finest cell": {"exponent": -15},
    "coarsest cell": {"exponent": -9},
    "saturating gates": {"weight_scale": 3.0},
}


def known(case, made):
    """The operator with its weights as constants."""
    inputs = [
        operand if operand is None or k in STATE else replace(operand, data=case.values[k])
        for k, operand in enumerate(made.inputs)
    ]
    return replace(made, inputs=tuple(inputs))


def with_rules(made, **changes):
    return replace(made, rules=replace(made.rules, **changes))


def extremes(case, rng):
    """Ends of the ranges in many places."""
    for at in STATE:
        value = case.values[at]
        info = np.iinfo(value.dtype)
        where = rng.random(value.shape)
        value[where < 0.3] = info.min
        value[where > 0.7] = info.max
    return case


def compare(case, made):
    assert_kernel_equals_spec(known(case, made), *case.arrays())


@pytest.mark.parametrize("rules", ["tflite", "litert-ref"])
@pytest.mark.parametrize("name", list(VARIANTS))
def test_equals_the_spec(name, rules):
    for seed in range(4):
        case = Case(seed, **VARIANTS[name])
        if seed % 2:
            extremes(case, np.random.default_rng(seed))
        made = case.node(rules)
        if rules == "tflite" and why_not_defined(case, made):
            continue
        if rules == "litert-ref" and case.peephole and case.outputs > case.cells:
            continue
        compare(case, made)


def why_not_defined(case, made):
    """Whether a sum is to be reported, which the next tests are about."""
    from refint8.errors import DomainError

    try:
        prepare(made).spec(*case.arrays())
    except DomainError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("int16", [False, True])
@pytest.mark.parametrize(
    "name", ["plain", "long", "one row", "time major", "clipped", "saturating gates"]
)
def test_tables_equal_the_spec(name, int16):
    for seed in range(4):
        case = TableCase(seed, int16=int16, **VARIANTS[name])
        if seed % 2:
            extremes(case, np.random.default_rng(seed))
        compare(case, case.node("tflm"))


@pytest.mark.parametrize("exponent", [-17, -13, -9, -7])
def test_tables_take_any_cell_scale(exponent):
    case = TableCase(3, exponent=exponent)
    compare(extremes(case, np.random.default_rng(0)), case.node("tflm"))


@pytest.mark.parametrize("variant", ["plain", "peephole", "everything", "layer norm"])
def test_lstm_equals_the_spec(variant):
    for seed in range(3):
        case = Case(seed, name="LSTM", time=1, **VARIANTS[variant])
        compare(case, case.node())


def test_every_cell_value_at_every_gate():
    # 65,536 cells, whose states are all int16 values; the gates differ from seed to seed.
    for exponent in (-15, -12, -9):
        case = Case(exponent & 7, rows=1024, time=1, cells=64, outputs=64, inputs=2)
        case = Case(exponent & 7, **{**vars_of(case), "exponent": exponent})
        case.values[19] = np.arange(-32768, 32768).astype(np.int16).reshape(1024, 64)
        made = case.node()
        compare(case, made)


def vars_of(case):
    return {k: getattr(case, k) for k in ("rows", "time", "cells", "outputs", "inputs")}


@pytest.mark.parametrize("together", [False, True])
def test_engines_that_look_through_fewer_peepholes(together):
    case = Case(4, peephole=True, projection=True, cells=5, outputs=2, rows=3, time_major=together)
    made = case.node("litert-ref")
    assert made.rules.lstm_peephole != "every_cell"
    compare(case, made)
    compare(case, with_rules(made, lstm_peephole="every_cell"))


def test_the_input_gate_where_there_is_no_tanh():
    case = Case(1, exponent=-16)
    made = with_rules(case.node(), lstm_tanh="input_gate")
    compare(case, made)
    (name,) = kernels_of(known(case, made), *case.arrays())
    assert name == "lstm_gemmlowp_int8_without_tanh"


def test_parameters_of_zero():
    case = Case(2)
    made = case.node()
    odd = replace(
        case.operands[19],
        quantization=replace(case.operands[19].quantization, scales=np.array([3e-4], np.float32)),
    )
    inputs = [*made.inputs[:19], odd, *made.inputs[20:]]
    compare(case, with_rules(replace(made, inputs=tuple(inputs)), lstm_scales="zero"))


@pytest.mark.parametrize("where", [12, 13, 14, 15, 17])
def test_sums_that_leave_their_register_are_left_to_the_spec_or_wrap(where):
    case = Case(5, projection=True, outputs=3)
    case.values[where][:] = (1 << 31) - 1
    made = case.node()
    if why_not_defined(case, made):
        assert_alarm(known(case, made), *case.arrays())
    wraps = with_rules(made, accumulator="wrap", left_shift="wrap")
    compare(case, wraps)
    assert why_not_defined(case, made), "nothing has overflowed"


def test_left_shifts_that_overflow_are_left_to_the_spec_or_wrap():
    case = Case(6, weight_scale=4000.0)
    case.values[12][:] = 1 << 28
    made = case.node()
    assert why_not_defined(case, made)
    assert_alarm(known(case, made), *case.arrays())
    compare(case, with_rules(made, accumulator="wrap", left_shift="wrap"))


def test_wide_sums_beyond_48_bits_are_left_to_the_spec():
    case = TableCase(7, int16=True)
    case.values[14][1] = 1 << 47
    assert_alarm(known(case, case.node("tflm")), *case.arrays())


def test_layer_normalization_at_its_corners():
    # Gates of one value have no variance; of two ends, the greatest.
    for seed, bias in ((0, 0), (1, (1 << 31) - 1), (2, -(1 << 31))):
        case = Case(seed, layer_norm=True, cells=4, outputs=4)
        for k in range(4):
            case.values[1 + k][:] = 0
            case.values[5 + k][:] = 0
            case.values[12 + k][:] = bias
        compare(case, with_rules(case.node(), accumulator="wrap"))
        for k in range(4):
            case.values[5 + k][::2] = 127
            case.values[5 + k][1::2] = -127
        case.values[18][:] = 127
        compare(case, with_rules(case.node(), accumulator="wrap"))


def test_what_has_no_kernel_says_why():
    case = Case(0)
    assert "not a constant" in why_not_fast(case.node(), *case.arrays())
