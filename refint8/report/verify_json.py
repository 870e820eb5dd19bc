"""A verdict on a dump as one JSON structure, described in docs/VERIFY.md, and its version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from refint8.oracle.findings import Alone
from refint8.oracle.golden.contents import DumpProblem
from refint8.oracle.verify.verdicts import OperatorVerdict, TensorVerdict, VerifyReport
from refint8.report.json_report import tensor_document

SCHEMA = "refint8-verify-1"


def verify_document(report: VerifyReport, golden: str, dump: str) -> dict[str, Any]:
    """The document of schema SCHEMA, before `plain` makes its numbers JSON."""
    made, first = report.golden, report.first
    return {
        "outcome": report.outcome,
        "exit_code": report.exit_code,
        "golden": {
            "path": golden,
            "model": made.model_name,
            "model_sha256": made.model_sha256,
            "profile": made.profile,
            "refint8_version": made.version,
            "seed": made.seed,
            "samples": len(made.samples),
        },
        "dump": dump,
        "require": report.require,
        "elements": report.elements,
        "differing": report.differing,
        "first_divergence": None if first is None else first.operator,
        "causes": [operator.operator for operator in report.causes],
        "lacking": [tensor.tensor.index for tensor in report.lacking],
        "notes": list(report.notes),
        "problems": _problems(report.problems),
        "waivers": [
            {
                "state": use.state,
                "tensors": list(use.tensors),
                "tensor": use.waiver.tensor,
                "op": use.waiver.op,
                "max_abs": use.waiver.max_abs,
                "inherited": use.waiver.inherited,
                "reason": use.waiver.reason,
                "until": use.waiver.until.isoformat() if use.waiver.until else None,
            }
            for use in report.waivers
        ],
        "operators": [_operator(operator) for operator in report.operators],
        "tensors": [_tensor(tensor) for tensor in report.tensors],
    }


def _operator(operator: OperatorVerdict) -> dict[str, Any]:
    return {
        "operator": operator.operator,
        "operator_name": operator.name,
        "role": operator.role,
        "tensors": [tensor.tensor.index for tensor in operator.tensors],
        "alone": None if operator.isolated is None else _alone(operator.isolated),
        "kinds": [
            {
                "name": kind.name,
                "detail": kind.detail,
                "explained": kind.explained,
                "differing": kind.differing,
                "share": kind.share,
            }
            for kind in operator.kinds
        ],
        "location": operator.location,
        "rules": [
            {
                "rule": fit.rule,
                "alternative": fit.alternative,
                "before": fit.before,
                "differing": fit.differing,
            }
            for fit in operator.rules
        ],
        "suspects": list(operator.suspects),
        "note": operator.note,
    }


def _alone(alone: Alone) -> dict[str, Any]:
    return {
        "verdict": alone.verdict,
        "detail": alone.detail,
        "tensors": [tensor_document(result, "expected", "dump") for result in alone.tensors],
    }


def _tensor(tensor: TensorVerdict) -> dict[str, Any]:
    info = tensor.tensor
    return {
        "tensor": info.index,
        "name": info.name,
        "role": info.role,
        "verdict": tensor.verdict,
        "samples": tensor.dumped,
        "compared": None
        if tensor.result is None
        else tensor_document(tensor.result, "golden", "dump"),
        "problems": _problems(tensor.problems),
        "waiver": None if tensor.waiver is None else tensor.waiver.reason,
    }


def _problems(problems: Sequence[DumpProblem]) -> list[dict[str, Any]]:
    return [
        {"file": p.file, "reason": p.reason, "tensor": p.tensor, "sample": p.sample}
        for p in problems
    ]
