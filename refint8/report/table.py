"""What a report is made of: lines of text and tables, drawn by rich or plain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rich.table import Table as RichTable


@dataclass(frozen=True)
class Text:
    """Lines of text; `style` is "good", "bad" or nothing."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class Table:
    """Columns `right` are right-aligned, rows `bad` are marked; the title stands above."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: frozenset[int] = frozenset()
    bad: frozenset[int] = frozenset()
    title: str = ""


Block = Text | Table


def plain(block: Block) -> str:
    """The block without colour; columns as wide as they need to be, nothing cut."""
    if isinstance(block, Text):
        return block.text
    lines = [block.headers, *block.rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(block.headers))]
    drawn_lines = [
        "  ".join(
            cell.rjust(width) if column in block.right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    return "\n".join([block.title, *drawn_lines] if block.title else drawn_lines)


def drawn(table: Table) -> RichTable:
    """The table for a rich console; cells that do not fit are folded, never cut."""
    from rich.table import Table as RichTable
    from rich.text import Text as RichText

    rich = RichTable(title=table.title or None, title_justify="left", box=None, pad_edge=False)
    for column, header in enumerate(table.headers):
        justify: Literal["right", "left"] = "right" if column in table.right else "left"
        rich.add_column(RichText(header, style="bold"), justify=justify, overflow="fold")
    for number, row in enumerate(table.rows):
        style = "red" if number in table.bad else ""
        rich.add_row(*(RichText(cell) for cell in row), style=style)
    return rich
