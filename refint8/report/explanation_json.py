"""An explanation as one JSON structure; its version is part of it."""

from __future__ import annotations

from dataclasses import asdict
from fractions import Fraction
from typing import Any, Final

from refint8.numerics.recording import Step
from refint8.oracle.explanation.derivation import Derivation
from refint8.oracle.explanation.entering import Entering
from refint8.oracle.explanation.explain import Explanation
from refint8.oracle.explanation.parting import Pair, Parting

SCHEMA: Final = "refint8-explain-1"


def explanation_document(explanation: Explanation, terms: int) -> dict[str, Any]:
    """Everything in it, with the `terms` largest of what enters.

    The document of schema SCHEMA, before `plain` makes its numbers JSON. What a rounding dropped
    is an exact fraction, "numerator/denominator".
    """
    e = explanation
    return {
        "model": e.model,
        "sha256": e.sha256,
        "tensor": e.tensor,
        "name": e.name,
        "dtype": e.dtype,
        "shape": list(e.shape),
        "index": list(e.index),
        "scale": e.scale,
        "zero_point": e.zero_point,
        "operator": e.operator,
        "operator_name": e.operator_name,
        "inputs": [{"tensor": index, "name": name} for index, name in e.inputs],
        "differs": e.differs,
        "a": _derivation(e, e.a, terms),
        "b": None if e.b is None else _derivation(e, e.b, terms),
        "parting": None if e.parting is None else _parting(e.parting),
        "own_run": None if e.own_run is None else asdict(e.own_run),
    }


def _derivation(e: Explanation, derivation: Derivation, terms: int) -> dict[str, Any]:
    return {
        "profile": derivation.profile,
        "value": derivation.value,
        "real": e.real(derivation.value),
        "refused": derivation.refused,
        "handed_on": derivation.handed_on,
        "enters": _enters(derivation.enters.largest(terms)),
        "constants": [_step(step) for step in derivation.constants],
        "steps": [_step(step) for step in derivation.steps],
    }


def _enters(enters: Entering) -> dict[str, Any]:
    return asdict(enters)


def _step(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "formula": step.formula,
        "operands": dict(step.operands),
        "result": list(step.result) if isinstance(step.result, tuple) else step.result,
        "dropped": _fraction(step.dropped),
        "tie": step.tie,
        "terms": list(step.terms),
        "steps": [_step(part) for part in step.steps],
    }


def _fraction(dropped: Fraction | None) -> str | None:
    return None if dropped is None else f"{dropped.numerator}/{dropped.denominator}"


def _parting(parting: Parting) -> dict[str, Any]:
    return {
        "constant": _pair(parting.constant),
        "step": _pair(parting.step),
        "rules": [asdict(rule) for rule in parting.rules],
        "earlier": parting.earlier,
    }


def _pair(pair: Pair | None) -> dict[str, Any] | None:
    if pair is None:
        return None
    sides = {
        key: None if step is None else _step(step) for key, step in (("a", pair.a), ("b", pair.b))
    }
    return {"path": list(pair.path), **sides}
