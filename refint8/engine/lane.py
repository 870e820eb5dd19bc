"""A program with an arena of its own that runs sample after sample in one native call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from refint8.engine.edges import lower_quantize, takes_real
from refint8.engine.machine import reset_variables
from refint8.engine.program import Program, run_program
from refint8.engine.runner import NativeCall, Runner, link
from refint8.engine.samples import of_sample
from refint8.engine.widen import only_stretch
from refint8.errors import DomainError
from refint8.native.control import copy_exactly
from refint8.native.cpu import Tier
from refint8.native.lang import call_kernel, i64, kernel
from refint8.native.lowering import Instruction, NotFastError, Place, Site
from refint8.native.store import Progress, shared
from refint8.ops._op import Array

Arrays = Mapping[int, Array]
"""By tensor index, [samples, *shape of one], contiguous."""


@kernel
def run_samples(params: int, arena: int) -> None:
    """Words: samples, the next one, the address of `run_program`, a program's, the alarm's arena
    offset, inputs, outputs, then for each input and each output its arena offset, the first
    sample's address, bytes of a sample, and the addresses of a kernel and its parameters that bring
    an input there (0: copied); the kernel finds the sample at the arena offset in its first word.

    Stops in the middle of the sample `next` when the alarm is set, with its inputs in the arena.
    """
    p = i64(params)
    samples, loop, program, inputs, outputs = p[0], p[2], p[3], p[5], p[6]
    alarm = i64(arena + p[4])
    sample = p[1]
    while sample < samples:
        at = 7
        for _ in range(inputs):
            given = p[at + 1] + sample * p[at + 2]
            if p[at + 3] == 0:
                copy_exactly(arena + p[at], given, p[at + 2])
            else:
                i64(p[at + 4])[0] = given - arena
                call_kernel(p[at + 3], p[at + 4], arena)
            at += 5
        call_kernel(loop, program, arena)
        if alarm[0] != 0:
            p[1] = sample
            return
        for _ in range(outputs):
            copy_exactly(p[at + 1] + sample * p[at + 2], arena + p[at], p[at + 2])
            at += 5
        sample += 1
    p[1] = sample


def input_edges(program: Program, on: Tier, rounding: str) -> dict[int, Instruction] | None:
    """What quantizes float32 samples into the arena, by tensor index; None: only a spec can.

    The kernel's constants stay with the program's.
    """
    if only_stretch(program) is None:
        return None
    found = {}
    graph = program.plan.subgraph
    for tensor in (graph.tensors[index] for index in graph.inputs):
        index = tensor.index
        if not takes_real(tensor):
            continue
        place = program.map.required_place(index)
        given = Place(0, place.shape, np.dtype(np.float32))
        site = Site(on, [given], [place], program.constants, program.alarm, program.arena_size)
        try:
            lower_quantize(site, tensor, rounding)
        except NotFastError:
            return None
        (found[index],) = site.instructions
    return found


@dataclass(frozen=True, eq=False)
class Turn:
    """`rounds` runs, each of `width` samples at once, from sample `first` on."""

    first: int
    rounds: int
    width: int


class Lane(Runner):
    """For one thread at a time. Sees samples of the shapes that the program was planned for.

    `edges` are how float32 arrays come in, by tensor index (see `input_edges`).
    """

    def __init__(
        self,
        program: Program,
        progress: Progress | None = None,
        edges: Mapping[int, Instruction] | None = None,
    ) -> None:
        super().__init__(program, shared(), progress)
        # The first word is the sample's place, which differs from lane to lane.
        self._edges = {i: replace(e, words=e.words.copy()) for i, e in (edges or {}).items()}
        kernels = [run_samples, *program.kernels, *(e.kernel for e in self._edges.values())]
        self._addresses = addresses = shared().addresses(kernels, progress)
        stretch = only_stretch(program)
        self._whole = None if stretch is None else link(stretch, addresses, program.alarm)
        self._samples = NativeCall(addresses[run_samples.name])
        self._program = addresses[run_program.name]

    def restart(self) -> None:
        """Forget what earlier samples have left behind."""
        reset_variables(self.program.plan, self)
        self.environment.restart()

    def run(self, turn: Turn, inputs: Arrays, outputs: Arrays) -> None:
        """Fill the turn's part of `outputs`. Raises DomainError, which names the sample.

        Of several samples at once it names the first.
        """
        known = self.program.plan.values
        computed = {index: array for index, array in outputs.items() if index not in known}
        if self._whole is None:
            for sample in range(turn.first, turn.first + turn.rounds * turn.width, turn.width):
                self._set(sample, turn.width, inputs)
                try:
                    self.invoke()
                except DomainError as error:
                    raise of_sample(error, sample) from None
                self._get(sample, turn.width, computed)
            return
        self.begin()
        words = self._words(turn, inputs, computed)
        while words[1] < turn.rounds:
            self._samples(words.ctypes.data, self._base)
            if self._alarm[0]:
                sample = turn.first + int(words[1]) * turn.width
                try:
                    self._resume(self._whole)
                except DomainError as error:
                    raise of_sample(error, sample) from None
                self._get(sample, turn.width, computed)
                words[1] += 1

    def _words(self, turn: Turn, inputs: Arrays, outputs: Arrays) -> NDArray[np.int64]:
        assert self._whole is not None
        words = [turn.rounds, 0, self._program, self._whole.address, self.program.alarm]
        words += [len(inputs), len(outputs)]
        for index, array in (*inputs.items(), *outputs.items()):
            place = self.program.map.required_place(index)
            sample = array[:1].nbytes
            assert place.size == turn.width * array[:1].size, "an array is not of the planned shape"
            first = array.ctypes.data + turn.first * sample
            bring = (0, 0)
            if array.dtype != place.dtype:
                edge = self._edges[index]
                bring = (self._addresses[edge.kernel.name], edge.words.ctypes.data)
            words += [place.offset, first, turn.width * sample, *bring]
        return np.array(words, np.int64)

    def _set(self, sample: int, width: int, inputs: Arrays) -> None:
        for index, array in inputs.items():
            seen = self.view(index)
            seen[...] = array[sample : sample + width].reshape(seen.shape)

    def _get(self, sample: int, width: int, outputs: Arrays) -> None:
        for index, array in outputs.items():
            part = array[sample : sample + width]
            part[...] = self.view(index).reshape(part.shape)
