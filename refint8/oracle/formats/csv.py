"""csv: one file for each tensor, its elements as decimal integers in one line: SAMPLE/STEM.csv.

Row-major, commas between, a line end behind. A dump may break lines as it likes and put spaces.
Real numbers stand as their bits, see `integers`.
"""

from __future__ import annotations

from pathlib import Path

from refint8.oracle.formats.integers import integers, of_integers
from refint8.oracle.formats.layout import read_files, write_files
from refint8.oracle.golden.contents import Dump, Golden, TensorInfo
from refint8.oracle.targets.outcome import Array

SUMMARY = "decimal integers with commas between (.csv)"
SUFFIXES = (".csv",)


def write(golden: Golden, directory: Path) -> None:
    """Write one file for each tensor of each sample."""

    def encode(array: Array, tensor: TensorInfo) -> bytes:
        return (",".join(map(str, integers(array, tensor))) + "\n").encode()

    write_files(golden, directory, ".csv", encode)


def read(path: Path, golden: Golden) -> Dump:
    """Read a dump. Raises UsageError where there is nothing to read."""
    return read_files(path, golden, SUFFIXES, _decode)


def _decode(content: bytes, tensor: TensorInfo, golden: Array) -> Array:
    text = content.decode("utf-8-sig", "replace")
    # A comma or the end of a line ends a number; a comma before the end of the line is one end.
    rows = (row.strip().removesuffix(",") for row in text.splitlines())
    words = [word.strip() for row in rows if row for word in row.split(",")]
    return of_integers(words, tensor, golden)
