"""`refint8 setup-device`: a folder with all it takes to attach a device, which runs as made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from refint8.cli._console import result, result_json
from refint8.cli._options import AsJson
from refint8.errors import UsageError
from refint8.report.table import Text
from refint8.scaffold import KINDS, device_files

SCHEMA = "refint8-setup-device-1"


def setup_device(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="What the device is called.", show_default=False)
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="The folder to make; NAME if none."),
    ] = None,
    kind: Annotated[
        str,
        typer.Option(
            "--kind",
            "-k",
            metavar="KIND",
            help="; ".join(f"{name}: {kind.summary}" for name, kind in KINDS.items()) + ".",
        ),
    ] = "command",
    force: Annotated[
        bool, typer.Option("--force", help="Also into a folder that is there already.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a folder that attaches a device: adapter, simulated device, small model, README.

    The commands of its README run as they stand. Files of the same names are only replaced with
    --force; others are left alone.
    """
    files = device_files(name, kind)
    folder = output or Path(name)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"cannot make {folder}: it is a file", hint="name another folder")
    if not force and folder.is_dir() and any(folder.iterdir()):
        raise UsageError(
            f"{folder} is there already and holds files",
            hint="name another folder, or replace its files with --force",
        )
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in files.items():
        (folder / file).write_bytes(content)
    if as_json:
        document = {"name": name, "kind": kind, "folder": str(folder), "files": list(files)}
        result_json(SCHEMA, document)
    else:
        made = "\n".join(f"  {file}" for file in files)
        result([Text(f"{folder}: {KINDS[kind].summary}\n{made}\n\nnext: {folder / 'README.md'}")])
