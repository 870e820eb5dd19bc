"""Isolated comparisons: causes told from what inherits, and operators that cannot stand alone."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.engine.session import Session
from refint8.errors import UsageError
from refint8.model.build import ModelBuilder
from refint8.model.reader import read_model
from refint8.oracle.crosscheck import crosscheck
from refint8.oracle.targets import Case, Outcome, run_cases
from tests.conftest import installed
from tests.engine import state_models


def chain():
    """RELU, ADD of a constant, RELU, on int8 [1, 8]: tensors 1, 3, 4; operators 0, 1, 2."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 8), scale=0.5)
    a = b.tensor("a", "INT8", (1, 8), scale=0.5)
    six = b.tensor("six", "INT8", (1, 8), scale=0.5, data=[[6] * 8])
    y = b.tensor("y", "INT8", (1, 8), scale=0.75)
    z = b.tensor("z", "INT8", (1, 8), scale=0.75)
    b.operator("RELU", [x], [a], version=2)
    b.operator("ADD", [a, six], [y], version=2)
    b.operator("RELU", [y], [z], version=2)
    return b.model([x], [z])


class Runtime:
    """An engine with an ADD of its own; every other operator is refint8's.

    The whole model really runs with the wrong sums in it: operator by operator.
    """

    profile = "tflite"

    def __init__(
        self, error=1, outputs_only=False, delegates=None, refuses=(), alone=True, name="runtime"
    ):
        self.name = name
        self.error, self.outputs_only, self.delegates = error, outputs_only, delegates
        self.refuses, self.alone = refuses, alone
        self.limits = []

    def describe(self):
        return "runtime 1.0"

    def run(self, content, inputs, *, tensors=None, input_shapes=None, time_limit=60.0):
        from refint8.model.extract import one_operator

        self.limits.append(time_limit)
        model = read_model(content)
        graph = model.subgraphs[0]
        single = len(graph.operators) == 1
        if any(op.name in self.refuses for op in graph.operators):
            return Outcome("refused", detail="no kernel")
        results = []
        for given in inputs:
            values = dict(given)
            for operator in graph.operators:
                made = one_operator(model, operator, {})
                session = Session(read_model(made.content))
                out = session.run({new: values[old] for old, new in made.inputs.items()})
                values |= {old: out[new].copy() for old, new in made.outputs.items()}
                if operator.name == "ADD" and (self.alone or not single):
                    values[operator.outputs[0]][0, 3] += self.error
            kept = graph.outputs if self.outputs_only else [*(tensors or ()), *graph.outputs]
            results.append({index: values[index] for index in kept})
        delegated = None if self.delegates is None else frozenset(self.delegates(graph.operators))
        return Outcome("ran", tuple(results), delegated=delegated)


GIVEN = [{0: np.arange(8, dtype=np.int8)[None]}, {0: np.full((1, 8), 9, np.int8)}]


def check(runtime, mode, **more):
    (comparison,) = crosscheck(chain(), runtime, mode=mode, inputs=GIVEN, **more).comparisons
    return comparison


def roles(comparison):
    return [finding.role for finding in comparison.findings]


def test_a_cause_is_told_from_what_inherits_it():
    found = check(Runtime(), "both")
    assert found.verdict == "different"
    assert roles(found) == ["equal", "cause", "inherited"]
    assert [finding.operator for finding in found.causes] == [1]
    _, add, relu = found.findings
    assert (add.alone.verdict, add.alone.tensors[0].differing) == ("different", 2)
    assert add.alone.tensors[0].diff.first == (0, 3)
    assert (relu.alone.verdict, relu.tensors[0].differing) == ("equal", 2)
    assert (found.alone.tensors, found.alone.elements, found.alone.differing) == (3, 48, 2)
    (relus, adds) = sorted(found.operators, key=lambda total: -total.operators)
    assert (relus.operator_name, relus.causes, relus.isolated.differing) == ("RELU", 0, 0)
    assert (adds.operator_name, adds.causes, adds.isolated.largest) == ("ADD", 1, 1)


def test_without_running_alone_equal_inputs_still_prove_a_cause():
    found = check(Runtime(), "cumulative")
    assert roles(found) == ["equal", "cause", "downstream"]
    assert all(finding.alone is None for finding in found.findings)


def test_isolated_judges_what_an_engine_does_not_let_be_read():
    found = check(Runtime(outputs_only=True), "cumulative")
    assert (len(found.tensors), roles(found)) == (1, ["unknown", "unknown", "downstream"])
    found = check(Runtime(outputs_only=True), "auto")
    assert roles(found) == ["equal", "cause", "inherited"]


def test_isolated_mode_alone():
    found = check(Runtime(), "isolated")
    assert (found.verdict, found.cumulative, found.tensors) == ("different", None, ())
    assert roles(found) == ["equal", "cause", "equal"]
    assert check(Runtime(error=0), "isolated").verdict == "equal"
    assert check(Runtime(refuses=("ADD", "RELU")), "isolated").verdict == "refused"


def test_a_difference_that_is_masked_is_found():
    class Masked(Runtime):
        def run(self, content, inputs, **more):
            outcome = super().run(content, inputs, **more)
            whole = len(read_model(content).subgraphs[0].operators) > 1
            if whole:  # the differing sums saturate in the last operator, say
                self.error = 0
                outcome = super().run(content, inputs, **more)
                self.error = 1
            return outcome

    found = check(Masked(outputs_only=True), "auto")
    assert (found.cumulative, found.verdict) == ("equal", "different")
    assert roles(found) == ["equal", "cause", "equal"]


def test_auto_asks_only_where_there_is_a_question():
    runtime = Runtime(error=0)
    found = check(runtime, "auto", time_limit=5.0)
    assert found.verdict == "equal"
    assert len(runtime.limits) == 1
    assert all(finding.alone is None for finding in found.findings)
    runtime = Runtime()
    check(runtime, "auto", time_limit=5.0)
    assert runtime.limits == [5.0] * 4


def test_an_operator_that_is_equal_alone_and_wrong_in_its_place():
    found = check(Runtime(alone=False), "both")
    assert roles(found) == ["equal", "in place", "inherited"]


def test_a_refused_model_still_shows_which_operators_are_refused():
    found = check(Runtime(refuses=("ADD",)), "auto")
    assert (found.verdict, found.cumulative) == ("refused", "refused")
    assert [finding.alone.verdict for finding in found.findings] == ["equal", "refused", "equal"]
    assert roles(found) == ["equal", "unknown", "equal"]


def test_delegation_that_changes_is_noted():
    found = check(Runtime(delegates=lambda ops: range(len(ops)) if len(ops) > 1 else ()), "both")
    assert {finding.note for finding in found.findings} == {"delegated in the model, not alone"}
    found = check(Runtime(delegates=lambda ops: () if len(ops) > 1 else [0]), "both")
    assert {finding.note for finding in found.findings} == {"delegated alone, not in the model"}
    found = check(Runtime(delegates=lambda ops: range(len(ops))), "both")
    assert {finding.note for finding in found.findings} == {""}
    assert [finding.delegated for finding in found.findings] == [True] * 3


def test_only_the_tensors_asked_for():
    found = check(Runtime(), "both", tensors=["y", 4])
    assert [result.tensor for result in found.tensors] == [3, 4]
    assert [finding.operator for finding in found.findings] == [1, 2]
    with pytest.raises(UsageError, match="no tensor 'w'"):
        check(Runtime(), "both", tensors=["w"])
    for constant in ("six", "x"):
        with pytest.raises(UsageError, match="written by no operator"):
            check(Runtime(), "both", tensors=[constant])


def test_operators_that_cannot_stand_alone_are_skipped():
    model = state_models.accumulator()
    (found,) = crosscheck(model, "refint8:tflite", mode="both").comparisons
    assert found.verdict == "equal"
    skipped = {f.operator_name: f.alone for f in found.findings if f.alone.verdict == "skipped"}
    assert set(skipped) == {"READ_VARIABLE"}
    assert "RESOURCE" in skipped["READ_VARIABLE"].detail


def test_state_streams_through_an_operator_alone():
    model = state_models.svdf_with_bias()
    sets = [{0: np.array([[value]], np.int8)} for value in (1, 2, 3, 4)]
    for stream in (False, True):
        (found,) = crosscheck(
            model, "refint8:tflite", inputs=sets, stream=stream, mode="isolated"
        ).comparisons
        assert found.verdict == "equal"
        assert found.alone.tensors == found.expected == 2


def test_several_profiles_run_the_engine_once():
    runtime = Runtime()
    found = crosscheck(chain(), runtime, profile=["tflite", "tflm"], inputs=GIVEN).comparisons
    assert [one.profile for one in found] == ["tflite", "tflm"]
    assert [one.verdict for one in found] == ["different", "different"]
    assert len(runtime.limits) == 1


@pytest.mark.parametrize("name", ["litert:ref", "litert:opt", "litert:xnnpack", "tflm"])
def test_engines_alone(name):
    installed(name)
    (found,) = crosscheck(chain(), name, mode="both").comparisons
    assert [finding.alone.verdict for finding in found.findings] == ["equal"] * 3
    assert roles(found) == ["equal"] * 3
    delegated = [finding.delegated for finding in found.findings]
    if name == "tflm":
        assert delegated == [None] * 3
    else:  # XNNPACK has no RELU between quantized tensors
        assert delegated == [False, name == "litert:xnnpack", False]
    assert [finding.alone.delegated for finding in found.findings] == delegated


def test_an_engine_that_refuses_one_operator_of_a_batch():
    one = installed("tflm")
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 2), scale=0.5)
    y = b.tensor("y", "INT8", (1, 2), scale=0.5)
    b.operator("CUSTOM", [x], [y], custom_code="mine")
    given = [{x: np.array([[1, 2]], np.int8)}]
    outcomes = run_cases(one, [Case(b.to_bytes([x], [y]), given), Case(chain().content, GIVEN)])
    assert [outcome.status for outcome in outcomes] == ["refused", "ran"]
