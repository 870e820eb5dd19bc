"""Crosscheck reports as one JSON structure, described in docs/CROSSCHECK.md, and its version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from refint8.oracle.findings import Alone, Comparison, Count, Finding, Report, TensorResult

SCHEMA = "refint8-crosscheck-2"


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
        "mode": report.mode,
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
        "cumulative": comparison.cumulative,
        "detail": comparison.detail,
        "seconds": comparison.seconds,
        "expected": comparison.expected,
        "compared": len(comparison.tensors),
        "elements": comparison.elements,
        "differing": comparison.differing,
        "alone": _count(comparison.alone),
        "causes": [finding.operator for finding in comparison.causes],
        "first_divergence": None if first is None else _tensor(first),
        "totals": [
            {
                "operator_name": total.operator_name,
                "operators": total.operators,
                "causes": total.causes,
                "cumulative": _count(total.cumulative),
                "alone": _count(total.isolated),
            }
            for total in comparison.operators
        ],
        "operators": [_finding(finding) for finding in comparison.findings],
        "tensors": [_tensor(result) for result in comparison.tensors],
    }


def _count(count: Count) -> dict[str, Any]:
    return {
        "tensors": count.tensors,
        "elements": count.elements,
        "differing": count.differing,
        "largest": count.largest,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "operator": finding.operator,
        "operator_name": finding.operator_name,
        "role": finding.role,
        "delegated": finding.delegated,
        "note": finding.note,
        "tensors": [result.tensor for result in finding.tensors],
        "alone": None if finding.alone is None else _alone(finding.alone),
    }


def _alone(alone: Alone) -> dict[str, Any]:
    return {
        "verdict": alone.verdict,
        "detail": alone.detail,
        "delegated": alone.delegated,
        "tensors": [_tensor(result) for result in alone.tensors],
    }


def tensor_document(result: TensorResult, ours: str, theirs: str) -> dict[str, Any]:
    """One tensor; `ours` and `theirs` are the names for the values of the first difference."""
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
        ours: diff.a,
        theirs: diff.b,
    }


def _tensor(result: TensorResult) -> dict[str, Any]:
    return tensor_document(result, "refint8", "engine")
