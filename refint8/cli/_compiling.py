"""The line that says why the first run takes long, unless --quiet."""

from __future__ import annotations

from refint8.cli._console import SETTINGS
from refint8.native.compiling import Compiling as Told


class Compiling(Told):
    """See `refint8.native.compiling`."""

    def __init__(self) -> None:
        super().__init__(quiet=SETTINGS.quiet)
