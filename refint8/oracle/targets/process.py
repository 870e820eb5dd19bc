"""The child process that holds an engine: started, asked, given up, replaced."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHILD = Path(__file__).with_name("_child.py")


@dataclass(frozen=True)
class Died:
    """The child gave no reply. `exit` as in subprocess; `timed_out` if it was killed for that."""

    exit: int
    timed_out: bool


class ChildProcess:
    """A Python that runs `_child.py`; it is started when needed and again when it has died.

    `python` may be another environment's: it then sees nothing of this one's packages.
    """

    def __init__(self, python: str, module: str, option: str) -> None:
        self._own = python == sys.executable
        # -P, -I: what stands beside the script is not to be imported by accident.
        self._command = [python, "-P" if self._own else "-I", str(CHILD), module, option]
        self.process: subprocess.Popen[str] | None = None
        self.version = ""
        self.missing = ""

    def start(self) -> bool:
        """Whether there is a child that has greeted; starts one unless it is known not to work."""
        if self.process is not None and self.process.poll() is None:
            return True
        self.stop()
        if self.missing:
            return False
        try:
            self.process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environment(),
                text=True,
            )
        except OSError as error:
            self.missing = f"{self._command[0]}: {error.strerror or error}"
            return False
        atexit.register(self.stop)
        assert self.process.stdout is not None
        greeting = _object(self.process.stdout.readline())
        self.version = greeting.get("version", "")
        if not self.version:
            self.missing = greeting.get("missing", "it dies when imported")
            self.stop()
        return bool(self.version)

    def ask(self, request: dict[str, Any], patience: float) -> int | Died:
        """Send a request; the exit code of the process that ran it, or how the child itself ended.

        After `patience` seconds the child is killed.
        """
        process = self.process
        assert process is not None and process.stdin is not None and process.stdout is not None
        given_up = threading.Event()

        def give_up() -> None:
            given_up.set()
            process.kill()

        backstop = threading.Timer(patience, give_up)
        backstop.daemon = True
        backstop.start()
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            backstop.cancel()
        reply = _object(line)
        if "exit" in reply:
            if reply["last"]:
                self.stop()
            return int(reply["exit"])
        self.stop()
        return Died(process.returncode, given_up.is_set())

    def stop(self) -> None:
        """End the child process, if there is one."""
        process, self.process = self.process, None
        if process is None:
            return
        atexit.unregister(self.stop)
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def _environment(self) -> dict[str, str]:
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # what forks has no other threads
        if self._own:
            paths = [path or str(Path.cwd()) for path in sys.path]
            environment["PYTHONPATH"] = os.pathsep.join([*paths, str(Path.cwd())])
        return environment


def _object(line: str) -> dict[str, Any]:
    """The JSON object in a line; empty where an engine wrote something else into the pipe."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
