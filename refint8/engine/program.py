"""A plan as a compiled program: instructions over one arena, run by one native loop.

Operators lower themselves (`Record.lower`); one that cannot runs its spec between two stretches of
native code, so a program always exists and always gives the spec's bits.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refint8.engine.machine import initial
from refint8.engine.memory_map import MemoryMap
from refint8.engine.plan import Plan, Step, apply
from refint8.errors import DomainError, UnsupportedError
from refint8.model.types import NUMPY_DTYPE
from refint8.native.cpu import Tier, tier
from refint8.native.lang import Kernel, call_kernel, i64, kernel
from refint8.native.lowering import Instruction, NotFastError, Place, Site
from refint8.native.memory import Constants, aligned_block
from refint8.native.store import Progress, Store, shared
from refint8.ops._op import Array

NativeCall = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64)


@kernel
def run_program(program: int, arena: int) -> None:
    """[count, (kernel's address, parameters' address) * count], one after the other."""
    p = i64(program)
    for i in range(p[0]):
        call_kernel(p[1 + 2 * i], p[2 + 2 * i], arena)


@dataclass(frozen=True, eq=False)
class Stretch:
    """Instructions that run without Python in between; `steps` says whose they are."""

    instructions: tuple[Instruction, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, eq=False)
class Interlude:
    """An operator whose spec runs in Python; `reason` says why it has no kernel here."""

    step: Step
    reason: str


@dataclass(frozen=True, eq=False)
class Program:
    """Immutable, shared by threads. Every thread brings an arena of its own."""

    plan: Plan
    map: MemoryMap
    parts: tuple[Stretch | Interlude, ...]
    constants: Constants
    resident: tuple[Place, ...]
    arena_size: int

    @property
    def kernels(self) -> list[Kernel]:
        """Every kernel that linking needs."""
        own = [i.kernel for p in self.parts if isinstance(p, Stretch) for i in p.instructions]
        return [run_program, *own]


def compiled_machine(plan: Plan, progress: Progress | None = None) -> Runner | None:
    """The plan's program on the best tier, linked, every tensor readable; None as for `lower`."""
    program = lower(plan, tier())
    if program is None:
        return None
    runner = Runner(program, shared(), progress)
    for tensor in plan.subgraph.tensors:
        if tensor.is_variable:
            runner.view(tensor.index)[...] = initial(plan, tensor)
    return runner


def lower(plan: Plan, on: Tier, *, keep_all: bool = True) -> Program | None:
    """The program of a plan; None where a shape is known only at run time, or a dtype odd."""
    graph = plan.subgraph
    used = {i for op in graph.operators for i in (*op.inputs, *op.outputs) if i >= 0}
    numeric = all(plan.dtypes[i] in NUMPY_DTYPE for i in used)
    if not numeric or any(step.record is None for step in plan.steps):
        return None
    memory = MemoryMap.of(plan, keep_all=keep_all)
    constants = Constants()
    parts: list[Stretch | Interlude] = []
    instructions: list[Instruction] = []
    steps: list[Step] = []
    resident: list[Place] = []
    scratch = 0

    def close() -> None:
        if instructions:
            parts.append(Stretch(tuple(instructions), tuple(steps)))
            instructions.clear()
            steps.clear()

    for step in plan.steps:
        record = step.record
        assert record is not None
        outputs = step.operator.outputs
        if all(i in plan.values for i in outputs) or memory.is_alias(step):
            continue
        site = Site(
            tier=on,
            inputs=[memory.place(i) if i >= 0 else None for i in step.operator.inputs],
            outputs=[memory.required_place(i) for i in outputs],
            constants=constants,
            scratch_start=memory.size,
        )
        try:
            record.lower(site)
        except NotFastError as why:
            close()
            parts.append(Interlude(step, str(why)))
            continue
        scratch = max(scratch, site.scratch_size)
        instructions += site.instructions
        resident += site.resident
        steps.append(step)
    close()
    size = memory.size + scratch
    return Program(plan, memory, tuple(parts), constants, tuple(resident), size)


class Runner:
    """A linked program with one arena: set inputs, run, look at tensors."""

    def __init__(self, program: Program, store: Store, progress: Progress | None = None) -> None:
        self.program = program
        self._store = store  # owns the code behind the addresses
        self.arena = aligned_block(program.arena_size)
        self._base = int(self.arena.ctypes.data)
        self._views: dict[int, Array] = {}
        addresses = store.addresses(program.kernels, progress)
        self._loop = NativeCall(addresses[run_program.name])
        self._parts = [
            part if isinstance(part, Interlude) else link(part, addresses) for part in program.parts
        ]
        for place in program.resident:
            view(self.arena, place)[...] = place.data

    def invoke(self) -> None:
        """Run every part once. Raises DomainError from a spec, with its place."""
        for part in self._parts:
            if isinstance(part, Interlude):
                self._run_spec(part.step)
            else:
                self._loop(part.address, self._base)

    def view(self, index: int) -> Array:
        """A tensor's memory, by tensor index; current after `invoke`. Raises KeyError."""
        if index not in self._views:
            place = self.program.map.place(index)
            if place is None:
                raise KeyError(index)
            self._views[index] = view(self.arena, place)
        return self._views[index]

    def _run_spec(self, step: Step) -> None:
        record = step.record
        assert record is not None
        values = {i: self._value(i) for i in step.operator.inputs if i >= 0}
        try:
            outputs = apply(record, step.operator, values)
        except (DomainError, UnsupportedError) as error:
            raise error.at(step.where) from None
        for index, value in zip(step.operator.outputs, outputs, strict=True):
            self.view(index)[...] = value

    def _value(self, index: int) -> Array:
        known = self.program.plan.values.get(index)
        return self.view(index) if known is None else known


@dataclass(frozen=True, eq=False)
class Linked:
    """The words of a stretch, with what they point at kept alive."""

    words: NDArray[np.int64]
    parameters: Sequence[NDArray[np.int64]]
    address: int


def link(stretch: Stretch, addresses: dict[str, int]) -> Linked:
    """The program words of a stretch: kernel and parameter addresses."""
    words = [len(stretch.instructions)]
    for instruction in stretch.instructions:
        words += [addresses[instruction.kernel.name], int(instruction.words.ctypes.data)]
    laid = np.array(words, np.int64)
    kept = [instruction.words for instruction in stretch.instructions]
    return Linked(laid, kept, int(laid.ctypes.data))


def view(arena: NDArray[np.uint8], place: Place) -> Array:
    """The bytes of a place as an array."""
    raw: Any = arena[place.offset : place.offset + place.nbytes]
    shaped: Array = raw.view(place.dtype).reshape(place.shape)
    return shaped
