"""SPEAK: one command, one file a verb."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `refint8` with these arguments (of the process, if none) and return the exit code."""
    from refint8.cli._app import main as run_app

    return run_app(arguments)
