"""signature: one file for each tensor as riscof has signatures: SAMPLE/STEM.signature.

32-bit words, one a line, 8 lower-case digits, no comments; the first byte of memory in the lowest
bits, zeros behind the last element. riscof compares two files line by line and overlooks that one
is longer; here the length is checked.
"""

from __future__ import annotations

from pathlib import Path

from refint8.oracle.formats.dumping import CannotReadError, little
from refint8.oracle.formats.layout import read_files, write_files
from refint8.oracle.formats.words import lines_of, of_words
from refint8.oracle.golden.contents import Dump, Golden, TensorInfo
from refint8.oracle.targets.outcome import Array

SUMMARY = "32-bit words in hexadecimal, as riscof's signatures (.signature)"
SUFFIXES = (".signature", ".sig")


def write(golden: Golden, directory: Path) -> None:
    """Write one file for each tensor of each sample."""
    write_files(golden, directory, ".signature", lambda a, _: lines_of(little(a), 4).encode())


def read(path: Path, golden: Golden) -> Dump:
    """Read a dump. Raises UsageError where there is nothing to read."""
    return read_files(path, golden, SUFFIXES, _decode)


def _decode(content: bytes, tensor: TensorInfo, golden: Array) -> Array:
    lines = content.decode("latin-1").split()
    for number, line in enumerate(lines):
        if len(line) != 8:
            raise CannotReadError(f"line {number + 1} is {line[:40]!r}, not 8 digits")
    return of_words(lines, tensor, golden)
