"""Recording one element's steps: the numbers that were computed, and what a rounding dropped."""

from __future__ import annotations

import threading
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refint8.numerics.fixedpoint import (
    clamp,
    round_half_away,
    round_half_even,
    rounding_divide_by_pot,
    rounding_half_sum,
    saturating_rounding_doubling_high_mul,
    truncating_divide,
    wrap32,
)
from refint8.numerics.gemmlowp import exp_on_negative_values
from refint8.numerics.multiplier import quantize_multiplier
from refint8.numerics.recording import Recorder, note, recorded, recording, taken
from refint8.numerics.requantize import (
    REQUANTIZE_32,
    REQUANTIZE_64,
    DoubleRounding,
    Float64Rounding,
    ReducedMultiplier,
    requantizer,
)
from refint8.numerics.rules import Rules

FAMILIES = ((False, REQUANTIZE_32), (True, REQUANTIZE_64))

INT32 = st.integers(-(1 << 31), (1 << 31) - 1)


def second(shape):
    """The element at index 1 of vectors, scalars as they are."""
    return () if shape == () else (1,)


def steps_of(function, *arguments):
    recorder = Recorder(second)
    with recording(recorder):
        result = function(*arguments)
    return recorder.steps, result


@given(INT32, INT32)
def test_high_mul_drops_what_the_exact_product_has_more(a, b):
    (step,), result = steps_of(saturating_rounding_doubling_high_mul, [7, a], [9, b])
    assert (step.name, step.result) == ("SRDHM", int(result[1]))
    assert dict(step.operands) == {"a": a, "b": b}
    assert step.result + step.dropped == Fraction(a * b, 2**31)


@given(INT32, st.integers(0, 31))
def test_divide_by_pot_drops_at_most_a_half(x, exponent):
    (step,), result = steps_of(rounding_divide_by_pot, [0, x], exponent)
    assert step.result == int(result[1])
    assert step.result + step.dropped == Fraction(x, 2**exponent)
    assert abs(step.dropped) <= Fraction(1, 2)
    assert step.tie == (exponent > 0 and x % 2**exponent == 2 ** (exponent - 1))


@pytest.mark.parametrize(
    "function, arguments, dropped",
    [
        (rounding_half_sum, ([0, 3], [0, 4]), Fraction(-1, 2)),
        (truncating_divide, ([0, -7], [1, 4]), Fraction(-3, 4)),
        (round_half_away, ([0.0, 2.5],), Fraction(-1, 2)),
        (round_half_even, ([0.0, 2.5],), Fraction(1, 2)),
        (round_half_away, ([0.0, np.inf],), None),
    ],
)
def test_what_other_roundings_drop(function, arguments, dropped):
    steps, _ = steps_of(function, *arguments)
    assert steps[-1].dropped == dropped


@given(st.floats(2.0**-30, 2.0**20))
def test_a_multiplier_drops_less_than_one_unit(real):
    (step,), (multiplier, shift) = steps_of(quantize_multiplier, real)
    assert step.result == (multiplier, shift)
    assert multiplier + step.dropped == Fraction(real) * Fraction(2) ** (31 - shift)
    assert abs(step.dropped) <= Fraction(1, 2)


def test_a_requantizer_holds_its_roundings_and_the_channels_own_factor():
    requantize = DoubleRounding(np.array([1 << 30, 1518500250]), np.array([0, -3]))
    (step,), result = steps_of(requantize, np.array([5, 1001]))
    assert step.name == "requantize"
    assert step.operands == {"multiplier": 1518500250, "shift": -3, "accumulator": 1001}
    assert [inner.name for inner in step.steps] == ["SRDHM", "RDBPOT"]
    assert step.steps[0].operands["b"] == 1518500250
    assert step.steps[1].operands == {"x": step.steps[0].result, "exponent": 3}
    assert step.result == step.steps[1].result == int(result[1])


def test_a_left_shift_and_a_wrap_are_steps_only_where_they_change_something():
    double = DoubleRounding(np.int64(1 << 30), np.array([0, 2]), "wrap")
    (step,), _ = steps_of(double, np.array([1, 1 << 29]))
    assert [inner.name for inner in step.steps] == ["shift left", "wrap", "SRDHM", "RDBPOT"]
    assert step.steps[0].result == 1 << 31
    assert step.steps[1].result == -(1 << 31)
    (step,), _ = steps_of(double, np.array([1 << 29, 0]))
    assert [inner.name for inner in step.steps] == ["SRDHM", "RDBPOT"]


@pytest.mark.parametrize("wide, family", [(w, f) for w, all_ in FAMILIES for f in all_])
def test_every_family_shows_what_it_drops(wide, family):
    """What explain prints of a requantizer: one step, its roundings inside with what they drop."""
    rules = replace(Rules(), **{"requantize_wide" if wide else "requantize": family})
    factor = 0.0037
    (step,), result = steps_of(requantizer(factor, rules, wide=wide), np.array([0, 100_003]))
    assert (step.name, step.result) == ("requantize", int(result[1]))
    assert step.operands["accumulator"] == 100_003
    assert step.steps and any(inner.dropped is not None for inner in step.steps)
    assert step.steps[-1].result == step.result


def test_the_other_families():
    (step,), _ = steps_of(Float64Rounding(np.array([1.0, 0.25])), np.array([0, 10]))
    assert [inner.result for inner in step.steps] == [2.5, 3.0, 3]
    q15 = ReducedMultiplier(np.int64(0x40008000), np.int64(0))
    (step,), _ = steps_of(q15, np.array([0, 3]))
    reduced, shifted = step.steps
    assert reduced.result == 0x4001
    assert shifted.result + shifted.dropped == Fraction(3 * 0x4001, 2**15)


def test_a_long_function_is_one_step_around_its_own():
    """e^a of Q5.26 by factors: e^-1 at -1 1/4 only, e^-1/2 at -1 (-1/4 - 1/4 - 1/2), none at 0."""
    quarter = 1 << 24
    half, one = 1302514674, 790015084
    for raw, factors in ((-4 * quarter, {half}), (-5 * quarter, {one}), (-quarter // 4, set())):
        (step,), result = steps_of(exp_on_negative_values, [0, raw])
        assert (step.name, step.result) == ("exp", int(result[1]))
        used = {s.operands["b"] for s in step.steps if s.name == "SRDHM"}
        assert used & {half, one} == factors


def test_taken_keeps_one_branch():
    def choose():
        mask = np.array([True, False])
        with taken(mask):
            a = clamp([1, 2], 0, 5)
        with taken(~mask):
            b = clamp([3, 4], 0, 5)
        return np.where(mask, a, b)

    steps, _ = steps_of(choose)
    assert [step.result for step in steps] == [4]


def test_note_keeps_a_rows_terms():
    rows = np.array([[1, 2, 3], [4, 5, 6]])
    recorder = Recorder({(2, 1): (1, 0)}.get)
    with recording(recorder):
        total = note("sum", "of the row", rows.sum(axis=1, keepdims=True), row=rows)
    (step,) = recorder.steps
    assert step.result == 15 and step.terms == (4, 5, 6)
    assert total.shape == (2, 1)


def test_nothing_is_kept_outside_and_the_result_is_the_same():
    steps, result = steps_of(wrap32, [0, 1 << 31])
    assert len(steps) == 1
    assert np.array_equal(result, wrap32([0, 1 << 31]))
    recorder = Recorder(second)
    with recording(recorder):
        pass
    clamp([1, 2], 0, 1)
    assert recorder.steps == ()


def test_other_threads_are_not_recorded():
    recorder = Recorder(second)
    with recording(recorder):
        thread = threading.Thread(target=clamp, args=([1, 2], 0, 1))
        thread.start()
        thread.join()
    assert recorder.steps == ()


def test_steps_before_an_error_are_kept():
    @recorded("outer", "fails")
    def outer():
        clamp([1, 2], 0, 1)
        raise ArithmeticError

    recorder = Recorder(second)
    with recording(recorder), pytest.raises(ArithmeticError):
        outer()
    assert [step.name for step in recorder.steps] == ["clamp"]
