"""Where tensors lie: aliases, both planners, and that nothing overlaps while it lives."""

from __future__ import annotations

import pytest

from refint8.engine.memory_map import MemoryMap
from refint8.engine.plan import make_plan
from refint8.model.build import ModelBuilder
from refint8.native.memory import SLACK
from refint8.numerics.profiles import profile
from tests.engine.random_graphs import RandomGraph

PLANNERS = [True, False]


def laid_out(model, keep_all):
    return MemoryMap.of(make_plan(model, profile().rules), keep_all=keep_all)


class Chain:
    """A model built step by step; every tensor is int8 [4, 6] unless it says so."""

    def __init__(self):
        self.b = ModelBuilder()

    def tensor(self, shape=(4, 6), **more):
        return self.b.tensor("t", "INT8", shape, scale=0.5, zero_point=3, **more)

    def reshape(self, x, shape=(24,), out=None):
        y = self.tensor(shape) if out is None else out
        self.b.operator(
            "RESHAPE", [x, self.b.tensor("s", "INT32", (len(shape),), data=list(shape))], [y]
        )
        return y

    def flip(self, x, shape=(6, 4)):
        """A TRANSPOSE: new bytes."""
        y = self.tensor(shape)
        self.b.operator("TRANSPOSE", [x, self.b.tensor("p", "INT32", (2,), data=[1, 0])], [y])
        return y

    def map(self, inputs, outputs, keep_all=True):
        return laid_out(self.b.model(inputs, outputs), keep_all)


def offsets(memory, *tensors):
    return [memory.required_place(t).offset for t in tensors]


@pytest.mark.parametrize("keep_all", PLANNERS)
def test_a_chain_of_reshapes_lies_in_one_place(keep_all):
    c = Chain()
    x = c.tensor()
    y = c.flip(x)
    a = c.reshape(y)
    s = c.tensor((1, 24))
    c.b.operator("EXPAND_DIMS", [a, c.b.tensor("a", "INT32", (), data=0)], [s])
    q = c.tensor((24,))
    c.b.operator("SQUEEZE", [s], [q], squeeze_dims=[0])
    memory = c.map([x], [q], keep_all)
    assert dict(memory.alias) == {a: y, s: y, q: y}
    assert len(set(offsets(memory, y, a, s, q))) == 1
    assert [memory.required_place(t).shape for t in (y, a, s, q)] == [
        (6, 4), (24,), (1, 24), (24,),
    ]  # fmt: skip
    assert [memory.is_alias(step) for step in memory.plan.steps] == [False, True, True, True]


@pytest.mark.parametrize("keep_all", PLANNERS)
def test_an_output_that_is_an_input_reshaped_is_copied(keep_all):
    c = Chain()
    x = c.tensor()
    a = c.reshape(x)
    y = c.reshape(a, (2, 12))
    memory = c.map([x], [y], keep_all)
    assert dict(memory.alias) == {a: x}
    assert offsets(memory, x) != offsets(memory, y)


def test_an_input_reshaped_inside_the_graph_is_not_copied():
    c = Chain()
    x = c.tensor()
    a = c.reshape(x, (6, 4))
    memory = c.map([x], [c.flip(a, (4, 6))])
    assert dict(memory.alias) == {a: x}


@pytest.mark.parametrize("keep_all", PLANNERS)
def test_a_variable_reshaped_is_copied(keep_all):
    c = Chain()
    x, state = c.tensor(), c.tensor(is_variable=True)
    c.b.operator("CONCATENATION", [x, state], [both := c.tensor((8, 6))], axis=0)
    a = c.reshape(state)
    memory = c.map([x], [both, a], keep_all)
    assert not memory.alias
    assert offsets(memory, state) != offsets(memory, a)


@pytest.mark.parametrize("keep_all", PLANNERS)
def test_a_reshape_into_a_variable_is_a_copy(keep_all):
    c = Chain()
    x, state = c.tensor(), c.tensor((24,), is_variable=True)
    a = c.reshape(state, (4, 6))
    y = c.flip(x)
    c.reshape(y, (24,), out=state)
    memory = c.map([x], [a], keep_all)
    assert state not in memory.alias
    assert offsets(memory, state) != offsets(memory, y)


def test_a_small_constant_reshaped_is_known_and_needs_nothing():
    c = Chain()
    x, k = c.tensor(), c.tensor(data=[[1] * 6] * 4)
    a = c.reshape(k)
    memory = c.map([x], [c.flip(x), a])
    assert not memory.alias
    assert a in memory.plan.values
    assert memory.place(k) is None


@pytest.mark.parametrize("keep_all", PLANNERS)
def test_a_large_constant_reshaped_is_copied(keep_all):
    c = Chain()
    x, k = c.tensor(), c.tensor((300, 300), data=[[1] * 300] * 300)
    a = c.reshape(k, (90_000,))
    memory = c.map([x], [c.flip(x), a], keep_all)
    assert not memory.alias and a not in memory.plan.values
    assert memory.required_place(k).data is not None
    assert memory.required_place(a).data is None
    assert memory.required_place(k).offset >= memory.arena.size


@pytest.mark.parametrize("keep_all", PLANNERS)
def test_what_two_operators_write_is_no_alias(keep_all):
    c = Chain()
    x, z = c.tensor(), c.tensor()
    y = c.flip(x)
    a = c.reshape(y)
    b = c.flip(z)
    c.reshape(b, (24,), out=a)
    memory = c.map([x, z], [y, b, a], keep_all)
    assert not memory.alias


@pytest.mark.parametrize("keep_all", PLANNERS)
def test_what_is_written_again_later_is_not_aliased(keep_all):
    c = Chain()
    x, z = c.tensor(), c.tensor()
    y = c.flip(x)
    a = c.reshape(y)
    c.b.operator("TRANSPOSE", [z, c.b.tensor("p", "INT32", (2,), data=[1, 0])], [y])
    memory = c.map([x, z], [y, a], keep_all)
    assert not memory.alias


def test_under_reuse_an_alias_keeps_its_home_alive():
    c = Chain()
    x = c.tensor()
    y = c.flip(x)
    a = c.reshape(y, (4, 6))
    between = c.flip(c.flip(x), (4, 6))
    last = c.tensor((8, 6))
    c.b.operator("CONCATENATION", [a, between], [last], axis=0)
    memory = c.map([x], [last], keep_all=False)
    assert dict(memory.alias) == {a: y}
    assert not {*offsets(memory, y)} & {
        memory.required_place(t).offset for t in range(len(c.b.tensors))
        if memory.place(t) is not None and t not in (y, a) and t != x
    }  # fmt: skip


def test_reuse_gives_places_of_the_dead_away():
    c = Chain()
    x = c.tensor((64, 64))
    tensors = [x]
    for _ in range(8):
        tensors.append(c.flip(tensors[-1], (64, 64)))
    kept, reused = (c.map([x], [tensors[-1]], keep_all=k).arena.size for k in PLANNERS)
    assert kept == 9 * (64 * 64 + SLACK) and reused == 2 * (64 * 64 + SLACK)


def test_a_tensor_that_nobody_touches_has_no_memory():
    c = Chain()
    x, unused = c.tensor(), c.tensor()
    memory = c.map([x], [c.flip(x)])
    assert memory.place(unused) is None


def lifetimes(plan):
    """Tensor to (first, last step) in which its own value matters; aliases not looked into."""
    graph, end = plan.subgraph, len(plan.steps) + 1
    lives = {i: [0, 0] for i in graph.inputs}
    lives |= {t.index: [0, end] for t in graph.tensors if t.is_variable}
    for number, step in enumerate(plan.steps, start=1):
        if all(i in plan.values for i in step.operator.outputs):
            continue
        for i in step.operator.outputs:
            lives.setdefault(i, [number, number])
        for i in step.operator.inputs:
            life = lives.setdefault(i, [0, end])
            life[1] = max(life[1], number)
    for i in graph.outputs:
        if i in lives:
            lives[i][1] = end
    return lives


@pytest.mark.parametrize("keep_all", PLANNERS)
@pytest.mark.parametrize("seed", range(80))
def test_nothing_overlaps_while_it_lives(seed, keep_all):
    memory = laid_out(RandomGraph(seed).model(), keep_all)
    plan = memory.plan
    lives = lifetimes(plan)
    places = {i: memory.required_place(i) for i in lives}
    order = sorted(lives)
    for i in order:
        begin, end = places[i].offset, places[i].offset + places[i].nbytes + SLACK
        assert begin >= 0 and end <= memory.size
        for j in order:
            same = memory.alias.get(i, i) == memory.alias.get(j, j)
            together = lives[i][0] <= lives[j][1] and lives[j][0] <= lives[i][1]
            if j > i and not same and (together or keep_all):
                other = places[j]
                assert end <= other.offset or other.offset + other.nbytes + SLACK <= begin, (i, j)


@pytest.mark.parametrize("seed", range(80))
def test_aliases_hold_the_bytes_of_a_tensor_that_nobody_overwrites(seed):
    memory = laid_out(RandomGraph(seed).model(), keep_all=True)
    plan, graph = memory.plan, memory.plan.subgraph
    homes = set(memory.alias.values())
    assert not homes & set(memory.alias)
    for target, home in memory.alias.items():
        assert memory.required_place(target).nbytes == memory.required_place(home).nbytes
        assert target not in plan.values and home not in plan.values
        assert not graph.tensors[home].is_variable and not graph.tensors[target].is_variable
        assert not (target in graph.outputs and home in graph.inputs)
