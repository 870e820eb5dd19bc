"""A program of the user's: what it prints kept in bounds, its end told, all it started killed."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from typing import IO, Any, Final

from refint8.oracle.targets.isolated import death
from refint8.oracle.targets.outcome import Status

LOG_BYTES: Final = 1 << 16
"""As much as is kept of what a program prints; the rest is read and dropped."""

SHELL_SIGNALS: Final = 128
"""A shell reports a program that a signal ended by an exit code of this and the signal's number."""


class Drained:
    """The first bytes of a pipe, read in a thread so that its writer never waits."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe, self._kept = pipe, bytearray()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def all(self) -> bytes:
        """What was printed, once the writer has ended."""
        self._thread.join(1.0)
        return bytes(self._kept)

    def forget(self) -> None:
        """Drop what was printed up to now."""
        self._kept.clear()

    def _read(self) -> None:
        with self._pipe:
            while block := self._pipe.read1(1 << 16):  # type: ignore[attr-defined]
                self._kept += block[: LOG_BYTES - len(self._kept)]


def ending(code: int) -> tuple[Status, str]:
    """Status and reason for the exit code of a program, or of a shell that ran it."""
    return death(SHELL_SIGNALS - code if code > SHELL_SIGNALS else code)


def kill_all(process: subprocess.Popen[Any]) -> None:
    """End the process and, where the system has groups, what it left running.

    It has to have been started with `start_new_session`.
    """
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except (ProcessLookupError, PermissionError):
        pass
    process.wait()
