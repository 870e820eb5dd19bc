"""Words and numbers of a report as a reader can take them: nothing invisible, nothing endless."""

from __future__ import annotations

import platform
import unicodedata
from typing import Final

from refint8.oracle.diff_map import Element

NAME: Final = 56
TITLE: Final = 300
LONGEST: Final = 1000
COMMAND: Final = 4000
PASSAGE: Final = 24_000
"""Characters shown: of a name in a table, of it under the mouse, of any text, of a command, of an
element's explanation."""

HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that are not to be seen, or that turn round what stands beside them."""


def visible(text: str, limit: int = LONGEST) -> str:
    """The text with what cannot be seen spelled out as an escape, cut to `limit` characters."""
    shown = text if len(text) <= limit else text[: limit - 3] + "..."
    return "".join(map(_visible, shown))


def _visible(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in HIDDEN:
        return character
    return character.encode("unicode_escape").decode("ascii")


def one_line(text: str, limit: int = LONGEST) -> str:
    """The same on one line."""
    return visible(" / ".join(text.splitlines()) if "\n" in text else text, limit)


def number(value: int | float) -> str:
    """An integer with its digits grouped, a real number with the digits that tell it apart."""
    if isinstance(value, float):
        return f"{int(value):,}" if value.is_integer() and abs(value) < 1e15 else f"{value:.9g}"
    return f"{value:,}"


def plural(count: int, what: str, many: str = "") -> str:
    """A count and its noun."""
    return f"{count:,} {what if count == 1 else many or what + 's'}"


def first_element(element: Element) -> tuple[str, str, str, str, str]:
    """Sample, index, both values, and theirs - ours."""
    difference = element.theirs - element.ours
    exact = isinstance(difference, int)
    return (
        str(element.sample),
        ",".join(map(str, element.index)),
        _value(element.ours),
        _value(element.theirs),
        f"{difference:+d}" if exact else f"{difference:+.6g}",
    )


def machine() -> tuple[tuple[str, str], ...]:
    """The versions that a result may depend on."""
    from importlib.metadata import PackageNotFoundError, version

    found = []
    for name in ("refint8", "numpy", "numba"):
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            found.append((name, "not installed as a package"))
    python = f"{platform.python_version()} ({platform.python_implementation()})"
    system = f"{platform.system()} {platform.machine()}"
    return (*found, ("Python", python), ("system", system))


def _value(value: int | float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.9g}"
