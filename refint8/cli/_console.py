"""Where a verb's words go: results to stdout, messages and progress to stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from refint8.oracle.plain import plain
from refint8.report.table import Block, Text
from refint8.report.terminal import show

T = TypeVar("T")

PROGRESS_AFTER = 1.0
"""Seconds of work before a progress bar appears."""


@dataclass
class Settings:
    """What the options that every verb takes have set; `main` starts each call afresh."""

    quiet: bool = False
    verbose: bool = False
    arguments: Sequence[str] = ()


SETTINGS = Settings()


def configure(*, quiet: bool, verbose: bool, no_color: bool) -> None:
    """Take over the options of this call."""
    SETTINGS.quiet = quiet
    SETTINGS.verbose = verbose
    if no_color:
        os.environ["NO_COLOR"] = "1"


def result(blocks: Iterable[Block]) -> None:
    """Print a result."""
    show(blocks, sys.stdout)


def result_json(schema: str, document: dict[str, Any]) -> None:
    """Print a result as JSON; the schema's name ends with its version."""
    print(json.dumps({"schema": schema, **plain(document)}, indent=2, allow_nan=False))


def note(text: str) -> None:
    """Say something that is not the result; silent with -q."""
    if not SETTINGS.quiet:
        show([Text(text)], sys.stderr)


def tracked(items: Sequence[T], what: str) -> Iterator[T]:
    """The items, with a progress bar on stderr once it takes longer, on a terminal only."""
    if SETTINGS.quiet or not sys.stderr.isatty() or len(items) < 2:
        yield from items
        return
    import time

    from rich.console import Console
    from rich.progress import Progress

    start = time.monotonic()
    with Progress(console=Console(stderr=True), transient=True, disable=False) as progress:
        task = progress.add_task(what, total=len(items), visible=False)
        for item in items:
            yield item
            progress.update(task, advance=1, visible=time.monotonic() - start > PROGRESS_AFTER)
