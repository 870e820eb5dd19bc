"""File formats of goldens and dumps: one module each, which writes one and reads the other.

A format module has

    SUMMARY: str                                        one line for help texts
    def write(golden: Golden, directory: Path) -> None  all tensors of all samples
    def read(path: Path, golden: Golden) -> Dump        what a device dumped, in part or whole

`read` never raises for what is in the files: a wrong length, dtype, shape or name is a problem in
the dump. It raises UsageError where there is nothing to read at all.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, cast

from refint8.errors import UsageError
from refint8.oracle.golden.contents import Dump, Golden


class Format(Protocol):
    """What a format module offers."""

    SUMMARY: str

    def write(self, golden: Golden, directory: Path) -> None:
        """Write every tensor of every sample under `directory`, which exists and is empty."""
        ...

    def read(self, path: Path, golden: Golden) -> Dump:
        """Read a dump of the golden's tensors; partial ones too."""
        ...


NAMES: Final = ("npz", "npy", "c", "hex", "signature", "csv", "raw")
"""The formats there are."""

_MODULES: Final = {"c": "c_headers", "hex": "readmemh"}


def format_of(name: str) -> Format:
    """The format of that name. Raises UsageError."""
    if name not in NAMES:
        raise UsageError(f"there is no format {name!r}", hint=f"choose one of {', '.join(NAMES)}")
    return cast(Format, import_module(f"{__name__}.{_MODULES.get(name, name)}"))
