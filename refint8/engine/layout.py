"""Where everything of a program lies in its arena.

Tensors of the main subgraph come first, then those of every subgraph that it calls, once for each
set of input shapes; then words of control, and the resource variables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod

from refint8.engine.memory_map import MemoryMap
from refint8.engine.plan import Plan, Step
from refint8.model.types import NUMPY_DTYPE
from refint8.native.lowering import Held, Label, Place
from refint8.native.memory import round_up
from refint8.ops._op import Shape

Key = tuple[int, tuple[Shape, ...]]
"""A subgraph and the shapes of its inputs."""


@dataclass(frozen=True, eq=False)
class Frame:
    """A called subgraph: its tensors, its first instruction, the word it returns by."""

    map: MemoryMap
    entry: Label
    back: int


@dataclass(frozen=True, eq=False)
class Layout:
    """Offsets in the arena. `frames` has those that are called before those that call them.

    `unfit` says of other subgraphs why they stay outside; `counters` has a word for each operator
    that runs subgraphs, `once` one for each subgraph of CALL_ONCE.
    """

    main: MemoryMap
    frames: Mapping[Key, Frame]
    unfit: Mapping[Key, str]
    alarm: int
    limit: int
    counters: Mapping[Step, int]
    variables: Mapping[int, Held]
    once: Mapping[int, int]
    scratch: int

    @classmethod
    def of(cls, plan: Plan, *, keep_all: bool) -> Layout:
        """Lay out a plan that `unfit_for_program` finds nothing wrong with."""
        main = MemoryMap.of(plan, keep_all=keep_all)
        called: dict[Key, Plan] = {}
        unfit: dict[Key, str] = {}
        _call(plan, called, unfit)
        end = main.size
        maps = {}
        for key, callee in called.items():
            maps[key] = MemoryMap.of(callee, keep_all=keep_all, start=end)
            end += maps[key].size
        alarm, limit, words = end, end + 8, 2
        plans = (plan, *called.values())

        def word() -> int:
            nonlocal words
            words += 1
            return alarm + 8 * (words - 1)

        frames = {key: Frame(map, Label(), word()) for key, map in maps.items()}
        records = [(step, step.record) for each in plans for step in each.steps if step.record]
        counters = {step: word() for step, record in records if record.subgraphs}
        known = dict(variables(plans))
        states = {number: word() for number in known}
        once = {
            record.subgraphs[0]: word()
            for step, record in records
            if step.operator.name == "CALL_ONCE"
        }
        end = alarm + round_up(8 * words)
        held = {}
        for number, (dtype, shape) in known.items():
            held[number] = Held(states[number], Place(end, shape, NUMPY_DTYPE[dtype]))
            end += round_up(held[number].value.nbytes)
        return cls(main, frames, unfit, alarm, limit, counters, held, once, end)


def unfit_for_program(plan: Plan) -> str:
    """Why a plan has no program: shapes known only at run time, or dtypes; "" where it has one."""
    graph = plan.subgraph
    used = {i for op in graph.operators for i in (*op.inputs, *op.outputs) if i >= 0}
    used -= plan.values.keys()
    for index in used:
        if plan.dtypes[index] not in NUMPY_DTYPE:
            return f"tensor {index} is {plan.dtypes[index]}"
        if plan.shapes[index] is None:
            return f"only a run knows the shape of tensor {index}"
    return "only a run knows a shape" if any(s.record is None for s in plan.steps) else ""


def _unfit_to_be_called(plan: Plan) -> str:
    graph = plan.subgraph
    if any(tensor.is_variable for tensor in graph.tensors):
        return "it has variable tensors"
    if not plan.values.keys().isdisjoint(graph.inputs):
        return "an input of it is a constant"
    return unfit_for_program(plan)


def key_of(plan: Plan, step: Step, subgraph: int, first: int) -> Key | None:
    """What a step calls, passing on its inputs from `first` on; None while a shape is unknown."""
    shapes: list[Shape] = []
    for index in step.operator.inputs[first:]:
        shape = plan.shapes[index] if index >= 0 else None
        if shape is None:
            return None
        shapes.append(shape)
    return subgraph, tuple(shapes)


def _call(plan: Plan, called: dict[Key, Plan], unfit: dict[Key, str]) -> None:
    for step in plan.steps:
        record = step.record
        for subgraph in record.subgraphs if record is not None else ():
            assert record is not None
            key = key_of(plan, step, subgraph, record.passed_from)
            if key is None or key in called or key in unfit:
                continue
            callee = plan.called(step, subgraph)
            if callee is None:
                continue
            if why := _unfit_to_be_called(callee):
                unfit[key] = why
            else:
                _call(callee, called, unfit)
                called[key] = callee


def variables(plans: tuple[Plan, ...]) -> Iterator[tuple[int, tuple[str, Shape]]]:
    """Dtype and shape of each resource variable: as it is read, or better as it is assigned."""
    for name in ("READ_VARIABLE", "ASSIGN_VARIABLE"):
        seen = set()
        for plan in plans:
            for step in plan.steps:
                operator = step.operator
                if operator.name != name:
                    continue
                number = handle(plan, step)
                index = operator.inputs[1] if name == "ASSIGN_VARIABLE" else operator.outputs[0]
                shape = plan.shapes[index]
                numeric = plan.dtypes[index] in NUMPY_DTYPE
                if number is None or number in seen or shape is None or not numeric:
                    continue
                seen.add(number)
                yield number, (plan.dtypes[index], shape)


def handle(plan: Plan, step: Step, position: int = 0) -> int | None:
    """The number of the variable that an input stands for, if that is known."""
    value = plan.values.get(step.operator.inputs[position])
    return int(value.reshape(-1)[0]) if value is not None and prod(value.shape) == 1 else None
