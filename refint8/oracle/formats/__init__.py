"""File formats of goldens and dumps: one module each, which writes one and reads the other.

A format module has

    SUMMARY: str                                        one line for help texts
    def write(golden: Golden, directory: Path) -> None  all tensors of all samples
    def read(path: Path, golden: Golden) -> Dump        what a device dumped, in part or whole

`read` never raises for what is in the files: a wrong length, dtype, shape or name is a problem in
the dump. It raises UsageError where there is nothing to read at all. `detect.detect` tells the
format of a dump.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, cast

from refint8.errors import UsageError
from refint8.oracle.golden.contents import Dump, Golden


class Format(Protocol):
    """What a format module offers."""

    @property
    def SUMMARY(self) -> str:  # noqa: N802  (a constant of the module)
        """One line for help texts."""
        ...

    def write(self, golden: Golden, directory: Path) -> None:
        """Write every tensor of every sample under `directory`, which exists and is empty."""
        ...

    def read(self, path: Path, golden: Golden) -> Dump:
        """Read a dump of the golden's tensors; partial ones too."""
        ...


NAMES: Final = ("npz", "npy", "c", "hex", "signature", "csv", "raw")
"""The formats there are."""

PACKED: Final = ("hex8", "hex16", "hex32", "hex64", "hex128")
"""The format hex in words of that many bits."""

_MODULES: Final = {"c": "c_headers", "hex": "readmemh"}


def format_of(name: str) -> Format:
    """The format of that name, one of NAMES or PACKED. Raises UsageError."""
    if name in PACKED:
        from refint8.oracle.formats.readmemh import Readmemh

        return Readmemh(int(name.removeprefix("hex")))
    if name not in NAMES:
        known = ", ".join((*NAMES, *PACKED))
        raise UsageError(f"there is no format {name!r}", hint=f"choose one of {known}")
    return cast(Format, import_module(f"{__name__}.{_MODULES.get(name, name)}"))
