"""Control flow and resource variables inside programs: no Python while one runs."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest

from refint8.engine.batch import Batch, run_batch
from refint8.engine.environment import SharedEnvironment
from refint8.engine.plan import all_subgraphs
from refint8.engine.program import Interlude, Stretch, lower
from refint8.engine.session import Session
from refint8.errors import DomainError, Refint8Error, UsageError
from refint8.model.build import ModelBuilder
from refint8.model.reader import read_model
from refint8.native.cpu import tier
from refint8.native.lowering import NotFastError
from refint8.numerics.profiles import profile
from refint8.ops.tanh import Tanh
from refint8.oracle.random_inputs import random_inputs
from tests.engine import state_models as models
from tests.engine.nested_control import nested_control
from tests.engine.state_models import int8
from tests.model.mutants import mutants


def parts(model, keep_all=True):
    program = lower(Session(model, fast=False).plan, tier(), keep_all=keep_all)
    assert program is not None
    return program.parts


def assert_native(model):
    (part,) = parts(model)
    assert isinstance(part, Stretch)


def assert_same_streams(model, inputs, profile_name="tflite"):
    """Run after run, every tensor of the main subgraph."""
    specs, program = (Session(model, profile_name, fast=fast) for fast in (False, True))
    for given in inputs:
        found = []
        for session in (specs, program):
            try:
                found.append(session.run(given))
            except DomainError as error:
                found.append((str(error), error.where, error.label))
        want, got = found
        if isinstance(want, tuple):
            assert got == want
            continue
        assert isinstance(got, dict), got
        assert want.keys() == got.keys()
        for index, value in want.items():
            assert value.dtype == got[index].dtype, index
            assert np.array_equal(value, got[index]), index
    assert program.compiled and not specs.compiled


def by_name(model, **values):
    tensors = model.subgraphs[0].tensors
    return {t.index: values[t.name] for t in tensors if t.name in values}


@pytest.mark.parametrize("profile_name", ["tflite", "litert-ref", "tflm"])
def test_nested_control_flow_is_one_stretch_and_equals_the_specs(profile_name):
    model = nested_control()
    assert_native(model)
    rng = np.random.default_rng(0)
    inputs = [
        by_name(
            model,
            n=np.array(n, np.int32),
            x=rng.integers(-128, 128, (2, 3)).astype(np.int8),
        )
        for n in (0, 6, 7, -3, 5, 4, 1, -20)
    ]
    assert_same_streams(model, inputs, profile_name)


@pytest.mark.parametrize(
    "model", [models.accumulator, models.choice, models.loop, models.division_by_zero_inside]
)
def test_small_models_are_one_stretch_and_equal_the_specs(model, monkeypatch):
    monkeypatch.setenv("REFINT8_LOOP_LIMIT", "20")
    made = model()
    assert_native(made)
    assert_same_streams(made, random_inputs(made, 12, 3))


def case(index_dtype="INT32"):
    b = ModelBuilder()
    branches = []
    for zero_point in (3, 10, -20):
        index, g = b.subgraph("branch")
        p, q = int8(g, "p", (2, 3)), int8(g, "q", (2, 3), 0.25, zero_point)
        g.operator("QUANTIZE", [p], [q], version=2)
        g.close([p], [q])
        branches.append(index)
    which, x, y = b.tensor("which", index_dtype, ()), int8(b, "x", (2, 3)), int8(b, "y", (2, 3))
    b.operator("STABLEHLO_CASE", [which, x], [y], branch_subgraph_indices=branches)
    return b.model([which, x], [y])


def test_case_takes_the_last_branch_for_indices_outside():
    model = case()
    assert_native(model)
    x = np.arange(6).astype(np.int8).reshape(2, 3)
    numbers = (0, 1, 2, 3, -1, -(1 << 31), (1 << 31) - 1)
    assert_same_streams(model, [{0: np.array(n, np.int32), 1: x} for n in numbers])


def test_the_limit_of_loops_counts_turns(monkeypatch):
    model = models.loop()  # as many turns as n is below 4
    x = np.ones((1, 3), np.int8)
    session = Session(model, fast=True)
    for limit, start, ends in ((10, -6, True), (10, -7, False), (0, 4, True), (0, 3, False)):
        monkeypatch.setenv("REFINT8_LOOP_LIMIT", str(limit))
        inputs = {0: np.array(start, np.int32), 1: x}
        assert_same_streams(model, [inputs])
        if ends:
            session.run(inputs)
            continue
        with pytest.raises(DomainError, match=f"after {limit} turns") as error:
            session.run(inputs)
        assert (error.value.label, error.value.where.operator_name) == ("C4", "WHILE")
    assert session.compiled


def test_the_limit_of_loops_is_that_of_one_run(monkeypatch):
    monkeypatch.setenv("REFINT8_LOOP_LIMIT", "10")
    session = Session(models.loop(), fast=True)
    for _ in range(3):
        out = session.run({0: np.array(-6, np.int32), 1: np.ones((1, 3), np.int8)})
        assert out[2] == 4
    assert session.compiled


def test_a_kernel_in_a_called_subgraph_leaves_data_to_its_spec():
    model = models.division_by_zero_inside()
    session = Session(model, fast=True)
    for _ in range(2):
        with pytest.raises(DomainError) as error:
            session.run({0: np.full((1, 3), 3, np.int8)})
        where = error.value.where
        assert (where.subgraph, where.operator, where.operator_name) == (1, 1, "DIV")
        session.run({0: np.full((1, 3), 50, np.int8)})


def test_variables_go_from_program_to_program_and_to_specs():
    model = models.accumulator()
    environment = SharedEnvironment(all_subgraphs(model, profile("tflite").rules))
    sessions = [Session(model, fast=fast, environment=environment) for fast in (True, True, False)]
    one = {3: np.ones((1, 3), np.int8)}
    (index,) = model.subgraphs[0].outputs
    (given,) = model.subgraphs[0].inputs
    total = np.array([[1, 2, 3]])
    for turn in (0, 1, 2, 1, 1, 0, 2, 0):
        total = total + 1
        found = sessions[turn].run({given: one[3]})
        assert np.array_equal(found[index], total)
    (kept,) = environment.variables.values()
    assert np.array_equal(kept, total)
    sessions[0].run({given: one[3]})
    assert np.array_equal(kept, total), "what the environment gave out has changed"


def test_what_a_program_assigns_after_a_spec_has_run_stays():
    # The first read is the spec's, which gives the zero point.
    model = models.accumulator(initialize=False)
    (given,) = model.subgraphs[0].inputs
    inputs = [{given: np.full((1, 3), value, np.int8)} for value in (1, 2, 3)]
    assert_same_streams(model, inputs, "tflm")
    session = Session(model, "tflm", fast=True)
    assert [session.run(x)[model.subgraphs[0].outputs[0]].tolist() for x in inputs] == [
        [[1, 1, 1]],
        [[3, 3, 3]],
        [[6, 6, 6]],
    ]


def test_a_variable_of_another_shape_is_the_specs_business():
    model = models.accumulator(initialize=False)
    (given,) = model.subgraphs[0].inputs
    one = np.ones((1, 3), np.int8)
    for value in (np.ones((3,), np.int8), np.ones((1, 4), np.int8), np.ones((1, 3), np.int16)):
        found = []
        for fast in (False, True):
            environment = SharedEnvironment(all_subgraphs(model, profile("tflite").rules))
            session = Session(model, fast=fast, environment=environment)
            environment.variables[0] = value
            try:
                found.append(session.run({given: one})[model.subgraphs[0].outputs[0]].tolist())
            except DomainError as error:
                found.append((str(error), environment.variables[0].shape))
        assert found[0] == found[1]


def test_subgraphs_with_variable_tensors_or_open_shapes_stay_outside():
    b = ModelBuilder()
    index, g = b.subgraph("inner")
    p, q = int8(g, "p", (1, 1), 1.0, 0), int8(g, "q", (1, 1), 1.0, 0)
    features = int8(g, "features", (1, 1), 1.0, 0, data=[[1]])
    times = g.tensor("times", "INT16", (1, 3), scale=1.0, data=[[1, 1, 1]])
    state = g.tensor("state", "INT16", (1, 3), scale=1.0, is_variable=True)
    options = {"version": 3, "rank": 1, "fused_activation_function": "RELU"}
    g.operator("SVDF", [p, features, times, -1, state], [q], **options)
    g.close([p], [q])
    x, y = int8(b, "x", (1, 1), 1.0, 0), int8(b, "y", (1, 1), 1.0, 0)
    b.operator("CALL", [x], [y], subgraph=index)
    model = b.model([x], [y])
    (part,) = parts(model)
    assert isinstance(part, Interlude) and "variable tensors" in part.reason
    assert_same_streams(model, [{x: np.array([[k]], np.int8)} for k in (1, 2, 3, 4)])


def test_a_subgraph_without_kernels_makes_its_caller_an_interlude(monkeypatch):
    b = ModelBuilder()
    index, g = b.subgraph("inner")
    p, q, r = (int8(g, name, (1, 3)) for name in "pqr")
    g.operator("RELU", [p], [q], version=2)
    g.operator("TANH", [q], [r], version=2)
    g.close([p], [r])
    x, y, z, u = (int8(b, name, (1, 3)) for name in "xyzu")
    b.operator("RELU", [x], [y], version=2)
    b.operator("CALL", [y], [z], subgraph=index)
    b.operator("RELU", [z], [u], version=2)
    model = b.model([x], [u])
    assert_native(model)

    def no_kernel(*_):
        raise NotFastError("on purpose")

    monkeypatch.setattr(Tanh, "lower", no_kernel)
    first, middle, last = parts(model)
    assert isinstance(first, Stretch) and isinstance(last, Stretch)
    assert isinstance(middle, Interlude)
    assert middle.reason == "subgraph 1: TANH in subgraph 1: on purpose"
    assert_same_streams(model, random_inputs(model, 5, 0))


@pytest.mark.parametrize("threads", [1, 3])
def test_batches_run_control_flow_sample_by_sample(threads):
    model = models.choice((1,))
    count = 40
    rng = np.random.default_rng(0)
    inputs = {
        0: rng.integers(0, 2, (count, 1)).astype(bool),
        1: rng.integers(-128, 128, (count, 2, 3)).astype(np.int8),
        2: rng.integers(-128, 128, (count, 2, 3)).astype(np.int8),
    }
    session = Session(model, fast=False)
    (out,) = model.subgraphs[0].outputs
    want = [session.run({k: v[i] for k, v in inputs.items()})[out] for i in range(count)]
    batched = Batch(model, threads=threads)
    assert not batched._session.plan.stateful
    flat = {k: v.reshape(-1, *v.shape[2:]) for k, v in inputs.items()}
    assert np.array_equal(batched.run(flat)[out], np.stack(want))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("model", [models.svdf, models.accumulator])
def test_streams_of_a_batch_have_a_state_each(model, threads):
    made = model()
    (index,) = made.subgraphs[0].inputs
    shape = made.subgraphs[0].tensors[index].shape
    rng = np.random.default_rng(0)
    x = rng.integers(-20, 20, (5 * 7, *shape[1:])).astype(np.int8)
    batched = Batch(made, threads=threads, streams=5)
    for _ in range(2):
        (found,) = batched({made.subgraphs[0].tensors[index].name: x}).values()
    session = Session(made, fast=False)
    (out,) = made.subgraphs[0].outputs
    for stream in range(5):
        session.restart()
        for k in range(7):
            at = 7 * stream + k
            run = session.run({index: x[at : at + 1]})[out]
            assert np.array_equal(run, found[at : at + 1])


def test_streams_are_alike_and_there_is_one():
    with pytest.raises(UsageError, match="3 samples are not 2 streams"):
        run_batch(models.svdf(), np.ones((3, 1), np.int8), streams=2)
    with pytest.raises(UsageError, match="0 streams"):
        Batch(models.svdf(), streams=0)


def test_mutants_give_the_same_from_specs_and_programs(monkeypatch):
    monkeypatch.setenv("REFINT8_MEMORY_LIMIT", str(1 << 22))
    monkeypatch.setenv("REFINT8_LOOP_LIMIT", "50")
    seeds = [models.accumulator(), models.choice(), models.loop(), nested_control(), case()]
    ran = 0
    for mutant in mutants([seed.content for seed in seeds], 400, 9):
        found = []
        for fast in (False, True):
            outcome = None
            with suppress(Refint8Error):
                model = read_model(mutant)
                session = Session(model, fast=fast)
                run = [session.run(sample) for sample in random_inputs(model, 2, 0)]
                outcome = [{k: v.tobytes() for k, v in each.items()} for each in run]
                ran += fast
            found.append(outcome)
        assert found[0] == found[1]
    assert ran > 20
