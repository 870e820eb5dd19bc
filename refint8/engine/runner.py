"""A linked program with an arena, ready to run: by one thread at a time."""

from __future__ import annotations

import ctypes
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from refint8.engine.bank import Bank, view, word
from refint8.engine.environment import SharedEnvironment
from refint8.engine.machine import reset_variables
from refint8.engine.memory_map import MemoryMap
from refint8.engine.plan import Plan, Step, apply
from refint8.engine.program import Interlude, Program, Stretch, lower, run_program
from refint8.errors import DomainError, UnsupportedError
from refint8.native.cpu import tier
from refint8.native.lowering import Place
from refint8.native.memory import aligned_block
from refint8.native.store import Progress, Store, shared
from refint8.ops._op import Array

NativeCall = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64)


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


class Runner:
    """A linked program with one arena: set inputs, run, look at tensors.

    Resource variables are in the arena as long as nobody else asks the environment for them.
    """

    def __init__(
        self,
        program: Program,
        store: Store,
        progress: Progress | None = None,
        environment: SharedEnvironment | None = None,
    ) -> None:
        self.program = program
        self.environment = environment or SharedEnvironment(program.plan.subgraphs)
        self._store = store  # owns the code behind the addresses
        self.arena = aligned_block(program.arena_size)
        self._base = int(self.arena.ctypes.data)
        self._views: dict[Place, Array] = {}
        addresses = store.addresses(program.kernels, progress)
        self._loop = NativeCall(addresses[run_program.name])
        self._alarm = word(self.arena, program.alarm)
        self._bank = Bank(self.arena, program.layout)
        self._limit = word(self.arena, program.layout.limit)
        self._begins = bool(self._bank or program.layout.counters)
        for place in program.resident:
            view(self.arena, place)[...] = place.data
        self._calls: list[Callable[[], None]] = [
            partial(self._run_spec, part.step, program.map)
            if isinstance(part, Interlude)
            else self._stretch_call(link(part, addresses, program.alarm))
            for part in program.parts
        ]

    def invoke(self) -> None:
        """Run every part once. Raises DomainError from a spec, with its place."""
        self.begin()
        for call in self._calls:
            call()

    def begin(self) -> None:
        """What comes before a run: variables into the arena, the limit of loops."""
        if self._begins:
            self.environment.lend(self._bank)
            self._limit[0] = self.environment.loop_limit

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
        stretch = linked.stretch
        try:
            while self._alarm[0]:
                self._alarm[0] = 0
                which = bisect_left(stretch.ends, int(linked.words[1]))
                self._run_spec(stretch.steps[which], stretch.homes[which], alarmed=True)
                linked.words[1] = stretch.ends[which]
                self._loop(linked.address, self._base)
        finally:
            linked.words[1] = 0

    def view(self, index: int) -> Array:
        """A tensor's memory, by tensor index; current after `invoke`. Raises KeyError."""
        return self._view(self.program.map, index)

    def _view(self, home: MemoryMap, index: int) -> Array:
        place = home.place(index)
        if place is None:
            raise KeyError(index)
        if place not in self._views:
            self._views[place] = view(self.arena, place)
        return self._views[place]

    def _run_spec(self, step: Step, home: MemoryMap, *, alarmed: bool = False) -> None:
        record = step.record
        assert record is not None
        try:
            if alarmed:
                record.stopped(self.environment)
            values = {i: self._value(home, i) for i in step.operator.inputs if i >= 0}
            outputs, state = apply(record, step.operator, values, self.environment)
        except (DomainError, UnsupportedError) as error:
            raise error.at(step.where) from None
        for index, value in zip(step.operator.outputs, outputs, strict=True):
            self._view(home, index)[...] = value
        for index, value in state.items():
            self._view(home, index)[...] = value
        if record.needs_environment:
            self.begin()

    def _value(self, home: MemoryMap, index: int) -> Array:
        known = home.plan.values.get(index)
        return self._view(home, index) if known is None else known


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
    kept = []
    for instruction in stretch.instructions:
        parameters = instruction.words
        if instruction.targets:
            parameters = parameters.copy()
            for position, label in instruction.targets.items():
                parameters[position] = stretch.marks[label]
        kept.append(parameters)
        words += [addresses[instruction.kernel.name], int(parameters.ctypes.data)]
    laid = np.array(words, np.int64)
    return Linked(stretch, laid, kept, int(laid.ctypes.data))
