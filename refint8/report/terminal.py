"""Where blocks end up: drawn by rich on a terminal, as plain text anywhere else."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TextIO

from refint8.report.table import Block, Text, drawn, plain

STYLES = {"good": "green", "bad": "red"}


def show(blocks: Iterable[Block], stream: TextIO) -> None:
    """Print the blocks. Plain when the stream is no terminal or NO_COLOR is set."""
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        for block in blocks:
            stream.write(plain(block) + "\n")
        return
    from rich.console import Console
    from rich.text import Text as RichText

    console = Console(file=stream, highlight=False)
    for block in blocks:
        if isinstance(block, Text):
            console.print(RichText(block.text, style=STYLES.get(block.style, "")))
        else:
            console.print(drawn(block))
