"""A device behind a pipe as a target: `pipe:COMMAND`, a program that is started once.

The command is split as a shell would and started without a shell, in the current folder. It greets
on stdout, then reads requests on stdin and answers each on stdout until stdin ends (version 1; in
both directions lines of ASCII words, ended by a newline, each followed by the bytes it announces):

    device: refint8-pipe 1 NAME...
    host:   model BYTES                                    and the .tflite file
    host:   run ID fresh|stream inner|outputs COUNT        then COUNT inputs, in the model's order
            tensor POSITION DTYPE SHAPE BYTES              and the array
    device: ok ID COUNT                                    then COUNT tensors, in any order
            tensor NAME DTYPE SHAPE BYTES                  and the array
            end ID
    or      refused ID REASON...

DTYPE is NumPy's name (int8), SHAPE is 1x8x8x3 or - for a scalar, arrays are row-major and
little-endian. NAME is an output's position, "t" and a tensor's index, or a name without spaces. A
model stays until the next `model`, which has no answer of its own. `fresh` starts from reset
variables, `stream` from what the run before left; where `outputs` is said, nobody asks for inner
tensors. A device that breaks any of this is ended: there is no finding back into step.
"""

from __future__ import annotations

import atexit
import contextlib
import shlex
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from refint8.errors import ModelError, UsageError
from refint8.model.reader import read_model
from refint8.model.types import Subgraph
from refint8.oracle.targets import wire
from refint8.oracle.targets.answers import MalformedError, tensors_by_index
from refint8.oracle.targets.isolated import excerpt
from refint8.oracle.targets.outcome import Array, Case, Clock, Outcome
from refint8.oracle.targets.program import Drained, ending, kill_all

START_LIMIT: Final = 60.0
"""Seconds until the greeting: a board may have to be flashed first."""

STOP_LIMIT: Final = 2.0
"""Seconds that a device has to end when its stdin has."""


class PipeTarget:
    """A `Target` that is a long-running program. Raises UsageError for a command that is none."""

    def __init__(self, command: str, profile: str, start_limit: float = START_LIMIT) -> None:
        self.name = f"pipe:{command}"
        self.profile = profile
        self._start_limit = start_limit
        self._lock = threading.Lock()
        self._device: _Device | None = None
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise UsageError(f"{self.name}: {error}") from None
        if not self._words:
            raise UsageError("'pipe:' names no command", hint="pipe:./dut")

    def describe(self) -> str:
        """What the device calls itself, or "missing: ..."."""
        with self._lock:
            device = self._started()
            return f"missing: {device.detail}" if isinstance(device, Outcome) else device.title

    def run(
        self,
        content: bytes,
        inputs: Sequence[Mapping[int, Array]],
        *,
        tensors: Sequence[int] | None = None,
        input_shapes: Mapping[int, tuple[int, ...]] | None = None,
        time_limit: float = 60.0,
        stream: bool = False,
    ) -> Outcome:
        """See `Target.run`. The time limit is for the run alone; a start has one of its own."""
        case = Case(content, inputs, tensors or (), input_shapes or {})
        (outcome,) = self.run_cases([case], time_limit=time_limit, stream=stream)
        return outcome

    def run_cases(
        self,
        cases: Sequence[Case],
        *,
        time_limit: float = 60.0,
        stream: bool = False,
        fresh: bool = False,
    ) -> list[Outcome]:
        """See `outcome.run_cases`; `fresh` starts the program anew for every case."""
        outcomes = []
        with self._lock:
            for case in cases:
                outcomes.append(self._run(case, time_limit, stream))
                if fresh:
                    self._stop()
        return outcomes

    def close(self) -> None:
        """End the program, if it runs."""
        with self._lock:
            self._stop()

    def _run(self, case: Case, time_limit: float, stream: bool) -> Outcome:
        try:
            graph = read_model(case.content).subgraphs[0]
        except ModelError as error:
            return Outcome("refused", detail=str(error))
        device = self._started()
        if isinstance(device, Outcome):
            return device
        outcome = device.answer(case, graph, time_limit, stream)
        if device.ended:
            self._stop()
        return outcome

    def _started(self) -> _Device | Outcome:
        """The device, which has greeted; or what came of the attempt to start it."""
        if self._device is not None and self._device.running:
            return self._device
        self._stop()
        program = self._words[0]
        if shutil.which(program) is None:
            return Outcome("missing", detail=f"there is no program {program}")
        try:
            device = _Device(self._words)
        except OSError as error:
            return Outcome("refused", detail=f"it cannot be started: {error}")
        self._device = device
        atexit.register(self._stop)
        failure = device.greeted(self._start_limit)
        if failure is not None:
            self._stop()
        return failure or device

    def _stop(self) -> None:
        device, self._device = self._device, None
        if device is not None:
            device.stop()
            atexit.unregister(self._stop)


class _Device:
    """One process of the command, in step with the protocol until `ended`."""

    def __init__(self, words: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        assert self._process.stderr is not None
        self._to, self._from = self._process.stdin, self._process.stdout
        self._log = Drained(self._process.stderr)
        self._model: bytes | None = None
        self._runs = 0
        self.ended = False
        self.title = ""

    @property
    def running(self) -> bool:
        """Whether it can be asked."""
        return not self.ended and self._process.poll() is None

    def greeted(self, limit: float) -> Outcome | None:
        """Read the greeting; what went wrong, if something did."""

        def greeting() -> Outcome | None:
            self.title = wire.read_greeting(self._from)
            return None

        return self._in_time(limit, greeting)

    def answer(self, case: Case, graph: Subgraph, limit: float, stream: bool) -> Outcome:
        """Run every input set of a case."""
        clock = Clock(limit)
        found: list[dict[int, Array]] = []

        def exchange() -> Outcome | None:
            self._log.forget()
            if case.content != self._model:
                wire.write_model(self._to, case.content)
                self._model = case.content
            for number, given in enumerate(case.inputs):
                self._runs += 1
                kept = stream and number > 0
                arrays = [given[index] for index in graph.inputs]
                wire.write_run(self._to, self._runs, arrays, stream=kept, inner=bool(case.tensors))
                answer = wire.read_answer(self._from, self._runs)
                if isinstance(answer, str):
                    return Outcome("refused", detail=answer)
                try:
                    found.append(tensors_by_index(answer, graph))
                except MalformedError as error:  # in step, though not this model's tensors
                    return Outcome("malformed", detail=str(error))
            return None

        failure = self._in_time(limit, exchange)
        if failure is not None:
            return Outcome(failure.status, detail=failure.detail, seconds=clock.seconds)
        complete = all(set(case.tensors) <= tensors.keys() for tensors in found)
        return Outcome("ran", tuple(found), complete, seconds=clock.seconds)

    def stop(self) -> None:
        """Close its stdin, wait a little, then kill it with all it started."""
        with contextlib.suppress(OSError):
            self._to.close()
        if not self.ended:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_LIMIT)
        kill_all(self._process)
        self._from.close()

    def _in_time(self, limit: float, exchange: Callable[[], Outcome | None]) -> Outcome | None:
        """What `exchange()` says; a failure of the pipe or of the clock ends the device."""
        late = threading.Event()

        def give_up() -> None:
            late.set()
            kill_all(self._process)

        timer = threading.Timer(limit, give_up)
        timer.daemon = True
        timer.start()
        said: Outcome | None
        in_step, self.ended = False, True  # whatever interrupts this leaves it out of step
        try:
            said = exchange()
            in_step = True
        except (wire.EndedError, OSError):
            said = self._death()
        except MalformedError as error:
            said = self._failed(Outcome("malformed", detail=str(error)))
        finally:
            timer.cancel()
        if late.is_set():
            return self._failed(Outcome("timed out"))
        self.ended = not in_step
        return said

    def _death(self) -> Outcome:
        """Its stdout ended or its stdin is closed: it is dead, or as good as that."""
        try:
            code = self._process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            reason = "it closed its end of the pipe and went on running"
            return self._failed(Outcome("malformed", detail=reason))
        status, reason = ending(code)
        return self._failed(Outcome(status, detail=reason))

    def _failed(self, outcome: Outcome) -> Outcome:
        """The outcome with what the device printed; it is not asked again."""
        self.ended = True
        kill_all(self._process)
        said = excerpt(self._log.all())
        return Outcome(outcome.status, detail=f"{outcome.detail}\n{said}".strip())
