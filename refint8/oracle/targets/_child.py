"""The other side of `isolated.py`: `python -m refint8.oracle.targets._child MODULE OPTION`.

Imports the engine once, then runs every request in a process of its own (a fork where the system
has it, else the process ends after one request), because engines abort, corrupt their heap and
hang. Requests are JSON lines on stdin; replies are JSON lines on stdout:

    -> {"directory": ..., "sets": 3, "tensors": [...], "input_shapes": {...}, "time_limit": 60,
        "stream": false, ...}
    <- {"exit": code, "timed_out": false, "last": false}

The directory holds model.tflite and inputs.npz, and receives outputs.npz or refused.txt, and
log.txt with whatever the engine printed. Arrays are named "<set>.<tensor index>".
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import signal
import sys
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
    _redirect(os.devnull)
    try:
        engine = importlib.import_module(module)
        version = engine.version()
    except Exception as error:  # not only ImportError: a library for another CPU, say
        _reply(replies, missing=f"{type(error).__name__}: {error}")
        return 0
    _reply(replies, version=version)
    for line in sys.stdin:
        request = json.loads(line)
        if not FORK:
            _perform(engine, option, request)
            _reply(replies, exit=0, timed_out=False, last=True)
            return 0
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            _perform_and_exit(engine, option, request, parent)
        _reply(replies, **_wait(child, request["time_limit"]))
    return 0


def _reply(replies: TextIO, **message: Any) -> None:
    replies.write(json.dumps(message) + "\n")


def _redirect(path: str | Path) -> None:
    """Send what is printed, also by C code, to a file."""
    sink = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    os.close(sink)


def _wait(child: int, time_limit: float) -> dict[str, Any]:
    timed_out = False

    def kill(*_: Any) -> None:
        nonlocal timed_out
        timed_out = True
        with contextlib.suppress(ProcessLookupError):  # it ended in this very moment
            os.kill(child, signal.SIGKILL)

    signal.signal(signal.SIGALRM, kill)
    signal.setitimer(signal.ITIMER_REAL, time_limit)
    status = os.waitpid(child, 0)[1]
    signal.setitimer(signal.ITIMER_REAL, 0)
    return {"exit": os.waitstatus_to_exitcode(status), "timed_out": timed_out, "last": False}


def _perform_and_exit(engine: Any, option: str, request: dict[str, Any], parent: int) -> None:
    code = 70
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the line above
            os._exit(code)
        _limit_resources(request["memory_limit"])
        _perform(engine, option, request)
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


def _perform(engine: Any, option: str, request: dict[str, Any]) -> None:
    """One request: results, or the engine's refusal, into the request's directory."""
    directory = Path(request["directory"])
    _redirect(directory / "log.txt")
    content = (directory / "model.tflite").read_bytes()
    inputs: list[dict[int, Any]] = [{} for _ in range(request["sets"])]
    with np.load(directory / "inputs.npz") as arrays:
        for key in arrays.files:
            number, index = key.split(".")
            inputs[int(number)][int(index)] = arrays[key]
    shapes = {int(index): tuple(shape) for index, shape in request["input_shapes"].items()}
    try:
        more = {"stream": True} if request["stream"] else {}
        results = engine.run(option, content, inputs, request["tensors"], shapes, **more)
    except Exception as error:
        # Whatever the engine raises is its answer, not a fault of this program.
        (directory / "refused.txt").write_text(f"{type(error).__name__}: {error}", "utf-8")
        return
    named = {f"{n}.{i}": a for n, result in enumerate(results) for i, a in result.items()}
    np.savez(directory / "outputs.npz", **named)


if __name__ == "__main__":
    sys.exit(main())
