"""One entry of the rule catalogue: a dataclass field with its meaning as metadata."""

from __future__ import annotations

from dataclasses import field
from typing import Any


def rule(default: str, meaning: str, operators: str, /, **alternatives: str) -> Any:
    """A rule: the default profile's alternative, one line of meaning, the builtin names of the
    operators that read it (with spaces between, or "*"), and each alternative with its meaning.
    """
    if default not in alternatives:
        raise AssertionError(f"{default} is not among the alternatives of: {meaning}")
    metadata = {
        "meaning": meaning,
        "alternatives": alternatives,
        "operators": tuple(operators.split()),
    }
    return field(default=default, metadata=metadata)
