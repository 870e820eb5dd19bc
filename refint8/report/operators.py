"""The registered operators as data: versions, dtype rows, conditions, rules, twins."""

from __future__ import annotations

from typing import Any

from refint8.numerics.rules import CATALOGUE
from refint8.ops import REGISTRY, Record, Registration


def operator_document(registration: Registration) -> dict[str, Any]:
    """One operator. `kernel` says whether it has a compiled twin."""
    return {
        "name": registration.name,
        "versions": [registration.versions[0], registration.versions[-1]],
        "dtypes": [row.text for row in registration.rows],
        "conditions": registration.conditions,
        "rules": [rule.name for rule in CATALOGUE if registration.name in rule.operators],
        "kernel": registration.record.lower is not Record.lower,
        "documentation": registration.documentation,
    }


def operator_documents() -> list[dict[str, Any]]:
    """All operators by name."""
    return [operator_document(REGISTRY[name]) for name in sorted(REGISTRY)]


def heading(document: dict[str, Any]) -> str:
    """The operator's meaning in a few words: the first line of its documentation."""
    first: str = document["documentation"].strip().splitlines()[0]
    _, _, text = first.partition(":")
    return (text or first).strip().rstrip(".")


def versions(document: dict[str, Any]) -> str:
    """ "1 to 8", or "1"."""
    low, high = document["versions"]
    return f"{low} to {high}" if high > low else f"{low}"
