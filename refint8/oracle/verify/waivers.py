"""Differences that a project has accepted, with a reason and a date: a TOML file of [[waiver]].

    [[waiver]]
    tensor = "Identity"        # a tensor's name or index, or
    op = "SOFTMAX"             # an operator's name, or its index
    max_abs = 1                # the largest difference that is accepted; any, if not given
    inherited = true           # also what refint8 proves to follow from it; false if not given
    reason = "table of 256 entries, agreed on for revision B"
    until = 2027-01-31         # the last day on which it holds; for ever, if not given

A name may hold * and ? as in file names.
"""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, Literal

from refint8.errors import UsageError
from refint8.model.names import nearest
from refint8.oracle.golden.contents import TensorInfo

KEYS: Final = ("tensor", "op", "max_abs", "inherited", "reason", "until")

State = Literal["used", "unused", "expired", "exceeded"]
"""exceeded: its tensors differ by more than it allows. expired: its last day is over."""


@dataclass(frozen=True)
class Waiver:
    """One accepted difference. `tensor` and `op` are names, patterns or indexes; "" is any."""

    reason: str
    tensor: str = ""
    op: str = ""
    max_abs: int | float | None = None
    inherited: bool = False
    until: datetime.date | None = None

    def covers(self, tensor: TensorInfo, operator_name: str) -> bool:
        """Whether it speaks of this tensor, written by an operator of this name."""
        return _names(self.tensor, tensor.name, tensor.index) and _names(
            self.op, operator_name, tensor.operator
        )

    def expired(self, today: datetime.date) -> bool:
        """Whether its last day is over."""
        return self.until is not None and today > self.until

    def allows(self, largest: int | float) -> bool:
        """Whether a difference of that size is accepted."""
        return self.max_abs is None or largest <= self.max_abs

    def __str__(self) -> str:
        said = [f"{key} {value}" for key, value in (("tensor", self.tensor), ("op", self.op))
                if value]  # fmt: skip
        said += [] if self.max_abs is None else [f"max_abs {self.max_abs}"]
        said += [f"until {self.until.isoformat()}"] if self.until else []
        return ", ".join(said)


@dataclass(frozen=True)
class WaiverUse:
    """A waiver and what became of it: the tensors that it excuses, or those it no longer does."""

    waiver: Waiver
    state: State
    tensors: tuple[int, ...] = ()


def read_waivers(path: str | Path) -> tuple[Waiver, ...]:
    """The waivers of a TOML file. Raises UsageError for anything in it that is not a waiver."""
    place = Path(path)
    try:
        document = tomllib.loads(place.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {place}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{place} is not TOML: {error}") from None
    for key in document:
        if key != "waiver":
            raise UsageError(f"{place} has {key!r}", hint="it holds [[waiver]] tables only")
    listed = document.get("waiver", [])
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise UsageError(f"{place}: waiver is no list of tables", hint="write [[waiver]]")
    return tuple(_waiver(f"{place}, waiver {n}", entry) for n, entry in enumerate(listed, 1))


def uses(
    waivers: Iterable[Waiver],
    excused: Mapping[int, Waiver],
    refused: Mapping[int, tuple[Waiver, ...]],
    today: datetime.date,
) -> tuple[WaiverUse, ...]:
    """What became of each. `excused` are the tensors waived, `refused` those that a waiver covers
    and does not excuse, by index.
    """
    made = []
    for waiver in waivers:
        used = tuple(index for index, by in excused.items() if by is waiver)
        left = tuple(index for index, by in refused.items() if any(each is waiver for each in by))
        if waiver.expired(today):
            made.append(WaiverUse(waiver, "expired", left))
        elif left:
            made.append(WaiverUse(waiver, "exceeded", left))
        else:
            made.append(WaiverUse(waiver, "used" if used else "unused", used))
    return tuple(made)


def _names(pattern: str, name: str, index: int) -> bool:
    if not pattern or pattern == name:
        return True
    if pattern.isdecimal():
        return int(pattern) == index
    return fnmatchcase(name, pattern)


def _waiver(where: str, entry: Mapping[str, Any]) -> Waiver:
    for key in entry:
        if key not in KEYS:
            raise UsageError(f"{where}: there is no key {key!r}", hint=nearest(key, KEYS))
    reason = entry.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise UsageError(f"{where}: it has no reason", hint='write reason = "..."')
    names = {key: _name(where, key, entry[key]) for key in ("tensor", "op") if key in entry}
    if not any(names.values()):
        raise UsageError(f"{where}: it names no tensor and no op")
    max_abs = entry.get("max_abs")
    numeric = isinstance(max_abs, (int, float)) and not isinstance(max_abs, bool)
    if max_abs is not None and not (numeric and max_abs >= 0):
        raise UsageError(f"{where}: max_abs is {max_abs!r}, no number from 0 up")
    inherited = entry.get("inherited", False)
    if not isinstance(inherited, bool):
        raise UsageError(f"{where}: inherited is {inherited!r}, not true or false")
    return Waiver(reason.strip(), max_abs=max_abs, inherited=inherited,
                  until=_until(where, entry.get("until")), **names)  # fmt: skip


def _name(where: str, key: str, value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    if not isinstance(value, str):
        raise UsageError(f"{where}: {key} is {value!r}, neither a name nor an index")
    return value


def _until(where: str, value: Any) -> datetime.date | None:
    if isinstance(value, datetime.datetime):
        return value.date()
    if value is None or isinstance(value, datetime.date):
        return value
    try:
        return datetime.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise UsageError(
            f"{where}: until is {value!r}, no date", hint="write until = 2027-01-31"
        ) from None
