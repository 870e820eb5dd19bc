"""Writes a bundle: a directory that appears whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from refint8.errors import UsageError
from refint8.oracle.formats import NAMES, PACKED, format_of
from refint8.oracle.golden.contents import Golden
from refint8.oracle.golden.encoding import encoded
from refint8.oracle.golden.kits import Kit, write_kits
from refint8.oracle.golden.layout import BIN, KITS, MANIFEST, MODEL
from refint8.oracle.golden.manifest import bundle_entry, file_entry, manifest_of, text_of


def write_bundle(
    golden: Golden, directory: str | Path, formats: Sequence[str] = (), *, kits: bool = False
) -> tuple[Kit, ...]:
    """Write golden.bin, golden.json, model.tflite, and a folder for each of `formats`.

    `kits` adds a folder of them for each operator alone, in npz if no format is asked for; what
    becomes of each operator is returned.

    The same golden gives the same bytes. A bundle in `directory` is replaced; whoever looks, or
    interrupts, finds the old one, the new one, or for an instant none, never a part of one.
    Raises UsageError for a directory that holds anything else, an unknown format, and more data
    than a bundle can hold.
    """
    target = Path(directory).resolve()
    check_target(target)
    modules = {name: format_of(name) for name in formats}
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    partial.mkdir()
    try:
        (partial / MODEL).write_bytes(golden.model)
        hashes = [
            [golden.hash_of(sample, tensor.index) for tensor in golden.tensors]
            for sample in range(len(golden.samples))
        ]
        bundle = _write_bin(golden, hashes, partial / BIN)
        for name, module in modules.items():
            (partial / name).mkdir()
            module.write(golden, partial / name)
        made: tuple[Kit, ...] = ()
        if kits:
            (partial / KITS).mkdir()
            made = write_kits(golden, partial / KITS, list(modules) or ["npz"])
        folders = [partial / name for name in (*modules, KITS)]
        written = sorted(path for folder in folders for path in folder.rglob("*"))
        files = [file_entry(path, partial) for path in written if path.is_file()]
        manifest = manifest_of(golden, hashes, bundle, files)
        (partial / MANIFEST).write_text(text_of(manifest), encoding="utf-8", newline="\n")
        _replace(target, partial)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return made


def check_target(directory: Path) -> None:
    """Raise UsageError unless the directory is absent, empty, or a bundle and nothing else."""
    if not os.path.lexists(directory):
        return
    if not directory.is_dir():
        raise UsageError(f"cannot write {directory}: it is a file", hint="name a directory")
    found = {path.name for path in directory.iterdir()}
    foreign = sorted(found - {BIN, MANIFEST, MODEL, KITS, *NAMES, *PACKED})
    if foreign or (found and MANIFEST not in found):
        name = (foreign or sorted(found))[0]
        raise UsageError(
            f"cannot write {directory}: it holds {name}, which no bundle does",
            hint="a bundle has a directory of its own, which is replaced as a whole",
        )


def _write_bin(golden: Golden, hashes: list[list[str]], path: Path) -> dict[str, Any]:
    """Write golden.bin and say what it is."""
    whole = hashlib.sha256()
    size = tables_size = 0
    tables = ""
    with path.open("wb") as file:
        for piece in encoded(golden, hashes):
            file.write(piece)
            whole.update(piece)
            size += len(piece)
            if not tables:
                tables, tables_size = whole.hexdigest(), size
    return bundle_entry(size, whole.hexdigest(), tables_size, tables)


def _replace(target: Path, partial: Path) -> None:
    """Put the directory `partial` in the place of `target`."""
    if not target.exists():
        partial.rename(target)
        return
    old = target.with_name(f".{target.name}.old-{os.getpid()}")
    try:
        target.rename(old)
        try:
            partial.rename(target)
        except OSError:
            old.rename(target)
            raise
    except OSError as error:  # a mount point, for one
        raise UsageError(
            f"cannot replace {target}: {error.strerror}",
            hint=f"name a directory that is not there yet, such as {target / 'golden'}",
        ) from error
    shutil.rmtree(old)
