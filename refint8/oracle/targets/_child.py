"""The other side of `isolated.py`, a program of its own: `python _child.py MODULE OPTION`.

It needs Python 3.9 and NumPy, not refint8, because engines may live in another environment.
Imports the engine once, then runs every request in a process of its own (a fork where the system
has it, else the process ends after one request), because engines abort, corrupt their heap and
hang. Requests are JSON lines on stdin; replies are JSON lines on stdout:

    -> {"directory": ..., "cases": [0, 1, 2], "time_limit": 60, "stream": false, ...}
    <- {"exit": code, "last": false}

Case k is the folder <directory>/<k> with model.tflite, inputs.npz and case.json. When it is done
it also has result.json, outputs.npz if the engine ran, and in any case stdout.txt and log.txt with
whatever the engine printed. Arrays are named "<set>.<tensor index>". A case without result.json was
not reached, or killed the process.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import importlib.util
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, TextIO

import numpy as np

FORK = sys.platform == "linux"
"""Elsewhere system libraries do not survive a fork, or there is none."""

PR_SET_PDEATHSIG = 1
"""Linux: the signal that a process gets when its parent ends, lest a hanging engine stays."""


def main() -> int:
    """Greet with the engine's version, then serve requests until stdin ends."""
    module, option = sys.argv[1:3]
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    _redirect(os.devnull, os.devnull)
    try:
        engine = _imported(module)
        version = engine.version(option)
    except Exception as error:  # not only ImportError: a library for another CPU, say
        _reply(replies, missing=f"{type(error).__name__}: {error}")
        return 0
    _reply(replies, version=version)
    for line in sys.stdin:
        request = json.loads(line)
        if not FORK:
            _perform_all(engine, option, request)
            _reply(replies, exit=0, last=True)
            return 0
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            _perform_and_exit(engine, option, request, parent)
        status = os.waitpid(child, 0)[1]
        _reply(replies, exit=os.waitstatus_to_exitcode(status), last=False)
    return 0


def _imported(module: str) -> Any:
    """The module of that name, or in the file of that path."""
    if not module.endswith(".py"):
        return importlib.import_module(module)
    spec = importlib.util.spec_from_file_location(Path(module).stem, module)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def _reply(replies: TextIO, **message: Any) -> None:
    replies.write(json.dumps(message) + "\n")


def _redirect(stdout: str | Path, stderr: str | Path) -> None:
    """Send what is printed, also by C code, to files."""
    sys.stdout.flush()
    for number, path in ((1, stdout), (2, stderr)):
        sink = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(sink, number)
        os.close(sink)


def _perform_and_exit(engine: Any, option: str, request: dict[str, Any], parent: int) -> None:
    code = 70
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the line above
            os._exit(code)
        _limit_resources(request["memory_limit"])
        _perform_all(engine, option, request)
        code = 0
    finally:
        os._exit(code)  # without the engine's destructors: they have crashed after good results


def _limit_resources(memory: int) -> None:
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _perform_all(engine: Any, option: str, request: dict[str, Any]) -> None:
    """The cases, one after the other, each under the time limit: past it SIGALRM ends this."""
    for number in request["cases"]:
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, request["time_limit"])
        _perform(engine, option, Path(request["directory"]) / str(number), request["stream"])
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)


def _perform(engine: Any, option: str, folder: Path, stream: bool) -> None:
    """One case: results, or the engine's refusal, into its folder."""
    _redirect(folder / "stdout.txt", folder / "log.txt")
    case = json.loads((folder / "case.json").read_text("utf-8"))
    content = (folder / "model.tflite").read_bytes()
    inputs: list[dict[int, Any]] = [{} for _ in range(case["sets"])]
    with np.load(folder / "inputs.npz") as arrays:
        for key in arrays.files:
            number, index = key.split(".")
            inputs[int(number)][int(index)] = arrays[key]
    shapes = {int(index): tuple(shape) for index, shape in case["input_shapes"].items()}
    result: dict[str, Any] = {"status": "ran"}
    start = time.perf_counter()
    try:
        more = {"stream": True} if stream else {}
        results = engine.run(option, content, inputs, case["tensors"], shapes, **more)
        sys.stdout.flush()
        result["printed"] = getattr(engine, "NOTES_STDOUT", False)
        if hasattr(engine, "delegated"):
            result["delegated"] = engine.delegated()
        result["seconds"] = time.perf_counter() - start
        named = {
            f"{n}.{i}": np.asarray(a) for n, made in enumerate(results) for i, a in made.items()
        }
        np.savez(folder / "outputs.npz", **named)  # type: ignore[arg-type]
    except Exception as error:
        # Whatever the engine raises is its answer, not a fault of this program.
        result["status"] = getattr(error, "status", "refused")
        result["detail"] = f"{type(error).__name__}: {error}"
    partial = folder / "result.partial"
    partial.write_text(json.dumps(result), "utf-8")
    partial.replace(folder / "result.json")


if __name__ == "__main__":
    sys.exit(main())
