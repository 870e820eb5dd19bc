"""Where a program's time goes, instruction by instruction."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.native_loops import IDLE, TIMED_PROGRAM, memory_store, ticks_per_second
from benchmarks.timing import pinned
from refint8.engine.macs import macs
from refint8.engine.plan import Step
from refint8.engine.program import Interlude, Program, Stretch, lower
from refint8.engine.runner import Linked, NativeCall, Runner, link
from refint8.engine.session import Session
from refint8.errors import UnsupportedError
from refint8.model.reader import read_model
from refint8.native.cpu import tier
from refint8.native.lowering import Instruction
from refint8.native.store import Progress, shared
from refint8.oracle.random_inputs import random_inputs

SECONDS = 0.5
"""How long a program is run for."""


@dataclass(frozen=True)
class Timed:
    """One instruction, or one operator in Python (`kernel` ""): the runs' interquartile mean.

    `macs` are the instruction's share of the operator's; `reason` says why Python has to run.
    """

    operator: str
    number: int
    kernel: str
    seconds: float
    macs: int
    reason: str = ""


@dataclass(frozen=True)
class Breakdown:
    """A model's program: every instruction, and the whole without a clock inside (seconds)."""

    label: str
    profile: str
    tier: str
    whole: float
    parts: Sequence[Timed]

    @property
    def total(self) -> float:
        """Sum over instructions."""
        return sum(part.seconds for part in self.parts)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one run."""
        return sum(part.macs for part in self.parts)


def breakdown(
    path: Path,
    label: str,
    profile_name: str = "tflite",
    *,
    seconds: float = SECONDS,
    progress: Progress | None = None,
    keep_all: bool = True,
) -> Breakdown:
    """Time every instruction of a model. Raises UnsupportedError where there is no program.

    `keep_all` False: the program that batches run, which keeps no intermediate tensor.
    """
    plan = Session(read_model(path), profile_name, fast=False).plan
    program = lower(plan, tier(), keep_all=keep_all)
    if program is None:
        raise UnsupportedError("the model has no program: a shape is known only when it runs")
    runner = Runner(program, shared(), progress)
    for index, value in random_inputs(plan.model, 1, 0)[0].items():
        runner.view(index)[...] = value
    parts = list(_parts(program, runner))
    for _ in range(2):
        runner.invoke()
    whole, measured = _measure(runner, [part.run for part in parts], seconds)
    timed = []
    for part, rows in zip(parts, measured, strict=True):
        # The clock's steps may be coarse beside an instruction, which a median would show.
        ordered = np.sort(np.array(rows), axis=0)
        quarter = len(rows) // 4
        means = ordered[quarter : len(rows) - quarter].mean(axis=0)
        for described, value in zip(part.described, means, strict=True):
            timed.append(described(float(value)))
    return Breakdown(label, profile_name, tier().name, whole, timed)


@dataclass(frozen=True, eq=False)
class _Part:
    """A stretch or an interlude: how to run it for the seconds of its instructions."""

    run: Callable[[], Sequence[float]]
    described: Sequence[Callable[[float], Timed]]
    kept: object = None  # what the addresses inside `run` point at


def _measure(
    runner: Runner, runs: Sequence[Callable[[], Sequence[float]]], seconds: float
) -> tuple[float, list[list[Sequence[float]]]]:
    """Seconds of a whole run, and of the parts in every run; the two kinds take turns."""
    wholes: list[float] = []
    measured: list[list[Sequence[float]]] = [[] for _ in runs]
    end = time.perf_counter() + seconds
    while len(wholes) < 5 or time.perf_counter() < end:
        runner.invoke()
        start = time.perf_counter()
        runner.invoke()
        wholes.append(time.perf_counter() - start)
        for rows, run in zip(measured, runs, strict=True):
            rows.append(run())
    # The lower quartile: a long run is more often interrupted than a short instruction.
    return statistics.quantiles(wholes, n=4)[0], measured


def _parts(program: Program, runner: Runner) -> Iterator[_Part]:
    rate = ticks_per_second()
    timed = NativeCall(memory_store().addresses([TIMED_PROGRAM])[TIMED_PROGRAM.name])
    base = int(runner.arena.ctypes.data)
    cost = _clock_cost(timed)
    addresses = shared().addresses(program.kernels)
    for part in program.parts:
        if isinstance(part, Interlude):
            yield _interlude(part, runner, program)
        else:
            yield _stretch(
                part, program, timed, link(part, addresses, program.alarm), (base, cost, rate)
            )


def _stretch(
    part: Stretch,
    program: Program,
    timed: Callable[[int, int], None],
    linked: Linked,
    clock: tuple[int, float, float],
) -> _Part:
    base, cost, rate = clock
    times = np.zeros(len(part.instructions), np.int64)
    words = np.array([linked.address, times.ctypes.data], np.int64)

    def run() -> Sequence[float]:
        timed(int(words.ctypes.data), base)
        seconds: list[float] = (np.maximum(times - cost, 0) / rate).tolist()
        return seconds

    described = []
    position = 0
    for step, end, home in zip(part.steps, part.ends, part.homes, strict=True):
        own = part.instructions[position:end]
        shares = _shared_macs(own, macs(step.operator, home.plan.shapes) or 0)
        for instruction, share in zip(own, shares, strict=True):
            described.append(_describer(step, instruction.kernel.name, share))
        position = end
    # The way back from the last subgraph is nobody's.
    for instruction in part.instructions[position:]:
        described.append(_describer(part.steps[-1], instruction.kernel.name, 0))
    return _Part(run, described, linked)


def _interlude(part: Interlude, runner: Runner, program: Program) -> _Part:
    def run() -> Sequence[float]:
        start = time.perf_counter()
        runner._run_spec(part.step, program.map)
        return [time.perf_counter() - start]

    count = macs(part.step.operator, program.plan.shapes) or 0
    return _Part(run, [_describer(part.step, "", count, part.reason)])


def _describer(step: Step, kernel: str, count: int, reason: str = "") -> Callable[[float], Timed]:
    title, number = step.operator.title, step.operator.index
    return lambda seconds: Timed(title, number, kernel, seconds, count, reason)


def _shared_macs(instructions: Sequence[Instruction], count: int) -> list[int]:
    """An operator's multiplications, given to its instructions as these say they share them."""
    told = [instruction.macs for instruction in instructions]
    if not any(told):
        return [count, *[0] * (len(told) - 1)][: len(told)]
    return [count * share // sum(told) for share in told]


def _clock_cost(timed: Callable[[int, int], None]) -> float:
    """Ticks that timing an instruction adds, from instructions that do nothing."""
    address = memory_store().addresses([IDLE])[IDLE.name]
    count = 64
    times = np.zeros(count, np.int64)
    program = np.array([count, 0, 0, *[address, 0] * count], np.int64)
    arena = np.zeros(1, np.int64)
    words = np.array([program.ctypes.data, times.ctypes.data], np.int64)
    medians = []
    for _ in range(50):
        timed(int(words.ctypes.data), int(arena.ctypes.data))
        medians.append(float(np.median(times)))
    return statistics.median(medians)


def main() -> None:
    """In a child process: a request as the only argument, the reply on the last line of stdout."""
    request = json.loads(sys.argv[1])
    with pinned():
        found = breakdown(Path(request["path"]), request["label"])
    print("\n" + json.dumps(asdict(found)), flush=True)


if __name__ == "__main__":
    main()
