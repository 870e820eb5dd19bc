"""A plan as a compiled program: instructions over one arena, run by one native loop.

Operators lower themselves (`Record.lower`), those that run subgraphs to jumps into the subgraphs'
instructions. One that has no kernel runs its spec between two stretches of native code, so a
program always exists and always gives the spec's bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from refint8.engine.fusion import fused
from refint8.engine.layout import Layout, unfit_for_program
from refint8.engine.memory_map import MemoryMap
from refint8.engine.plan import Plan, Step
from refint8.engine.segments import Lowering, Segment
from refint8.native.cpu import Tier
from refint8.native.lang import Kernel, call_kernel, i64, kernel
from refint8.native.lowering import Instruction, Label, NotFastError, Place
from refint8.native.memory import Constants


@kernel
def run_program(program: int, arena: int) -> None:
    """[count, next, alarm, (kernel's address, parameters' address) * count], one after the other.

    Begins with the instruction `next`. Looks at the int64 at the arena offset `alarm` behind each:
    below 0 it is -1 minus the number of the instruction that follows, above 0 the program stops
    and `next` is the one behind. At the end `next` is 0 again.
    """
    p = i64(program)
    alarm = i64(arena + p[2])
    i = p[1]
    while i < p[0]:
        call_kernel(p[3 + 2 * i], p[4 + 2 * i], arena)
        i += 1
        if alarm[0] != 0:
            if alarm[0] > 0:
                p[1] = i
                return
            i = -1 - alarm[0]
            alarm[0] = 0
    p[1] = 0


@dataclass(frozen=True, eq=False)
class Stretch:
    """Instructions that run without Python in between.

    `steps` says whose they are, `ends` how many there are up to the end of each step, `homes`
    where its tensors lie; `marks` the numbers of the instructions at labels.
    """

    instructions: tuple[Instruction, ...]
    steps: tuple[Step, ...]
    ends: tuple[int, ...]
    homes: tuple[MemoryMap, ...] = ()
    marks: Mapping[Label, int] = field(default_factory=dict)

    @classmethod
    def of(cls, segment: Segment) -> Stretch:
        """A segment that is complete."""
        return cls(
            tuple(segment.instructions),
            tuple(segment.steps),
            tuple(segment.ends),
            tuple(segment.homes),
            segment.marks,
        )


@dataclass(frozen=True, eq=False)
class Interlude:
    """An operator whose spec runs in Python; `reason` says why it has no kernel here."""

    step: Step
    reason: str


@dataclass(frozen=True, eq=False)
class Program:
    """Immutable, shared by threads. Every thread brings an arena of its own."""

    plan: Plan
    layout: Layout
    parts: tuple[Stretch | Interlude, ...]
    constants: Constants
    resident: tuple[Place, ...]
    arena_size: int

    @property
    def map(self) -> MemoryMap:
        """Where the main subgraph's tensors lie."""
        return self.layout.main

    @property
    def alarm(self) -> int:
        """Arena offset of what `Site.alarm` describes: right behind the tensors."""
        return self.layout.alarm

    @property
    def kernels(self) -> list[Kernel]:
        """Every kernel that linking needs."""
        own = [i.kernel for p in self.parts if isinstance(p, Stretch) for i in p.instructions]
        return [run_program, *own]


def lower(plan: Plan, on: Tier, *, keep_all: bool = True) -> Program | None:
    """The program of a plan; None where a shape is known only at run time, or a dtype odd."""
    if unfit_for_program(plan):
        return None
    if not keep_all:
        plan = fused(plan)
    lowering = Lowering(on, Layout.of(plan, keep_all=keep_all))
    memory = lowering.layout.main
    parts: list[Stretch | Interlude] = []
    segment = Segment()

    def close() -> None:
        nonlocal segment
        if segment.instructions:
            parts.append(Stretch.of(lowering.whole(segment)))
        segment = Segment()

    for step in plan.steps:
        if plan.is_known(step) or memory.is_alias(step):
            continue
        try:
            segment.add(lowering.step(memory, step))
        except NotFastError as why:
            close()
            parts.append(Interlude(step, str(why)))
    close()
    return Program(
        plan=plan,
        layout=lowering.layout,
        parts=tuple(parts),
        constants=lowering.constants,
        resident=tuple(lowering.resident),
        arena_size=lowering.layout.scratch + lowering.scratch,
    )
