"""Where a program finds each tensor: arena offsets under either planner, aliases, constants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from refint8.engine.arena import Arena, Block, keep_all, reuse
from refint8.engine.machine import array_dtype
from refint8.engine.plan import Plan, Step
from refint8.model.types import NUMPY_DTYPE
from refint8.native.lowering import Place
from refint8.native.memory import round_up


@dataclass(frozen=True, eq=False)
class MemoryMap:
    """Offsets of everything that lies in the arena.

    `alias` maps a tensor to the one whose bytes it shares: the output of RESHAPE and its like.
    Constants have offsets too, behind all tensors, and are copied there only if a kernel reads
    them in place (most are packed instead); memory that nobody touches costs nothing.
    """

    plan: Plan
    arena: Arena
    alias: Mapping[int, int]
    constants: Arena
    start: int = 0

    @classmethod
    def of(cls, plan: Plan, *, keep_all: bool, start: int = 0) -> MemoryMap:
        """Lay out a plan whose shapes are all known; `keep_all` gives no place away twice.

        `start` is where in the arena its tensors begin.
        """
        alias = _aliases(plan)
        blocks = _blocks(plan, alias)
        layout = _layout([b for b in blocks if b.tensor not in plan.values], keep=keep_all)
        constants = _layout([b for b in blocks if b.tensor in plan.values], keep=True)
        shifted = {i: layout.size + offset for i, offset in constants.offsets.items()}
        return cls(plan, layout, alias, Arena(shifted, constants.size), start)

    @property
    def size(self) -> int:
        """Bytes of tensors and constants, scratch not counted, from the start on."""
        return self.arena.size + self.constants.size

    @cached_property
    def _places(self) -> dict[int, Place]:
        return {}

    def place(self, index: int) -> Place | None:
        """Where a tensor lies; None when it has no memory."""
        home = self.alias.get(index, index)
        offset = self.arena.offsets.get(home, self.constants.offsets.get(home))
        if offset is None:
            return None
        if index not in self._places:
            shape = self.plan.shapes[index]
            assert shape is not None
            dtype = array_dtype(self.plan.dtypes[index])
            data = self.plan.values.get(index)
            self._places[index] = Place(self.start + offset, shape, dtype, data)
        return self._places[index]

    def required_place(self, index: int) -> Place:
        """Where a tensor lies that is known to have memory."""
        place = self.place(index)
        assert place is not None, f"tensor {index} has no memory"
        return place

    def is_alias(self, step: Step) -> bool:
        """Whether the operator's output shares its input's bytes, so that nothing is to be done."""
        return step.operator.outputs[:1] != () and step.operator.outputs[0] in self.alias


def _aliases(plan: Plan) -> dict[int, int]:
    graph = plan.subgraph
    # Bytes are shared only by tensors that get one value in a run. A variable may get more, and
    # a damaged file may let two operators write to one tensor.
    writers = Counter(index for step in plan.steps for index in step.operator.outputs)
    writers.update(graph.inputs)
    settled = {i for i in writers if writers[i] == 1 and not graph.tensors[i].is_variable}
    alias: dict[int, int] = {}
    for step in plan.steps:
        assert step.record is not None
        if not step.operator.outputs:
            continue
        source, target = next(iter(step.operator.inputs), -1), step.operator.outputs[0]
        # A constant's bytes are only packed, not laid out; an output of the model that is one of
        # its inputs would change when the next input is set.
        barred = source in plan.values or target in plan.values or not {source, target} <= settled
        if target in graph.outputs and alias.get(source, source) in graph.inputs:
            barred = True
        if step.record.same_bytes and not barred:
            alias[target] = alias.get(source, source)
    return alias


def _blocks(plan: Plan, alias: Mapping[int, int]) -> list[Block]:
    """Tensors with their lifetimes in steps; step 0 fills the inputs."""
    graph = plan.subgraph
    end = len(plan.steps) + 1
    first: dict[int, int] = {}
    last: dict[int, int] = {}

    def use(index: int, step: int) -> None:
        home = alias.get(index, index)
        first.setdefault(home, step)
        last[home] = max(last.get(home, step), step)

    variables = [t.index for t in graph.tensors if t.is_variable]
    for index in (*graph.inputs, *variables):
        use(index, 0)
    for number, step in enumerate(plan.steps, start=1):
        if plan.is_known(step):
            continue
        for index in (*step.operator.inputs, *step.operator.outputs):
            # Handles of resource variables are known numbers and lie nowhere.
            if index >= 0 and plan.dtypes[index] in NUMPY_DTYPE:
                use(index, number)
    for index in first:
        tensor = graph.tensors[index]
        if index in plan.values or tensor.is_variable:
            first[index], last[index] = 0, end
    for index in graph.outputs:
        if alias.get(index, index) in first:
            last[alias.get(index, index)] = end
    return [Block(i, _room(plan, i), first[i], last[i]) for i in sorted(first)]


def _room(plan: Plan, index: int) -> int:
    shape = plan.shapes[index]
    assert shape is not None
    itemsize = array_dtype(plan.dtypes[index]).itemsize
    return round_up(int(np.prod(shape, dtype=np.int64)) * itemsize)


def _layout(wanted: list[Block], *, keep: bool) -> Arena:
    return keep_all(wanted) if keep else reuse(wanted)
