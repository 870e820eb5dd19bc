"""The oddities met while reading, collected in file order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from refint8.model.types import Oddity

LITERT: Final = ("LiteRT",)
"""What LiteRT refuses at load: tflite/core/interpreter_builder.cc, measured with 2.3.0."""


@dataclass
class Notes:
    """A growing list of oddities."""

    found: list[Oddity] = field(default_factory=list)

    def add(self, path: str, text: str, refused_by: tuple[str, ...] = ()) -> None:
        """Append one oddity."""
        self.found.append(Oddity(path, text, refused_by))
