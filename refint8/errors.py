"""The exception tree, nothing else.

Every class is also the built-in exception that `tf.lite.Interpreter` raises in the same situation
(`ai-edge-litert` 2.3.0: ValueError for files, indexes, dtypes and shapes; RuntimeError for calls
in the wrong state), so `except ValueError` written for the engine keeps working.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True)
class Where:
    """The place an error speaks of; empty fields are unknown at the point where it was raised."""

    model: str = ""
    subgraph: int | None = None
    operator: int | None = None
    operator_name: str = ""
    tensor: int | None = None
    tensor_name: str = ""

    def __str__(self) -> str:
        parts = [self.model] if self.model else []
        if self.subgraph:
            parts.append(f"subgraph {self.subgraph}")
        if self.operator is not None:
            parts.append(f"operator {self.operator} ({self.operator_name})")
        if self.tensor is not None:
            parts.append(f"tensor {self.tensor} '{self.tensor_name}'")
        return ", ".join(parts)


class Refint8Error(Exception):
    """What went wrong, where, and what to do about it.

    `reason` is one sentence; `label` names the violated condition of an operator's docstring
    ("C2"); `hint` is one action. `exit_code` is what the command line exits with:
    2 usage or unreadable input, 3 unsupported operator or dtype, 4 outside the defined domain.
    """

    exit_code = 2

    def __init__(
        self, reason: str, *, where: Where | None = None, label: str = "", hint: str = ""
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.where = where or Where()
        self.label = label
        self.hint = hint

    def at(self, where: Where) -> Self:
        """Fill in the parts of the place that the raiser did not know, and return self."""
        known = {k: v for k, v in vars(self.where).items() if v not in ("", None)}
        self.where = replace(where, **known)
        return self

    def __str__(self) -> str:
        label = f"[{self.label}] " if self.label else ""
        lines = [f"{label}{self.reason}"]
        if place := str(self.where):
            lines.append(f"  where: {place}")
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


class ModelError(Refint8Error, ValueError):
    """The file is not a readable .tflite model; `reason` carries the path inside the file."""


class UsageError(Refint8Error, ValueError):
    """A wrong dtype, shape, index, name or file was handed in."""


class StateError(Refint8Error, RuntimeError):
    """A call in the wrong state, such as invoke() before allocate_tensors()."""

    exit_code = 2


class UnsupportedError(Refint8Error, ValueError, RuntimeError):
    """An operator, version, dtype or condition that refint8 does not run."""

    exit_code = 3


class DomainError(Refint8Error, RuntimeError, ValueError):
    """The arithmetic is not defined here: an accumulator left int32, a shift left its range."""

    exit_code = 4


class TargetError(Refint8Error, RuntimeError):
    """Something refint8 compares itself with is missing or cannot be used."""
