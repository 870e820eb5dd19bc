"""An engine in a process of its own, with limits on time and memory.

Engines abort, segfault, corrupt their heap and hang on some models and inputs. The process that
imports the engine is kept, so that a run costs a fork and not the imports; see `_child.py`.
"""

from __future__ import annotations

import json
import signal
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from refint8.oracle.targets.outcome import Array, Case, Outcome, Status
from refint8.oracle.targets.process import ChildProcess, Died

MEMORY_LIMIT = 16 << 30
"""Address space of an engine's process in bytes, where the system can limit it."""

NO_PYTHON = "no Python is named that has it"
"""Stands for the path of a Python that nobody gave."""

GRACE = 10.0
"""Seconds past the time limit after which the whole child is given up, not only the run."""

LOG_LINES = 6

LINE = 200
"""Characters of a printed line that a note shows."""


class IsolatedTarget:
    """A `Target` whose engine lives in a child process.

    `module` (a dotted name, or the path of a .py file) is imported there, by the Python at the path
    `python` (this one's, if none is given). It has `version(option) -> str` and `run(option,
    content, inputs, tensors, input_shapes)`, with `stream=True` where streams are asked for;
    `delegated()` says which operators of the last run a delegate took, if it is there. `install`
    is what to do when the engine is missing.
    """

    def __init__(
        self,
        name: str,
        profile: str,
        module: str,
        option: str,
        install: str,
        python: str = "",
    ) -> None:
        self.name = name
        self.profile = profile
        self._install = install
        self._lock = threading.Lock()
        self._child = ChildProcess(python or sys.executable, module, option)

    def describe(self) -> str:
        """Engine and version, or "missing: ..."."""
        with self._lock:
            return self._child.version if self._child.start() else f"missing: {self._missing()}"

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
        case = Case(content, inputs, tensors or (), input_shapes or {})
        (outcome,) = self.run_cases([case], time_limit=time_limit, stream=stream)
        if outcome.status not in ("crashed", "aborted") or not tensors:
            return outcome
        plain = Case(content, inputs, (), input_shapes or {})
        (again,) = self.run_cases([plain], time_limit=time_limit, stream=stream)
        if again.status != "ran":
            return outcome
        detail = f"outputs only, with inner tensors the engine {outcome.status}: {outcome.detail}"
        return Outcome("ran", again.tensors, False, detail, again.seconds, again.delegated)

    def run_cases(
        self,
        cases: Sequence[Case],
        *,
        time_limit: float = 60.0,
        stream: bool = False,
        fresh: bool = False,
    ) -> list[Outcome]:
        """See `outcome.run_cases`. The cases share a fork of the child. When it dies nothing that
        came of it is believed: all of them are run again, each in a fork of its own.
        """
        outcomes: dict[int, Outcome] = {}
        with self._lock, tempfile.TemporaryDirectory(prefix="refint8-") as name:
            directory = Path(name)
            for number, case in enumerate(cases):
                _write(directory / str(number), case)
            request = {
                "directory": name,
                "time_limit": time_limit,
                "stream": stream,
                "memory_limit": MEMORY_LIMIT,
            }
            waiting, each_alone = list(range(len(cases))), fresh
            while waiting:
                if not self._child.start():
                    missing = Outcome("missing", detail=self._missing())
                    outcomes |= dict.fromkeys(waiting, missing)
                    break
                batch = waiting[:1] if each_alone else waiting
                patience = time_limit * len(batch) + GRACE
                ended = self._child.ask({**request, "cases": batch}, patience)
                done = [n for n in batch if (directory / str(n) / "result.json").exists()]
                status, reason = _death(ended)
                died = len(done) < len(batch)
                if died and status != "timed out" and len(batch) > 1:
                    for number in batch:
                        _forget(directory / str(number))
                    each_alone = True
                    continue
                for number in done:
                    outcomes[number] = _outcome(directory / str(number), cases[number])
                waiting = waiting[len(done) :]
                if died:
                    dead = waiting.pop(0)
                    log = _log(directory / str(dead))
                    outcomes[dead] = Outcome(status, detail=_join(reason, log))
        return [outcomes[number] for number in range(len(cases))]

    def close(self) -> None:
        """End the child process, if there is one."""
        with self._lock:
            self._child.stop()

    def _missing(self) -> str:
        return f"{self._child.missing}; {self._install}"


def _write(folder: Path, case: Case) -> None:
    folder.mkdir()
    (folder / "model.tflite").write_bytes(case.content)
    arrays = {f"{n}.{i}": a for n, given in enumerate(case.inputs) for i, a in given.items()}
    np.savez(folder / "inputs.npz", **arrays)  # type: ignore[arg-type]
    about = {
        "sets": len(case.inputs),
        "tensors": [int(index) for index in case.tensors],
        "input_shapes": {str(i): [int(d) for d in s] for i, s in case.input_shapes.items()},
    }
    (folder / "case.json").write_text(json.dumps(about), "utf-8")


def _forget(folder: Path) -> None:
    """Remove what a run left, so that the case can be run again."""
    for name in ("result.json", "outputs.npz", "log.txt", "stdout.txt"):
        (folder / name).unlink(missing_ok=True)


def _outcome(folder: Path, case: Case) -> Outcome:
    """What the child wrote of a case that came to its end."""
    result = json.loads((folder / "result.json").read_text("utf-8"))
    seconds = float(result.get("seconds", 0.0))
    if result["status"] != "ran":
        detail = _join(result["detail"], _log(folder))
        return Outcome(result["status"], detail=detail, seconds=seconds)
    tensors: list[dict[int, Array]] = [{} for _ in case.inputs]
    try:
        with np.load(folder / "outputs.npz", allow_pickle=False) as arrays:
            for key in arrays.files:
                number, index = key.split(".")
                tensors[int(number)][int(index)] = arrays[key]
    except (OSError, ValueError, IndexError, BadZipFile) as error:
        detail = f"its tensors cannot be read: {error}"
        return Outcome("malformed", detail=_join(detail, _log(folder)), seconds=seconds)
    complete = all(set(case.tensors) <= found.keys() for found in tensors)
    who = result.get("delegated")
    delegated = None if who is None else frozenset(who)
    note = printed((folder / "stdout.txt").read_bytes()) if result["printed"] else ""
    return Outcome("ran", tuple(tensors), complete, note, seconds, delegated)


def _death(ended: int | Died) -> tuple[Status, str]:
    """Status and reason of a process that ended in the middle of a case."""
    code = ended.exit if isinstance(ended, Died) else ended
    if isinstance(ended, Died) and ended.timed_out:
        return "timed out", ""
    return death(code)


def death(code: int) -> tuple[Status, str]:
    """What an exit code as subprocess gives it says of a process that did not finish its work."""
    if code >= 0:
        return "aborted", f"it ended itself with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    statuses: dict[str, Status] = {"SIGALRM": "timed out", "SIGABRT": "aborted"}
    return statuses.get(name, "crashed"), name


def _log(folder: Path) -> str:
    paths = [folder / name for name in ("log.txt", "stdout.txt")]
    return excerpt(b"".join(path.read_bytes() for path in paths if path.exists()))


def excerpt(said: bytes) -> str:
    """The first lines that are worth reading of what an engine printed."""
    lines = [line for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    # LiteRT greets on stderr whenever it makes its delegate.
    return "\n".join([line for line in lines if not line.startswith("INFO: ")][:LOG_LINES])


def printed(stdout: bytes) -> str:
    """A note on what a target printed where only its answer was asked for; "" for nothing."""
    lines = excerpt(stdout).splitlines()
    return f"printed on stdout: {lines[0][:LINE]}" if lines else ""


def _join(first: str, log: str) -> str:
    return f"{first}\n{log}".strip() if log not in first else first
