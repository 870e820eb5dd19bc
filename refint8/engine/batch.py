"""Many samples through one model: a shared program, an arena per thread.

Without Python between the samples where the whole model is native. Every sample is computed by
itself, so neither the number of threads nor the order changes a bit.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from refint8.engine.edges import ROUNDINGS, check_rounding
from refint8.engine.lane import Arrays, Lane, Turn, input_edges, run_samples
from refint8.engine.program import Program, lower
from refint8.engine.samples import Samples, joined, of_sample, rows_of_one, split, stacked
from refint8.engine.session import Session, left_to_specs
from refint8.engine.verbs import Inputs, Source, load, named_inputs
from refint8.engine.widen import WIDTH, only_stretch, widened
from refint8.errors import DomainError, UsageError
from refint8.model.types import NUMPY_DTYPE, Model
from refint8.native.cpu import tier
from refint8.native.lang import Kernel
from refint8.native.store import Progress
from refint8.numerics.profiles import DEFAULT_PROFILE, Profile
from refint8.ops._op import Array

TURNS = 8
"""Pieces of work for each thread, so that none waits long for the others or an interrupt."""


class Batch:
    """A model made ready for many samples, as often as one likes: planned and linked once.

    `threads` None: one per CPU. Small models answer their first few samples by specs, like a
    Session. A model that keeps state is a stream: the samples of a call run one after the other
    on one thread, from the initial state, which goes from each to the next. With `streams` they are
    so many streams of one length, the samples of the first before those of the second; each has a
    state of its own, and threads share them.

    `quantize` lets 8- and 16-bit inputs be given as real numbers, which become steps on the way
    into each thread's arena: "nearest" or "truncate", as in `refint8.quantize`.
    """

    def __init__(
        self,
        model: Model,
        profile: str | Profile = DEFAULT_PROFILE,
        *,
        threads: int | None = None,
        streams: int = 1,
        quantize: str | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Plan the model. Raises as Session, and UsageError for fewer than one thread or stream or
        for a rounding that there is not.
        """
        if threads is not None and threads < 1:
            raise UsageError(f"{threads} threads cannot run anything")
        if streams < 1:
            raise UsageError(f"{streams} streams have no samples")
        self._streams = streams
        self._threads = _cpus() if threads is None else threads
        self._quantize = None if quantize is None else check_rounding(quantize)
        self._session = Session(model, profile, progress=progress)
        self._progress = progress
        self._seen = 0
        self._lanes: dict[int, _Lanes | None] = {}
        self._pool: Any = None

    @property
    def _apart(self) -> bool:
        """Whether threads may run samples or streams side by side."""
        # What calls a subgraph from Python plans it then, which two threads must not.
        called = any(s.record and s.record.needs_environment for s in self._session.plan.steps)
        lanes = self._program(1)
        return not called or (lanes is not None and only_stretch(lanes.program) is not None)

    def run(self, inputs: Mapping[int, Array]) -> dict[int, Array]:
        """The outputs of all samples by tensor index, [samples, *shape of one].

        `inputs` (by tensor index) hold the declared shape any number of times along the first
        dimension. Raises UsageError for other inputs; a DomainError names the sample.
        """
        plan = self._session.plan
        samples = split(plan.model, inputs, self._quantize)
        if samples.count % self._streams:
            raise UsageError(f"{samples.count} samples are not {self._streams} streams alike")
        self._seen += samples.count
        specs = left_to_specs(plan, self._seen) or self._program(1) is None
        outputs = self._one_by_one(samples) if specs else self._at_once(samples)
        for index in plan.subgraph.outputs:
            if index in plan.values:
                outputs[index] = np.stack([plan.values[index]] * samples.count)
        return outputs

    def __call__(self, inputs: Inputs) -> dict[str, Array]:
        """The outputs by tensor name; inputs in any of the forms that `refint8.run` takes.

        Outputs are joined along their first dimension where it is as long as that of the inputs,
        as if the model had been resized; others get one for the samples in front.
        """
        model = self._session.plan.model
        found = self.run(named_inputs(model, inputs))
        along, tensors = rows_of_one(model), model.subgraphs[0].tensors
        return {tensors[index].name: joined(value, along) for index, value in found.items()}

    def _one_by_one(self, samples: Samples) -> dict[int, Array]:
        """Every sample by the session."""
        length = samples.count // self._streams
        results: dict[int, list[Array]] = {}
        for sample in range(samples.count):
            if sample % length == 0 and self._session.plan.stateful:
                self._session.restart()
            try:
                computed = self._session.run(samples.one(sample))
            except DomainError as error:
                raise of_sample(error, sample) from None
            for index in self._session.plan.subgraph.outputs:
                if index in computed:
                    results.setdefault(index, []).append(computed[index])
        return stacked(results)

    def _at_once(self, samples: Samples) -> dict[int, Array]:
        plan = self._session.plan
        outputs = {}
        for index in plan.subgraph.outputs:
            shape = plan.shapes[index]
            assert shape is not None, "a program has no unknown shapes"
            outputs[index] = np.zeros((samples.count, *shape), NUMPY_DTYPE[plan.dtypes[index]])
        turns = self._turns(samples.count)
        native = all(lanes.takes_real for lanes, _ in turns)
        arrays = samples.inputs if native else samples.all()
        work = _Work(turns, arrays, outputs, self._program(1))
        threads = min(self._threads, len(work.turns)) if self._apart else 1
        if threads == 1:
            work.serve()
        else:
            if self._pool is None:
                from concurrent.futures import ThreadPoolExecutor

                self._pool = ThreadPoolExecutor(self._threads - 1)
            # This thread is one of them.
            others = [self._pool.submit(work.serve) for _ in range(threads - 1)]
            work.serve()
            for done in others:
                done.result()
        work.report()
        return outputs

    def _turns(self, count: int) -> list[tuple[_Lanes, Turn]]:
        """The work: wide rounds where there is a wide program, then what is left; or streams."""
        if self._session.plan.stateful:
            lanes, length = self._program(1), count // self._streams
            assert lanes is not None, "else the specs run"
            return [(lanes, Turn(k * length, length, 1)) for k in range(self._streams)]
        wide = self._program(WIDTH) if count >= WIDTH else None
        rounds = 0 if wide is None else count // WIDTH
        done = rounds * WIDTH
        turns = [(wide, turn) for turn in self._cut(0, rounds, WIDTH)]
        turns += [(self._program(1), turn) for turn in self._cut(done, count - done, 1)]
        return [(lanes, turn) for lanes, turn in turns if lanes is not None]

    def _cut(self, start: int, rounds: int, width: int) -> Iterator[Turn]:
        """Pieces of work, TURNS for each thread where there are enough rounds."""
        each = max(1, -(-rounds // (self._threads * TURNS)))
        for first in range(0, rounds, each):
            yield Turn(start + first * width, min(each, rounds - first), width)

    def _program(self, width: int) -> _Lanes | None:
        """The program for so many samples at once, None if there is none."""
        if width not in self._lanes:
            if width == 1:
                program = lower(self._session.plan, tier(), keep_all=False)
            else:
                narrow = self._program(1)
                program = widened(narrow.program, tier()) if narrow is not None else None
            made = None if program is None else _Lanes(program, self._quantize, self._progress)
            self._lanes[width] = made
        return self._lanes[width]


class _Lanes:
    """A program, and arenas that no thread is using. `takes_real`: as floats where asked for."""

    def __init__(self, program: Program, quantize: str | None, progress: Progress | None) -> None:
        self.program = program
        self._edges = input_edges(program, tier(), quantize) if quantize is not None else {}
        self.takes_real = self._edges is not None
        self._idle = [Lane(program, progress, self._edges)]

    def run(self, turn: Turn, inputs: Arrays, outputs: Arrays) -> None:
        """Run some samples. Raises DomainError, which names the first of them all."""
        lane = self._idle.pop() if self._idle else Lane(self.program, edges=self._edges)
        try:
            if self.program.plan.stateful:
                lane.restart()
            lane.run(turn, inputs, outputs)
        finally:
            self._idle.append(lane)


class _Work:
    """Turns in the order of the samples, taken by threads that all write to `outputs`."""

    def __init__(
        self,
        turns: list[tuple[_Lanes, Turn]],
        inputs: Arrays,
        outputs: Arrays,
        single: _Lanes | None,
    ) -> None:
        self.turns = turns
        self._left = iter(turns)
        self._inputs, self._outputs = inputs, outputs
        self._single = single
        self._lock = threading.Lock()
        self._failed: dict[int, DomainError] = {}

    def serve(self) -> None:
        """What one thread does: turn after turn, until none is left or one has failed."""
        while True:
            with self._lock:
                lanes, turn = (None, None) if self._failed else next(self._left, (None, None))
            if lanes is None or turn is None:
                return
            try:
                try:
                    lanes.run(turn, self._inputs, self._outputs)
                except DomainError:
                    if turn.width == 1 or self._single is None:
                        raise
                    # Which of the samples it was, only single ones can tell.
                    alone = Turn(turn.first, turn.rounds * turn.width, 1)
                    self._single.run(alone, self._inputs, self._outputs)
            except DomainError as error:
                with self._lock:
                    self._failed[turn.first] = error

    def report(self) -> None:
        """Raise the DomainError of the first sample that has one.

        Turns before a failed one were taken before it, so they have been run to their end.
        """
        if self._failed:
            raise self._failed[min(self._failed)]


def run_batch(
    model: Source,
    inputs: Inputs,
    profile: str | Profile = DEFAULT_PROFILE,
    threads: int | None = None,
    streams: int = 1,
    quantize: str | None = None,
) -> dict[str, Array]:
    """Run a model on many samples once; the outputs by tensor name. See Batch."""
    return Batch(load(model), profile, threads=threads, streams=streams, quantize=quantize)(inputs)


def kernels_of(model: Model, profile: str | Profile = DEFAULT_PROFILE) -> list[Kernel]:
    """All kernels that runs of the model need, single ones and in batches.

    [] when its specs run anyway. Raises as Session.
    """
    plan = Session(model, profile, fast=False).plan
    programs = [lower(plan, tier(), keep_all=keep) for keep in (True, False)]
    if programs[1] is not None:
        programs.append(widened(programs[1], tier()))
    kernels = [kernel for program in programs if program for kernel in program.kernels]
    if programs[1] is not None:
        edges = [input_edges(programs[1], tier(), rounding) or {} for rounding in ROUNDINGS]
        kernels += [edge.kernel for found in edges for edge in found.values()]
    return [*dict.fromkeys([run_samples, *kernels])] if kernels else []


def _cpus() -> int:
    """CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
