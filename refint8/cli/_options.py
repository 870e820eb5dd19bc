"""Arguments and options that several verbs share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from refint8.errors import UsageError
from refint8.model.reader import read_model
from refint8.model.types import Model
from refint8.numerics.profiles import DEFAULT_PROFILE, PROFILES


def profile_names() -> list[str]:
    """All profiles, for help and shell completion."""
    return list(PROFILES)


ModelPath = Annotated[
    Path,
    typer.Argument(metavar="MODEL", help="A .tflite file, or - for stdin.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
ProfileName = Annotated[
    str,
    typer.Option(
        "--profile",
        "-p",
        metavar="PROFILE",
        help=f"Whose arithmetic: {', '.join(PROFILES)}.",
        autocompletion=profile_names,
    ),
]
PROFILE = DEFAULT_PROFILE


def read(path: Path) -> Model:
    """The model at the path; "-" reads stdin. Raises UsageError, ModelError."""
    if str(path) != "-":
        return read_model(path)
    if sys.stdin.isatty():
        raise UsageError("MODEL is -, but stdin is a terminal", hint="pipe a .tflite file in")
    return read_model(sys.stdin.buffer.read(), "<stdin>")
