"""The option --html of the verbs that compare."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from refint8.errors import UsageError
from refint8.report.html.page import Page

Html = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="Also write a page that needs nothing but itself."),
]


def check_place(path: Path | None) -> None:
    """Raises UsageError where the file cannot be, before anything runs."""
    if path is not None and (not path.parent.is_dir() or path.is_dir()):
        why = "it is a directory" if path.is_dir() else "its directory does not exist"
        raise UsageError(f"cannot write {path}: {why}")


def write_page(path: Path, page: Page) -> None:
    """The page as a file; one that is there already is replaced when the new one is complete."""
    from refint8.report.html.render import render

    content = render(page)
    if path.exists() and not path.is_file():  # a device or a pipe
        path.write_bytes(content)
        return
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def input_words(inputs: list[Path] | None, *, float_io: bool) -> tuple[str, ...]:
    """The options that name input files, for another command line."""
    words = [word for path in inputs or () for word in ("-i", str(path))]
    return (*words, *(["--float-io"] if float_io and words else []))


def command_line(arguments: Sequence[str]) -> str:
    """The command as it can be typed again."""
    return shlex.join(["refint8", *arguments])
