"""State and control flow in sessions: by specs and as compiled programs, call after call."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest

from refint8.engine.batch import run_batch
from refint8.engine.interpreter import Interpreter
from refint8.engine.plan import make_plan
from refint8.engine.session import Session
from refint8.errors import DomainError, Refint8Error, UnsupportedError
from refint8.model.build import ModelBuilder
from refint8.model.reader import read_model
from refint8.numerics.rules import Rules
from refint8.oracle.random_inputs import random_inputs
from tests.engine import state_models as models
from tests.model.mutants import mutants

TFLM_RESET = """
import json, sys
import numpy as np
from tflite_micro.python.tflite_micro.runtime import Interpreter

interpreter = Interpreter.from_file(sys.argv[1], arena_size=1 << 20)
outputs = []
for value in (1, 2, None, 3, 4):
    if value is None:
        interpreter.reset()
        continue
    interpreter.set_input(np.full((1, 3), value, np.int8), 0)
    interpreter.invoke()
    outputs.append(np.array(interpreter.get_output(0)).ravel().tolist())
print(json.dumps(outputs))
"""
"""What the model at argv[1] gives for 1 and 2, and after a reset for 3 and 4."""

both_machines = pytest.mark.parametrize("fast", [False, True], ids=["specs", "program"])


def stream(session, values):
    (index,) = session.plan.subgraph.outputs
    (given,) = session.plan.subgraph.inputs
    shape = session.plan.shapes[given]
    return [
        session.run({given: np.full(shape, value, np.int8)})[index].ravel().tolist()
        for value in values
    ]


@both_machines
def test_variable_tensors_live_from_run_to_run(fast):
    session = Session(models.svdf(), fast=fast)
    assert stream(session, [1, 2, 3, 4]) == [[1], [3], [6], [9]]
    assert session.run({0: np.array([[5]], np.int8)})[3].tolist() == [[3, 4, 5]]
    session.reset()
    assert stream(session, [7, 1]) == [[7], [8]]
    assert session.compiled is fast


def test_state_moves_when_the_program_takes_over(monkeypatch):
    monkeypatch.delenv("REFINT8_FAST", raising=False)
    session = Session(models.svdf())
    assert not session.compiled
    assert stream(session, [1, 2, 3, 4, 5, 6]) == [[1], [3], [6], [9], [12], [15]]
    assert session.compiled


@both_machines
def test_resource_variables(fast):
    session = Session(models.accumulator(), fast=fast)
    assert stream(session, [1, 1]) == [[2, 3, 4], [3, 4, 5]]
    session.reset()
    assert stream(session, [1]) == [[4, 5, 6]]  # as in LiteRT: only variable tensors are reset
    session.restart()
    assert stream(session, [1]) == [[2, 3, 4]]


@both_machines
def test_tflm_resets_resource_variables_to_their_zero_point(fast):
    # Measured: 2, 3, 4 and 3, 4, 5, then as if 0 had been assigned; CALL_ONCE does not run again.
    session = Session(models.accumulator(), "tflm", fast=fast)
    assert stream(session, [1, 1]) == [[2, 3, 4], [3, 4, 5]]
    session.reset()
    assert stream(session, [1, 1]) == [[1, 1, 1], [2, 2, 2]]
    other = Session(models.accumulator(zero_point=-7), "tflm", fast=fast)
    assert stream(other, [1]) == [[9, 10, 11]]
    other.reset()
    assert stream(other, [1, 1]) == [[1, 1, 1], [9, 9, 9]]


def test_a_reset_on_the_engine_and_here(tflm, tmp_path):
    for model in (models.accumulator(), models.accumulator(zero_point=-7)):
        path = tmp_path / "model.tflite"
        path.write_bytes(model.content)
        child = subprocess.run(
            [sys.executable, "-c", TFLM_RESET, str(path)],
            capture_output=True,
            text=True,
            check=True,
        )
        session = Session(model, "tflm")
        ours = stream(session, [1, 2])
        session.reset()
        assert json.loads(child.stdout) == ours + stream(session, [3, 4])


@both_machines
def test_a_variable_without_a_value_is_an_error_or_its_zero_point(fast):
    model = models.accumulator(initialize=False)
    with pytest.raises(DomainError, match="before it is assigned") as error:
        stream(Session(model, fast=fast), [1])
    assert (error.value.label, error.value.where.operator_name) == ("C2", "READ_VARIABLE")
    assert stream(Session(model, "tflm", fast=fast), [1]) == [[1, 1, 1]]


def test_the_interpreter_shares_variables_between_signatures_and_allocations():
    interpreter = Interpreter(model_content=models.accumulator().content)
    interpreter.allocate_tensors()
    index = interpreter.get_output_details()[0]["index"]

    def add(value):
        interpreter.set_tensor(0, np.full((1, 3), value, np.int8))
        interpreter.invoke()
        return interpreter.get_tensor(index).ravel().tolist()

    assert add(1) == [2, 3, 4]
    interpreter.reset_all_variables()
    assert add(1) == [3, 4, 5]
    interpreter.resize_tensor_input(0, (1, 3))
    interpreter.allocate_tensors()
    assert add(1) == [4, 5, 6]
    runner = interpreter.get_signature_runner()
    assert runner(x=np.full((1, 3), 1, np.int8))["after"].ravel().tolist() == [5, 6, 7]


def test_handles_have_the_details_of_the_engine():
    interpreter = Interpreter(model_content=models.accumulator().content)
    interpreter.allocate_tensors()
    (handle,) = (d for d in interpreter.get_tensor_details() if d["name"] == "handle")
    assert handle["dtype"] is np.object_
    names = [op["op_name"] for op in interpreter._get_ops_details()]
    assert names[:2] == ["CALL_ONCE", "VAR_HANDLE"]


def test_samples_of_a_stateful_model_are_a_stream():
    (out,) = run_batch(models.svdf(), np.full((3, 1), 2, np.int8)).values()
    assert out.ravel().tolist() == [2, 4, 6]
    (out,) = run_batch(models.accumulator(), np.ones((3, 3), np.int8)).values()
    assert out.tolist() == [[2, 3, 4], [3, 4, 5], [4, 5, 6]]


@both_machines
@pytest.mark.parametrize("condition", [True, False])
def test_if_runs_one_branch(fast, condition):
    model = models.choice()
    session = Session(model, fast=fast)
    rng = np.random.default_rng(0)
    x, y = (rng.integers(-128, 128, (2, 3)).astype(np.int8) for _ in range(2))
    out = session.run({0: np.array(condition), 1: x, 2: y})
    branch = Session(model, subgraph=1 if condition else 2)
    assert np.array_equal(out[3], branch.run({0: x, 1: y})[2])
    assert session.compiled is fast


@both_machines
def test_while_turns(fast):
    session = Session(models.loop(), fast=fast)
    out = session.run({0: np.array(2, np.int32), 1: np.array([[4, 5, 6]], np.int8)})
    # Two doublings of steps about the zero point 3.
    assert out[3].tolist() == [[7, 11, 15]]
    assert out[2].item() == 4


def test_shapes_that_only_a_run_knows_stay_with_the_specs():
    model = models.loop(grow=True)
    plan = make_plan(model, Rules())
    assert plan.shapes[3] is None
    session = Session(model, fast=True)
    out = session.run({0: np.array(1, np.int32), 1: np.array([[4, 5, 6]], np.int8)})
    assert out[3].shape == (8, 3)
    assert not session.compiled


def test_a_loop_that_does_not_end_is_stopped(monkeypatch):
    monkeypatch.setenv("REFINT8_LOOP_LIMIT", "10")
    session = Session(models.loop())
    with pytest.raises(DomainError, match="after 10 turns") as error:
        session.run({0: np.array(-7, np.int32), 1: np.zeros((1, 3), np.int8)})
    assert error.value.label == "C4"


def test_what_a_called_subgraph_refuses_names_the_subgraph():
    with pytest.raises(UnsupportedError, match="'Nobody' is not known") as error:
        Session(models.unknown_operator_inside())
    assert (error.value.where.subgraph, error.value.where.operator) == (1, 0)
    assert "subgraph 1, operator 0 (CUSTOM:Nobody)" in str(error.value)


def test_recursion_is_refused():
    with pytest.raises(UnsupportedError, match="subgraph 1 calls itself") as error:
        Session(models.endless_recursion())
    assert error.value.label == "recursion"


def test_what_a_called_subgraph_cannot_compute_names_the_subgraph():
    session = Session(models.division_by_zero_inside())
    session.run({0: np.full((1, 3), 50, np.int8)})
    with pytest.raises(DomainError) as error:
        session.run({0: np.full((1, 3), 3, np.int8)})
    where = error.value.where
    assert (where.subgraph, where.operator, where.operator_name) == (1, 1, "DIV")


def test_mutants_run_or_are_refused(monkeypatch):
    monkeypatch.setenv("REFINT8_MEMORY_LIMIT", str(1 << 22))
    monkeypatch.setenv("REFINT8_LOOP_LIMIT", "50")
    seeds = [
        models.svdf(),
        models.accumulator(),
        models.choice(),
        models.loop(),
        models.loop(grow=True),
        models.division_by_zero_inside(),
        models.endless_recursion(),
    ]
    ran = 0
    for mutant in mutants([seed.content for seed in seeds], 1_500, 4):
        with suppress(Refint8Error):
            model = read_model(mutant)
            Session(model).run(random_inputs(model, 1, 0)[0])
            ran += 1
    assert ran > 50


def test_inputs_that_no_array_holds_are_refused():
    for dtype, runs in (("RESOURCE", True), ("STRING", False), ("VARIANT", False)):
        b = ModelBuilder()
        x = b.tensor("x", dtype, (1,))
        y, z = (models.int8(b, name, (1,), 1.0, 0) for name in "yz")
        b.operator("RELU", [y], [z], version=2)
        model = b.model([x, y], [z])
        given = {x: np.zeros(1, np.int32), y: np.array([5], np.int8)}
        if runs:
            assert Session(model).run(given)[z].tolist() == [5]
            continue
        with pytest.raises(UnsupportedError, match=dtype) as error:
            Session(model)
        assert error.value.label == "dtype"
