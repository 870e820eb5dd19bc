"""A plan as a compiled program: instructions over one arena, run by one native loop.

Operators lower themselves (`Record.lower`); one that cannot runs its spec between two stretches of
native code, so a program always exists and always gives the spec's bits.
"""

from __future__ import annotations

import ctypes
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refint8.engine.environment import SharedEnvironment
from refint8.engine.fusion import fused
from refint8.engine.machine import reset_variables
from refint8.engine.memory_map import MemoryMap
from refint8.engine.plan import Plan, Step, apply
from refint8.errors import DomainError, UnsupportedError
from refint8.model.types import NUMPY_DTYPE
from refint8.native.cpu import Tier, tier
from refint8.native.lang import Kernel, call_kernel, i64, kernel
from refint8.native.lowering import Instruction, NotFastError, Place, Site
from refint8.native.memory import Constants, aligned_block, round_up
from refint8.native.store import Progress, Store, shared
from refint8.ops._op import Array

NativeCall = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64)


@kernel
def run_program(program: int, arena: int) -> None:
    """[count, next, alarm, (kernel's address, parameters' address) * count], one after the other.

    Begins with the instruction `next`, and stops behind one that sets the int64 at the arena offset
    `alarm`; `next` is then the instruction after it. At the end it is 0 again.
    """
    p = i64(program)
    alarm = i64(arena + p[2])
    i = p[1]
    while i < p[0]:
        call_kernel(p[3 + 2 * i], p[4 + 2 * i], arena)
        i += 1
        if alarm[0] != 0:
            p[1] = i
            return
    p[1] = 0


@dataclass(frozen=True, eq=False)
class Stretch:
    """Instructions that run without Python in between; `steps` says whose they are, `ends` how many
    there are up to the end of each step.
    """

    instructions: tuple[Instruction, ...]
    steps: tuple[Step, ...]
    ends: tuple[int, ...]


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
    def alarm(self) -> int:
        """Arena offset of what `Site.alarm` describes: right behind the tensors."""
        return self.map.size

    @property
    def kernels(self) -> list[Kernel]:
        """Every kernel that linking needs."""
        own = [i.kernel for p in self.parts if isinstance(p, Stretch) for i in p.instructions]
        return [run_program, *own]


def compiled_machine(
    plan: Plan, environment: SharedEnvironment, progress: Progress | None = None
) -> Runner | None:
    """The plan's program on the best tier, linked, every tensor readable; None as for `lower`."""
    program = lower(plan, tier())
    if program is None:
        return None
    runner = Runner(program, shared(), progress, environment)
    reset_variables(plan, runner)
    return runner


def lower(plan: Plan, on: Tier, *, keep_all: bool = True) -> Program | None:
    """The program of a plan; None where a shape is known only at run time, or a dtype odd."""
    graph = plan.subgraph
    used = {i for op in graph.operators for i in (*op.inputs, *op.outputs) if i >= 0}
    used -= plan.values.keys()
    numeric = all(plan.dtypes[i] in NUMPY_DTYPE for i in used)
    fixed = all(plan.shapes[i] is not None for i in used)
    if not numeric or not fixed or any(step.record is None for step in plan.steps):
        return None
    if not keep_all:
        plan = fused(plan)
    memory = MemoryMap.of(plan, keep_all=keep_all)
    constants = Constants()
    parts: list[Stretch | Interlude] = []
    instructions: list[Instruction] = []
    steps: list[Step] = []
    ends: list[int] = []
    resident: list[Place] = []
    scratch = 0

    def close() -> None:
        if instructions:
            parts.append(Stretch(tuple(instructions), tuple(steps), tuple(ends)))
            instructions.clear()
            steps.clear()
            ends.clear()

    for step in plan.steps:
        record = step.record
        assert record is not None
        outputs = step.operator.outputs
        if plan.is_known(step) or memory.is_alias(step):
            continue
        site = Site(
            tier=on,
            inputs=[memory.place(i) if i >= 0 else None for i in step.operator.inputs],
            outputs=[memory.required_place(i) for i in outputs],
            constants=constants,
            alarm=memory.size,
            scratch_start=memory.size + round_up(8),
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
        ends.append(len(instructions))
    close()
    size = memory.size + round_up(8) + scratch
    return Program(plan, memory, tuple(parts), constants, tuple(resident), size)


class Runner:
    """A linked program with one arena: set inputs, run, look at tensors."""

    def __init__(
        self,
        program: Program,
        store: Store,
        progress: Progress | None = None,
        environment: SharedEnvironment | None = None,
    ) -> None:
        self.program = program
        self._environment = environment or SharedEnvironment(program.plan.subgraphs)
        self._store = store  # owns the code behind the addresses
        self.arena = aligned_block(program.arena_size)
        self._base = int(self.arena.ctypes.data)
        self._views: dict[int, Array] = {}
        addresses = store.addresses(program.kernels, progress)
        self._loop = NativeCall(addresses[run_program.name])
        self._alarm = self.arena[program.alarm : program.alarm + 8].view(np.int64)
        for place in program.resident:
            view(self.arena, place)[...] = place.data
        self._calls: list[Callable[[], None]] = [
            partial(self._run_spec, part.step)
            if isinstance(part, Interlude)
            else self._stretch_call(link(part, addresses, program.alarm))
            for part in program.parts
        ]

    def invoke(self) -> None:
        """Run every part once. Raises DomainError from a spec, with its place."""
        for call in self._calls:
            call()

    def _stretch_call(self, linked: Linked) -> Callable[[], None]:
        """A function that runs a stretch; small networks take hardly longer than this call."""
        # Ready-made ctypes integers: converting two Python ones takes as long as a dense layer.
        loop, address, base = self._loop, ctypes.c_int64(linked.address), ctypes.c_int64(self._base)
        alarm = self._alarm.data

        def call() -> None:
            loop(address, base)
            if alarm[0]:
                self._resume(linked)

        return call

    def _resume(self, linked: Linked) -> None:
        """Let the spec answer, or report, for every operator whose kernel set the alarm."""
        ends = linked.stretch.ends
        try:
            while self._alarm[0]:
                self._alarm[0] = 0
                which = bisect_left(ends, int(linked.words[1]))
                self._run_spec(linked.stretch.steps[which])
                linked.words[1] = ends[which]
                self._loop(linked.address, self._base)
        finally:
            linked.words[1] = 0

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
            outputs, state = apply(record, step.operator, values, self._environment)
        except (DomainError, UnsupportedError) as error:
            raise error.at(step.where) from None
        for index, value in zip(step.operator.outputs, outputs, strict=True):
            self.view(index)[...] = value
        for index, value in state.items():
            self.view(index)[...] = value

    def _value(self, index: int) -> Array:
        known = self.program.plan.values.get(index)
        return self.view(index) if known is None else known


@dataclass(frozen=True, eq=False)
class Linked:
    """The words of a stretch, with what they point at kept alive."""

    stretch: Stretch
    words: NDArray[np.int64]
    parameters: Sequence[NDArray[np.int64]]
    address: int


def link(stretch: Stretch, addresses: dict[str, int], alarm: int) -> Linked:
    """The program words of a stretch: kernel and parameter addresses."""
    words = [len(stretch.instructions), 0, alarm]
    for instruction in stretch.instructions:
        words += [addresses[instruction.kernel.name], int(instruction.words.ctypes.data)]
    laid = np.array(words, np.int64)
    kept = [instruction.words for instruction in stretch.instructions]
    return Linked(stretch, laid, kept, int(laid.ctypes.data))


def view(arena: NDArray[np.uint8], place: Place) -> Array:
    """The bytes of a place as an array."""
    raw: Any = arena[place.offset : place.offset + place.nbytes]
    shaped: Array = raw.view(place.dtype).reshape(place.shape)
    return shaped
