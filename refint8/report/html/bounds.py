"""How much a page shows: enough to work with, never more than a few megabytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

ROWS: Final = 3000
DETAILS: Final = 80


@dataclass
class Budget:
    """The rows and unfolding rows that a page has room for yet."""

    rows: int
    details: int

    @classmethod
    def of_a_page(cls) -> Budget:
        """All of it."""
        return cls(ROWS, DETAILS)


@dataclass(frozen=True)
class Shown:
    """Positions of rows that are shown, those of them that unfold, and a word on the others."""

    rows: tuple[int, ...]
    details: frozenset[int]
    omitted: str


def choose(ranks: Sequence[int | None], budget: Budget) -> Shown:
    """What there is room for, the lower rank first; None is a row without anything to unfold."""
    order = sorted(range(len(ranks)), key=lambda n: (ranks[n] is None, ranks[n] or 0))
    rows = order[: budget.rows]
    unfolding = [n for n in rows if ranks[n] is not None]
    details = unfolding[: budget.details]
    budget.rows -= len(rows)
    budget.details -= len(details)
    left = [f"{len(ranks) - len(rows)} rows"] if len(rows) < len(ranks) else []
    left += [f"the maps of {len(unfolding) - len(details)} rows"] if details != unfolding else []
    omitted = f"left out for size: {' and '.join(left)}" if left else ""
    return Shown(tuple(sorted(rows)), frozenset(details), omitted)
