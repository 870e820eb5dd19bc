"""raw: one file of bytes for each tensor, little-endian and row-major: SAMPLE/STEM.bin.

Sub-byte types are unpacked, one element in a byte; BOOL is a byte 0 or 1. A dump's files may be
called .raw as well.
"""

from __future__ import annotations

from pathlib import Path

from refint8.oracle.formats.dumping import little, of_bytes
from refint8.oracle.formats.layout import read_files, write_files
from refint8.oracle.golden.contents import Dump, Golden

SUMMARY = "bytes of each tensor, little-endian (.bin)"
SUFFIXES = (".bin", ".raw")


def write(golden: Golden, directory: Path) -> None:
    """Write one file for each tensor of each sample."""
    write_files(golden, directory, ".bin", lambda array, tensor: little(array))


def read(path: Path, golden: Golden) -> Dump:
    """Read a dump. Raises UsageError where there is nothing to read."""
    return read_files(path, golden, SUFFIXES, of_bytes)
