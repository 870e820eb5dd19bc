"""Tells the format of a dump from its files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from refint8.errors import UsageError
from refint8.oracle.formats import c_headers, csv, npy, npz, raw, readmemh, signature
from refint8.oracle.formats.names import folders, named
from refint8.oracle.golden.contents import Golden

SUFFIXES: Final[Mapping[str, tuple[str, ...]]] = {
    "npz": npz.SUFFIXES,
    "npy": npy.SUFFIXES,
    "c": c_headers.SUFFIXES,
    "hex": readmemh.SUFFIXES,
    "signature": signature.SUFFIXES,
    "csv": csv.SUFFIXES,
    "raw": raw.SUFFIXES,
}
"""What the files of each format end in."""


def detect(path: Path, golden: Golden) -> str:
    """The name of the format that a dump is in.

    Files of other suffixes do not matter, nor, beside a dump, do files called after no tensor.
    Raises UsageError where there is no dump, and where there are several.
    """
    if not path.exists():
        raise UsageError(f"there is no {path}")
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    found = {
        name: [file for file in files if file.suffix.lower() in suffixes]
        for name, suffixes in SUFFIXES.items()
    }
    found = {name: own for name, own in found.items() if own}
    if len(found) > 1:
        own_names = set(folders(golden).values())
        named_ones = {
            name: own
            for name, own in found.items()
            if name in ("npz", "c")
            or any(_is_tensor(file, path, golden, own_names) for file in own)
        }
        found = named_ones or found
    if not found:
        known = " ".join(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)
        raise UsageError(f"{path} has no file of a known format", hint=f"known are {known}")
    if len(found) > 1:
        raise UsageError(
            f"{path} has files of several formats: {', '.join(sorted(found))}",
            hint="give the folder of one of them, or name the format",
        )
    return next(iter(found))


def _is_tensor(file: Path, path: Path, golden: Golden, own_names: set[str]) -> bool:
    """Whether the file is called after a tensor of the golden, in either layout."""
    parent = file.parent.relative_to(path).as_posix()
    if parent in own_names or parent.partition("/")[2] in own_names:
        return True
    try:
        named(golden, file.name.removesuffix(file.suffix))
    except LookupError:
        return False
    return True
