"""Crosscheck reports as one JSON structure; its version is part of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from refint8.oracle.crosscheck import Comparison, Report, TensorResult

SCHEMA = "refint8-crosscheck-1"


def crosscheck_json(
    reports: Sequence[Report], unreadable: Mapping[str, str], exit_code: int
) -> dict[str, Any]:
    """Everything in the reports, and the files that could not be read with the reason.

    The document of schema SCHEMA, before `plain` makes its numbers and dataclasses JSON.
    """
    return {
        "exit_code": exit_code,
        "models": [_report(report) for report in reports],
        "unreadable": [{"model": name, "reason": text} for name, text in unreadable.items()],
    }


def _report(report: Report) -> dict[str, Any]:
    return {
        "model": report.model,
        "sha256": report.sha256,
        "samples": report.samples,
        "seed": report.seed,
        "exit_code": report.exit_code,
        "comparisons": [_comparison(comparison) for comparison in report.comparisons],
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    first = comparison.first
    return {
        "target": comparison.target,
        "engine": comparison.engine,
        "profile": comparison.profile,
        "verdict": comparison.verdict,
        "detail": comparison.detail,
        "seconds": comparison.seconds,
        "expected": comparison.expected,
        "compared": len(comparison.tensors),
        "elements": comparison.elements,
        "differing": comparison.differing,
        "first_divergence": None if first is None else _tensor(first),
        "operators": [vars(total) for total in comparison.operators],
        "tensors": [_tensor(result) for result in comparison.tensors],
    }


def _tensor(result: TensorResult) -> dict[str, Any]:
    diff = result.diff
    return {
        "tensor": result.tensor,
        "name": result.name,
        "operator": result.operator,
        "operator_name": result.operator_name,
        "elements": result.elements,
        "differing": result.differing,
        "largest": result.largest,
        "problem": diff.problem,
        "sample": None if result.equal else result.sample,
        "index": None if diff.first is None else list(diff.first),
        "refint8": diff.a,
        "engine": diff.b,
    }
