"""An engine in a process of its own, with limits on time and memory.

Engines abort, segfault, corrupt their heap and hang on some models and inputs. The process that
imports the engine is kept, so that a run costs a fork and not the imports; see `_child.py`.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from refint8.oracle.targets.outcome import Array, Outcome

MEMORY_LIMIT = 16 << 30
"""Address space of an engine's process in bytes, where the system can limit it."""

GRACE = 10.0
"""Seconds past the time limit after which the whole child is given up, not only the run."""

LOG_LINES = 6


class IsolatedTarget:
    """A `Target` whose engine lives in a child process.

    `module` is imported there and has `version() -> str` and `run(option, content, inputs,
    tensors, input_shapes)`, and `stream=True` where streams are asked for. `install` is
    what to type when the package is missing.
    """

    def __init__(self, name: str, profile: str, module: str, option: str, install: str) -> None:
        self.name = name
        self.profile = profile
        self._command = [
            *(sys.executable, "-P", "-m", "refint8.oracle.targets._child"),
            *(module, option),
        ]
        self._install = install
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._greeting: dict[str, str] = {}

    def describe(self) -> str:
        """Engine and version, or "missing: ..."."""
        with self._lock:
            self._start()
        return self._greeting.get("version") or f"missing: {self._missing()}"

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
        """See `Target.run`. An engine that dies while its inner tensors are read is run again
        for its outputs alone; `detail` then says so.
        """
        shapes = input_shapes or {}
        outcome = self._run(content, inputs, tensors or (), shapes, time_limit, stream)
        if outcome.status != "crashed" or not tensors:
            return outcome
        again = self._run(content, inputs, (), shapes, time_limit, stream)
        if again.status != "ran":
            return outcome
        detail = f"outputs only, with inner tensors the engine crashed: {outcome.detail}"
        return Outcome("ran", again.tensors, False, detail, again.seconds)

    def close(self) -> None:
        """End the child process, if there is one."""
        with self._lock:
            self._stop()

    def _run(
        self,
        content: bytes,
        inputs: Sequence[Mapping[int, Array]],
        tensors: Sequence[int],
        input_shapes: Mapping[int, tuple[int, ...]],
        time_limit: float,
        stream: bool,
    ) -> Outcome:
        with self._lock, tempfile.TemporaryDirectory(prefix="refint8-") as name:
            self._start()
            if not self._greeting.get("version"):
                return Outcome("missing", detail=self._missing())
            directory = Path(name)
            (directory / "model.tflite").write_bytes(content)
            arrays = {f"{n}.{i}": a for n, given in enumerate(inputs) for i, a in given.items()}
            np.savez(directory / "inputs.npz", **arrays)  # type: ignore[arg-type]
            start = time.perf_counter()
            reply = self._ask(
                {
                    "directory": name,
                    "sets": len(inputs),
                    "tensors": list(tensors),
                    "input_shapes": {str(i): list(shape) for i, shape in input_shapes.items()},
                    "time_limit": time_limit,
                    "stream": stream,
                    "memory_limit": MEMORY_LIMIT,
                }
            )
            seconds = time.perf_counter() - start
            return _outcome(directory, reply, len(inputs), set(tensors), seconds)

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request, wait for the reply; a child that dies or hangs becomes a reply too."""
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        given_up = threading.Event()

        def give_up() -> None:
            given_up.set()
            process.kill()

        backstop = threading.Timer(request["time_limit"] + GRACE, give_up)
        backstop.start()
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            backstop.cancel()
        if line:
            reply: dict[str, Any] = json.loads(line)
            if reply["last"]:
                self._stop()
            return reply
        self._stop()
        return {"exit": process.returncode, "timed_out": given_up.is_set()}

    def _start(self) -> None:
        """A running child that has greeted; does nothing when there is one."""
        if self._process is not None and self._process.poll() is None:
            return
        self._stop()
        if "missing" in self._greeting:
            return
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
            "OPENBLAS_NUM_THREADS": "1",  # a process that forks should have no other threads
        }
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            text=True,
        )
        atexit.register(self.close)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        self._greeting = json.loads(line) if line else {"missing": "it dies when imported"}

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        atexit.unregister(self.close)
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def _missing(self) -> str:
        return f"{self._greeting.get('missing', '')}; install it with: {self._install}"


def _outcome(
    directory: Path, reply: dict[str, Any], sets: int, wanted: set[int], seconds: float
) -> Outcome:
    log = _log(directory / "log.txt")
    refused = directory / "refused.txt"
    if reply["timed_out"]:
        return Outcome("timed out", detail=log, seconds=seconds)
    if reply["exit"] != 0:
        return Outcome("crashed", detail=_join(_signal(reply["exit"]), log), seconds=seconds)
    if refused.exists():
        text = refused.read_text("utf-8", "replace")
        return Outcome("refused", detail=_join(text, log), seconds=seconds)
    tensors: list[dict[int, Array]] = [{} for _ in range(sets)]
    with np.load(directory / "outputs.npz") as arrays:
        for key in arrays.files:
            number, index = key.split(".")
            tensors[int(number)][int(index)] = arrays[key]
    complete = all(wanted <= result.keys() for result in tensors)
    return Outcome("ran", tuple(tensors), complete, seconds=seconds)


def _signal(exit_code: int) -> str:
    if exit_code >= 0:
        return f"exit code {exit_code}"
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return f"signal {-exit_code}"


def _log(path: Path) -> str:
    if not path.exists():
        return ""
    lines = [line for line in path.read_text("utf-8", "replace").splitlines() if line.strip()]
    # LiteRT greets on stderr whenever it makes its delegate.
    said = [line for line in lines if not line.startswith("INFO: ")]
    return "\n".join(said[:LOG_LINES])


def _join(first: str, log: str) -> str:
    return f"{first}\n{log}".strip() if log not in first else first
