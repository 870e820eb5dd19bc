"""Operators by name, each imported when it is first asked for.

A model needs a dozen of them, and importing all takes longer than running most models. An operator
lies in the file of its name (CONV_2D in conv_2d.py), so nothing has to be listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from refint8.ops._op import Registration

ROOMS = frozenset(
    path.name.partition(".")[0]
    for path in Path(__file__).parent.iterdir()
    if path.suffix in (".py", ".pyc") and not path.name.startswith("_")
)
"""Names of the files with an operator: those without an underscore in front."""


class Registry(Mapping[str, "Registration"]):
    """Builtin name, or code of a custom operator that comes with refint8, to registration."""

    def __init__(self) -> None:
        self._known: dict[str, Registration] = {}

    def add(self, registration: Registration) -> None:
        """Make an operator known; importing its file does this."""
        self._known[registration.name] = registration

    def __getitem__(self, name: str) -> Registration:
        if name not in self._known and (room := name.lower()) in ROOMS:
            import_module(f"refint8.ops.{room}")
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        for room in ROOMS:
            import_module(f"refint8.ops.{room}")
        return iter(self._known)

    def __len__(self) -> int:
        return sum(1 for _ in self)
