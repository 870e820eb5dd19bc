"""The line that says why the first run takes long."""

from __future__ import annotations

import sys
import time

AFTER = 1.0
"""Seconds of compiling before it is told."""


class Compiling:
    """A store's progress, told on stderr once compiling takes longer than AFTER.

    On a terminal the line counts on, elsewhere it is printed once.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self._start = 0.0
        self._told = False

    def __call__(self, name: str, done: int, count: int) -> None:
        """See `refint8.native.store.Progress`."""
        if done == 0:
            self._start, self._told = time.monotonic(), False
        late = time.monotonic() - self._start > AFTER
        terminal = sys.stderr.isatty()
        if done == count:
            if self._told and terminal:
                print(file=sys.stderr)
        elif late and not self.quiet and (terminal or not self._told):
            line = f"compiling kernels {done + 1}/{count} (first run only; {_cached()})"
            print(f"\r{line}" if terminal else line, end="" if terminal else "\n", file=sys.stderr)
            sys.stderr.flush()
            self._told = True


def _cached() -> str:
    from refint8.native.store import shared

    store = shared()
    return "nothing can be cached" if store.folder is None else f"cached in {store.folder.parent}"
