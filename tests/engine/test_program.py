"""Compiled programs against specs: whole graphs under both planners, run after run."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.engine.machine import reset_variables
from refint8.engine.program import Interlude, Stretch, lower
from refint8.engine.runner import Runner
from refint8.engine.session import Session
from refint8.errors import DomainError
from refint8.model.build import ModelBuilder
from refint8.native.cpu import tier
from refint8.native.lowering import NotFastError
from refint8.native.store import shared
from refint8.ops import REGISTRY
from tests.engine.random_graphs import RandomGraph

SLOW = "PAD"
"""The operator that has no kernel in these tests."""


@pytest.fixture(autouse=True)
def without_a_kernel(monkeypatch):
    """Leave SLOW to its spec."""

    def refuse(_record, _site):
        raise NotFastError("for this test")

    monkeypatch.setattr(REGISTRY[SLOW].record, "lower", refuse)


PLANNERS = pytest.mark.parametrize("keep_all", [True, False], ids=["keep_all", "reuse"])


class Pair:
    """A model by specs and as a program; every `run` compares them."""

    def __init__(self, model, keep_all):
        self.graph, self.keep_all = model.subgraphs[0], keep_all
        self.specs = Session(model, fast=False)
        program = lower(self.specs.plan, tier(), keep_all=keep_all)
        assert program is not None
        self.program = program
        self.runner = Runner(program, shared())
        reset_variables(self.specs.plan, self.runner)

    @property
    def kinds(self):
        return "".join("s" if isinstance(p, Stretch) else "i" for p in self.program.parts)

    @property
    def interludes(self):
        parts = self.program.parts
        return [p.step.operator.name for p in parts if isinstance(p, Interlude)]

    def run(self, values):
        """Set inputs (and variables), run both, compare all that can be seen."""
        for index, value in values.items():
            self.specs.view(index)[...] = value
            self.runner.view(index)[...] = value
        self.specs.invoke()
        self.runner.invoke()
        # Under reuse only what the caller is to see stays, and variables.
        seen = {*self.graph.outputs, *(t.index for t in self.graph.tensors if t.is_variable)}
        if self.keep_all:
            seen |= {i for op in self.graph.operators for i in op.outputs}
            seen |= set(self.graph.inputs)
        for index in sorted(seen):
            if self.program.map.place(index) is not None and index not in self.specs.plan.values:
                want, got = self.specs.view(index), self.runner.view(index)
                assert want.shape == got.shape and want.dtype == got.dtype
                assert np.array_equal(want, got), f"tensor {index}"
        return [self.specs.view(i).copy() for i in self.graph.outputs]


@PLANNERS
@pytest.mark.parametrize("seed", range(60))
def test_random_graphs(seed, keep_all):
    graph = RandomGraph(seed)
    pair = Pair(graph.model(), keep_all)
    for turn in range(3):
        pair.run(graph.values(turn))


def test_random_graphs_have_what_they_are_for():
    """Enough of them have interludes, aliases, empty tensors, variables and several outputs."""
    pairs = [Pair(RandomGraph(seed).model(), True) for seed in range(60)]
    assert sum(SLOW in p.interludes for p in pairs) > 20
    assert sum("sis" in p.kinds for p in pairs) > 8
    assert sum(len(p.program.map.alias) > 1 for p in pairs) > 20
    assert sum(len(p.graph.outputs) > 1 for p in pairs) > 20
    assert sum(any(t.is_variable for t in p.graph.tensors) for p in pairs) > 20
    assert sum(any(0 in t.shape for t in p.graph.tensors) for p in pairs) > 10


def int8(b, shape=(2, 3), **more):
    return b.tensor("t", "INT8", shape, scale=0.5, zero_point=3, **more)


def transposed(b, x, shape, out=None):
    y = int8(b, shape) if out is None else out
    b.operator("TRANSPOSE", [x, b.tensor("p", "INT32", (2,), data=[1, 0])], [y])
    return y


def numbers(count, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(-128, 128, count).astype(np.int8)


@PLANNERS
def test_an_operator_in_the_middle_runs_its_spec(keep_all):
    b = ModelBuilder()
    x = int8(b)
    y = transposed(b, x, (3, 2))
    pads = b.tensor("pads", "INT32", (2, 2), data=[[1, 0], [0, 2]])
    b.operator(SLOW, [y, pads], [padded := int8(b, (4, 4))])
    z = transposed(b, padded, (4, 4))
    pair = Pair(b.model([x], [z]), keep_all)
    assert pair.kinds == "sis" and pair.interludes == [SLOW]
    assert pair.run({x: numbers(6).reshape(2, 3)})[0][2:].tolist() == [[3] * 4] * 2


@PLANNERS
def test_a_wrong_position_is_reported_with_its_place(keep_all):
    b = ModelBuilder()
    x, positions = int8(b), b.tensor("positions", "INT32", (1,))
    y = transposed(b, x, (3, 2))
    b.operator("GATHER", [y, positions], [g := int8(b, (1, 2))], axis=0)
    z = transposed(b, g, (2, 1))
    pair = Pair(b.model([x, positions], [g, z]), keep_all)
    values = {x: numbers(6).reshape(2, 3)}
    for position in (3, -1):
        pair.runner.view(positions)[...] = position
        with pytest.raises(DomainError, match=f"position {position} is outside") as caught:
            pair.runner.invoke()
        assert caught.value.where.operator == 1
        pair.run({**values, positions: np.array([2], np.int32)})


@PLANNERS
def test_a_graph_of_aliases_only(keep_all):
    b = ModelBuilder()
    x = int8(b)
    b.operator("RESHAPE", [x, b.tensor("s", "INT32", (1,), data=[6])], [y := int8(b, (6,))])
    b.operator("EXPAND_DIMS", [y, b.tensor("a", "INT32", (), data=0)], [z := int8(b, (1, 6))])
    pair = Pair(b.model([x], [z, y]), keep_all)
    out = pair.run({x: numbers(6).reshape(2, 3)})
    assert out[0].tolist() == [numbers(6).tolist()]
    kept = pair.runner.view(z).copy()
    pair.runner.view(x)[...] = 0
    assert np.array_equal(pair.runner.view(z), kept), "an output changed before the next run"


@PLANNERS
def test_no_operators_at_all(keep_all):
    b = ModelBuilder()
    x = int8(b)
    pair = Pair(b.model([x], [x]), keep_all)
    assert pair.kinds == ""
    pair.run({x: numbers(6).reshape(2, 3)})


@PLANNERS
def test_all_tensors_empty(keep_all):
    b = ModelBuilder()
    x = int8(b, (0, 3))
    y = transposed(b, x, (3, 0))
    b.operator("CONCATENATION", [y, y], [z := int8(b, (3, 0))], axis=1)
    pair = Pair(b.model([x], [z]), keep_all)
    assert pair.run({x: numbers(0).reshape(0, 3)})[0].shape == (3, 0)


@PLANNERS
def test_variables_keep_what_the_caller_sets(keep_all):
    b = ModelBuilder()
    x, state = int8(b), int8(b, is_variable=True)
    b.operator("CONCATENATION", [x, state], [both := int8(b, (4, 3))], axis=0)
    b.operator("RESHAPE", [state, b.tensor("s", "INT32", (1,), data=[6])], [flat := int8(b, (6,))])
    pair = Pair(b.model([x], [both, flat]), keep_all)
    values = {x: numbers(6).reshape(2, 3)}
    assert pair.run(values)[1].tolist() == [3] * 6
    set_to = numbers(6, 1).reshape(2, 3)
    assert pair.run({**values, state: set_to})[1].tolist() == set_to.reshape(-1).tolist()
    assert np.array_equal(pair.run({x: set_to})[0][2:], set_to)


@PLANNERS
def test_an_operator_that_writes_a_variable(keep_all):
    """What a run leaves there is what the next one reads."""
    b = ModelBuilder()
    x, state = int8(b), int8(b, (6,), is_variable=True)
    b.operator("RESHAPE", [state, b.tensor("s", "INT32", (2,), data=[2, 3])], [old := int8(b)])
    b.operator("RESHAPE", [x, b.tensor("s", "INT32", (1,), data=[6])], [state])
    pair = Pair(b.model([x], [old]), keep_all)
    first, second = (numbers(6, k).reshape(2, 3) for k in (1, 2))
    assert pair.run({x: first})[0].tolist() == [[3] * 3] * 2
    assert np.array_equal(pair.run({x: second})[0], first)
    assert np.array_equal(pair.run({x: first})[0], second)


@PLANNERS
def test_a_tensor_written_twice(keep_all):
    b = ModelBuilder()
    x, z = int8(b, (3, 3)), int8(b, (3, 3))
    y = transposed(b, x, (3, 3))
    b.operator("RESHAPE", [y, b.tensor("s", "INT32", (1,), data=[9])], [a := int8(b, (9,))])
    first = transposed(b, y, (3, 3))
    transposed(b, z, (3, 3), out=y)
    b.operator("RESHAPE", [y, b.tensor("s", "INT32", (1,), data=[9])], [c := int8(b, (9,))])
    pair = Pair(b.model([x, z], [a, c, first]), keep_all)
    pair.run({x: numbers(9).reshape(3, 3), z: numbers(9, 1).reshape(3, 3)})


def test_a_known_value_overwritten_by_a_computed_one():
    """The first writer's value follows from constants, the second one's from the input."""
    b = ModelBuilder()
    x, k = int8(b, (3, 3)), int8(b, (3, 3), data=[[1, 2, 3]] * 3)
    y = transposed(b, k, (3, 3))
    b.operator("CONCATENATION", [y, x], [seen := int8(b, (6, 3))], axis=0)
    transposed(b, x, (3, 3), out=y)
    late = transposed(b, y, (3, 3))
    model = b.model([x], [seen, late])
    specs, fast = (Session(model, fast=wanted) for wanted in (False, True))
    for session in (specs, fast):
        session.view(x)[...] = numbers(9).reshape(3, 3)
        session.invoke()
    for index in (seen, late):
        assert np.array_equal(specs.view(index), fast.view(index))


@PLANNERS
def test_constants_read_in_place_and_through_a_reshape(keep_all):
    b = ModelBuilder()
    x = int8(b, (300, 300))
    k = int8(b, (90_000,), data=np.arange(90_000) % 256 - 128)
    b.operator(
        "RESHAPE", [k, b.tensor("s", "INT32", (2,), data=[300, 300])], [r := int8(b, (300, 300))]
    )
    b.operator("CONCATENATION", [r, x], [both := int8(b, (600, 300))], axis=0)
    pair = Pair(b.model([x], [both, r]), keep_all)
    assert pair.interludes == []
    for turn in range(2):
        out = pair.run({x: numbers(90_000, turn).reshape(300, 300)})
        assert out[1].reshape(-1)[:3].tolist() == [-128, -127, -126]


@PLANNERS
def test_the_same_tensor_as_several_inputs_and_outputs(keep_all):
    b = ModelBuilder()
    x, k = int8(b), int8(b, data=[[1, 2, 3], [4, 5, 6]])
    b.operator("CONCATENATION", [x, k, x, k], [y := int8(b, (8, 3))], axis=0)
    pair = Pair(b.model([x], [y, y, x]), keep_all)
    assert pair.run({x: numbers(6).reshape(2, 3)})[1].shape == (8, 3)


def test_a_constant_and_a_known_value_as_outputs():
    b = ModelBuilder()
    x, k = int8(b), int8(b, data=[[1, 2, 3], [4, 5, 6]])
    y = transposed(b, x, (3, 2))
    known = transposed(b, k, (3, 2))
    session = Session(b.model([x], [k, known, y]), fast=True)
    session.view(x)[...] = numbers(6).reshape(2, 3)
    session.invoke()
    assert session.compiled
    assert session.view(known).tolist() == [[1, 4], [2, 5], [3, 6]]
    assert session.view(k).tolist() == [[1, 2, 3], [4, 5, 6]]
    assert np.array_equal(session.view(y), numbers(6).reshape(2, 3).T)


def test_runners_of_one_program_are_apart():
    b = ModelBuilder()
    x = int8(b)
    y = transposed(b, x, (3, 2))
    program = lower(Session(b.model([x], [y])).plan, tier())
    assert program is not None
    runners = [Runner(program, shared()) for _ in range(2)]
    for k, runner in enumerate(runners):
        runner.view(x)[...] = k + 1
    for runner in runners:
        runner.invoke()
    assert [int(r.view(y)[0, 0]) for r in runners] == [1, 2]
