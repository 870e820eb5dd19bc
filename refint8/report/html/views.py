"""One tensor's differences as the parts of a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from refint8.oracle.explained import Explained
from refint8.oracle.findings import TensorResult
from refint8.report.explanation_text import explanation_text
from refint8.report.html.page import Passage, Segment, Tone, View
from refint8.report.html.pictures import channels, histogram, plane
from refint8.report.html.wording import PASSAGE, first_element, number, one_line, plural, visible


def view(title: str, result: TensorResult) -> View:
    """How, where and with which values first a tensor differs."""
    found = result.map
    if found is None:
        said = result.diff.problem or f"{number(result.differing)} of {number(result.elements)}"
        return View(title, one_line(said), None, None, None, ())
    summary = (
        f"{number(result.differing)} of {number(result.elements)} elements differ over"
        f" {plural(found.samples, 'input set')} of {list(found.shape)} {found.dtype},"
        f" at most by {number(result.largest)}"
    )
    if result.diff.problem:
        summary += f"; an input set has {one_line(result.diff.problem)}"
    first = tuple(map(first_element, found.first))
    return View(title, summary, histogram(found), channels(found), plane(found), first)


def passages(explained: Explained) -> tuple[Passage, ...]:
    """The explanations as text."""
    made = []
    for element, explanation in zip(explained.elements, explained.explanations, strict=True):
        at = ",".join(map(str, element.index))
        title = f"element {at} of input set {element.sample}: {element.ours}, not {element.theirs}"
        text = visible(explanation_text(explanation), PASSAGE)
        made.append(Passage(title, text))
    return tuple(made)


def fitting(explained: Explained) -> str:
    """The profiles that have the other side's values."""
    count = plural(len(explained.elements), "element")
    several = len(explained.fits) > 1
    who = f"profile{'s' if several else ''} {', '.join(explained.fits)}"
    return f"{who} compute{'' if several else 's'} the other side's values of the first {count}"


ORDER: Final[tuple[Tone, ...]] = ("bad", "warn", "mute", "good")


def segments(said: Sequence[tuple[str, Tone]]) -> tuple[Segment, ...]:
    """A bar of labels counted, worst first."""
    made = []
    for label, tone in sorted(dict.fromkeys(said), key=lambda pair: ORDER.index(pair[1])):
        count = said.count((label, tone))
        made.append(Segment(label, count, tone, round(100 * count / len(said), 3)))
    return tuple(made)
