"""Operators to instructions: those of the main subgraph, and those of every subgraph they call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from refint8.engine.layout import Frame, Key, Layout, handle, key_of
from refint8.engine.memory_map import MemoryMap
from refint8.engine.plan import Step
from refint8.native.control import jump, return_to_caller
from refint8.native.cpu import Tier
from refint8.native.lowering import (
    Held,
    Instruction,
    Label,
    Landing,
    NotFastError,
    Place,
    Site,
)
from refint8.native.memory import Constants


@dataclass(eq=False)
class Segment:
    """Instructions in a row, whose they are, and the subgraphs that they call.

    `ends` says how many there are up to the end of each step, `homes` where its tensors lie.
    """

    instructions: list[Instruction] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    homes: list[MemoryMap] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    marks: dict[Label, int] = field(default_factory=dict)
    calls: set[Key] = field(default_factory=set)

    def add(self, other: Segment) -> None:
        """Append another one."""
        start = len(self.instructions)
        self.instructions += other.instructions
        self.steps += other.steps
        self.homes += other.homes
        self.ends += [start + end for end in other.ends]
        self.marks |= {label: start + at for label, at in other.marks.items()}
        self.calls |= other.calls


class Lowering:
    """Lowers the subgraphs that are called when it is made, and then the steps that it is given."""

    def __init__(self, on: Tier, layout: Layout) -> None:
        self.layout = layout
        self.constants = Constants()
        self.resident: list[Place] = []
        self.scratch = 0
        self._tier = on
        self._code: dict[Key, Segment] = {}
        self._unfit = dict(layout.unfit)
        for key, frame in layout.frames.items():
            try:
                self._code[key] = self._subgraph(frame)
            except NotFastError as why:
                self._unfit[key] = str(why)

    def step(self, home: MemoryMap, step: Step) -> Segment:
        """One operator. Raises NotFastError."""
        record, operator = step.record, step.operator
        assert record is not None
        segment = Segment(steps=[step], homes=[home])
        site = Site(
            tier=self._tier,
            inputs=[home.place(i) if i >= 0 else None for i in operator.inputs],
            outputs=[home.required_place(i) for i in operator.outputs],
            constants=self.constants,
            alarm=self.layout.alarm,
            scratch_start=self.layout.scratch,
            program=_Around(self, home, step, segment.calls),
        )
        record.lower(site)
        self.scratch = max(self.scratch, site.scratch_size)
        self.resident += site.resident
        segment.instructions, segment.marks = site.instructions, site.marks
        segment.ends = [len(site.instructions)]
        return segment

    def whole(self, segment: Segment) -> Segment:
        """The segment, its end, and behind that all that it calls."""
        if not segment.calls:
            return segment
        end = Label()
        made = Segment()
        made.add(segment)
        made.add(self._jump_to(end))
        for key in self._reached(segment):
            made.add(self._code[key])
        made.marks[end] = len(made.instructions)
        return made

    def _reached(self, segment: Segment) -> Iterator[Key]:
        seen: set[Key] = set()
        left = sorted(segment.calls)
        while left:
            key = left.pop()
            if key not in seen:
                seen.add(key)
                left += sorted(self._code[key].calls)
                yield key

    def _jump_to(self, label: Label) -> Segment:
        made = Segment()
        site = self._bare_site()
        site.call(jump, self.layout.alarm, label)
        made.instructions = site.instructions
        return made

    def _bare_site(self) -> Site:
        return Site(self._tier, [], [], self.constants, self.layout.alarm, self.layout.scratch)

    def _subgraph(self, frame: Frame) -> Segment:
        """A subgraph's operators, and the way back."""
        home = frame.map
        made = Segment(marks={frame.entry: 0})
        for step in home.plan.steps:
            if home.plan.is_known(step) or home.is_alias(step):
                continue
            try:
                made.add(self.step(home, step))
            except NotFastError as why:
                title, number = step.operator.title, home.plan.subgraph.index
                raise NotFastError(f"{title} in subgraph {number}: {why}") from None
        site = self._bare_site()
        site.call(return_to_caller, self.layout.alarm, frame.back)
        made.instructions += site.instructions
        return made

    def landing(self, key: Key) -> Landing:
        """A called subgraph. Raises NotFastError where it has no instructions."""
        if key not in self._code:
            raise NotFastError(f"subgraph {key[0]}: {self._unfit.get(key, 'it is unknown')}")
        frame = self.layout.frames[key]
        graph, home = frame.map.plan.subgraph, frame.map
        return Landing(
            frame.entry,
            frame.back,
            [home.required_place(index) for index in graph.inputs],
            [_output(home, index) for index in graph.outputs],
        )


def _output(home: MemoryMap, index: int) -> Place:
    """Where an output lies; a constant lies nowhere but has a value."""
    value = home.plan.values.get(index)
    if value is None:
        return home.required_place(index)
    return Place(0, value.shape, value.dtype, value)


@dataclass(frozen=True, eq=False)
class _Around:
    """See Around: what one step sees."""

    lowering: Lowering
    home: MemoryMap
    step: Step
    calls: set[Key]

    @property
    def loop_limit(self) -> int:
        return self.lowering.layout.limit

    def counter(self) -> int:
        return self.lowering.layout.counters[self.step]

    def held(self, position: int) -> Held:
        number = handle(self.home.plan, self.step, position)
        found = None if number is None else self.lowering.layout.variables.get(number)
        if found is None:
            raise NotFastError("only a run knows the variable")
        return found

    def once(self, subgraph: int) -> int:
        return self.lowering.layout.once[subgraph]

    def landing(self, subgraph: int, first: int) -> Landing:
        key = key_of(self.home.plan, self.step, subgraph, first)
        if key is None:
            raise NotFastError("only a run knows the shapes that are passed on")
        landing = self.lowering.landing(key)
        self.calls.add(key)
        return landing
