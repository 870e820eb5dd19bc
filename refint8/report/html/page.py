"""What an HTML report says, before it is drawn: plain strings and numbers for the template."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Tone = Literal["good", "bad", "warn", "mute"]
"""good: equal. bad: differs by itself. warn: differs, by someone else's fault or for a reason not
known. mute: nothing was compared."""

Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Bar:
    """One bar of a histogram, in the units of its drawing; `label` stands under it, "" for none."""

    x: float
    y: float
    width: float
    height: float
    title: str
    label: str


@dataclass(frozen=True)
class Histogram:
    """Bars over differences, and a line on what has no place among them."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    most: int
    note: str


@dataclass(frozen=True)
class Strip:
    """Shares of differing elements along the last axis, as the outline of all bars."""

    width: int
    height: int
    path: str
    caption: str
    note: str


@dataclass(frozen=True)
class Picture:
    """An image as a data URI, shown `width` x `height` pixels large."""

    uri: str
    width: int
    height: int
    caption: str
    note: str


@dataclass(frozen=True)
class View:
    """One comparison of one tensor: how, where and with which values first."""

    title: str
    summary: str
    histogram: Histogram | None
    channels: Strip | None
    plane: Picture | None
    first: tuple[tuple[str, str, str, str, str], ...]


@dataclass(frozen=True)
class Passage:
    """Text under a heading, as it would stand in a terminal."""

    title: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command line that can be copied."""

    label: str
    line: str


@dataclass(frozen=True)
class Detail:
    """What unfolds below a row."""

    facts: Facts = ()
    views: tuple[View, ...] = ()
    verdict: str = ""
    passages: tuple[Passage, ...] = ()
    commands: tuple[Command, ...] = ()


@dataclass(frozen=True)
class Row:
    """One operator and one tensor that it writes. `alone` is "" where that was not asked for."""

    number: int
    operator: str
    tensor: str
    full_name: str
    differing: int
    elements: int
    largest: str
    alone: str
    verdict: str
    tone: Tone
    detail: Detail | None = None

    @property
    def share(self) -> float:
        """Differing elements in percent."""
        return 100 * self.differing / self.elements if self.elements else 0.0


@dataclass(frozen=True)
class Segment:
    """A part of the bar that sums a comparison up."""

    label: str
    count: int
    tone: Tone
    percent: float


@dataclass(frozen=True)
class Part:
    """One model held against one target, or one dump."""

    title: str
    verdict: str
    tone: Tone
    sentence: str
    facts: Facts
    segments: tuple[Segment, ...]
    rows: tuple[Row, ...]
    command: str
    omitted: str = ""
    notes: tuple[str, ...] = ()
    headers: tuple[str, ...] = field(
        default=("#", "operator", "tensor", "differ", "share", "max", "alone", "verdict")
    )


@dataclass(frozen=True)
class Page:
    """The whole report."""

    title: str
    verdict: str
    tone: Tone
    sentence: str
    environment: Facts
    command: str
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()
