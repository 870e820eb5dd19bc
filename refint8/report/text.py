"""Crosscheck reports in words and tables, worst first."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from refint8.oracle.crosscheck import Comparison, Report, TensorResult
from refint8.report.table import Block, Table, Text

SEVERITY = (
    *("different", "undefined", "unsupported"),
    *("crashed", "timed out", "refused", "missing", "equal"),
)
"""Verdicts from the worst down."""

EXPANDED = ("different", "undefined", "unsupported")
"""Verdicts that get their own part below an overview; the others fit into a line."""

REASON_LENGTH = 100


def crosscheck_blocks(reports: Sequence[Report], errors: int = 20) -> list[Block]:
    """The whole answer: an overview if there are several comparisons, then what differs.

    At most `errors` tensors are listed over all comparisons.
    """
    pairs = [(report, comparison) for report in reports for comparison in report.comparisons]
    pairs.sort(key=lambda pair: _badness(pair[1]), reverse=True)
    if len(pairs) == 1:
        return _details(*pairs[0], errors)
    blocks: list[Block] = [_overview(pairs), Text("")]
    told: set[tuple[str, str]] = set()
    for report, comparison in pairs:
        reason = (report.model, comparison.detail)
        if comparison.verdict not in EXPANDED or (comparison.detail and reason in told):
            continue
        told.add(reason)
        blocks += [*_details(report, comparison, errors), Text("")]
        errors -= min(errors, sum(not result.equal for result in comparison.tensors))
    return [*blocks, _summary(pairs)]


def _badness(comparison: Comparison) -> tuple[int, float]:
    return -SEVERITY.index(comparison.verdict), _share(comparison.differing, comparison.elements)


def _share(differing: int, elements: int) -> float:
    return differing / elements if elements else float(differing > 0)


def _overview(pairs: Sequence[tuple[Report, Comparison]]) -> Table:
    folder = _common_folder([report.model for report, _ in pairs])
    rows = [
        (
            report.model.removeprefix(folder),
            comparison.target,
            comparison.verdict,
            f"{len(comparison.tensors)}/{comparison.expected}",
            f"{comparison.differing}/{comparison.elements}",
            _place(comparison.first) or _one_line(comparison.detail),
        )
        for report, comparison in pairs
    ]
    bad = frozenset(n for n, (_, c) in enumerate(pairs) if c.verdict == "different")
    headers = ("model", "target", "verdict", "tensors", "differ", "first divergence or reason")
    return Table(headers, rows, frozenset({3, 4}), bad, title=f"in {folder}" if folder else "")


def _common_folder(names: Sequence[str]) -> str:
    """The folder that several paths share, with its last slash; "" when there is none."""
    if len(set(names)) < 2:
        return ""
    try:
        folder = os.path.commonpath([Path(name).parent for name in names])
    except ValueError:  # absolute paths among relative ones
        return ""
    return f"{folder}{os.sep}" if folder not in ("", ".", os.sep) else ""


def _one_line(detail: str) -> str:
    line = " / ".join(detail.splitlines())
    return line if len(line) <= REASON_LENGTH else line[: REASON_LENGTH - 3] + "..."


def _place(result: TensorResult | None) -> str:
    if result is None:
        return ""
    return f"#{result.operator} {result.operator_name} {result.name}"


def _details(report: Report, comparison: Comparison, errors: int) -> list[Block]:
    blocks: list[Block] = [
        Text(
            f"{report.model} (sha256 {report.sha256[:12]}) against {comparison.target}"
            f" ({comparison.engine}), profile {comparison.profile}, {_inputs(report)}"
        )
    ]
    if comparison.verdict in ("equal", "different"):
        blocks += _differences(comparison, errors)
    else:
        blocks.append(Text(_reason(comparison), "bad"))
    return blocks


def _inputs(report: Report) -> str:
    count = "1 input set" if report.samples == 1 else f"{report.samples} input sets"
    return count if report.seed is None else f"{count} (seed {report.seed})"


def _reason(comparison: Comparison) -> str:
    who = {
        "unsupported": "refint8 does not support the model",
        "undefined": "the arithmetic is not defined here",
        "missing": "the engine is not installed",
    }.get(comparison.verdict, f"the engine {_verb(comparison.verdict)}")
    return f"{comparison.verdict}: {who}\n{_indented(comparison.detail)}".rstrip()


def _verb(verdict: str) -> str:
    return {"refused": "refused the model"}.get(verdict, verdict)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _differences(comparison: Comparison, errors: int) -> list[Block]:
    blocks: list[Block] = []
    differing = [result for result in comparison.tensors if not result.equal]
    worst = sorted(differing, key=lambda r: (-_share(r.differing, r.elements), r.operator))
    if worst and errors:
        blocks.append(_tensors(worst[:errors], comparison.first))
    if len(worst) > errors:
        blocks.append(Text(f"... and {len(worst) - errors} more tensors (--errors lists more)"))
    if first := comparison.first:
        blocks.append(Text(_first(first), "bad"))
        kinds = [total for total in comparison.operators if total.differing]
        rows = [
            (kind.operator_name, str(kind.tensors), f"{kind.differing}/{kind.elements}")
            for kind in kinds
        ]
        blocks.append(Table(("operator", "tensors", "differ"), rows, frozenset({1, 2})))
    if comparison.detail:
        blocks.append(Text(f"note: {comparison.detail}"))
    equal = len(comparison.tensors) - len(differing)
    text = (
        f"{equal} of {len(comparison.tensors)} tensors equal,"
        f" {comparison.differing} of {comparison.elements} elements differ"
    )
    if len(comparison.tensors) < comparison.expected:
        text += f"; the engine gives {len(comparison.tensors)} of {comparison.expected} tensors"
    return [*blocks, Text(text, "bad" if differing else "good")]


def _tensors(results: Sequence[TensorResult], first: TensorResult | None) -> Table:
    rows = [
        (
            str(result.operator),
            result.operator_name,
            result.name or f"tensor {result.tensor}",
            f"{result.differing}/{result.elements}",
            str(result.largest),
            result.diff.problem or ("first divergence" if result is first else ""),
        )
        for result in results
    ]
    headers = ("#", "op", "tensor", "differ", "max", "verdict")
    return Table(headers, rows, frozenset({0, 3, 4}))


def _first(result: TensorResult) -> str:
    diff = result.diff
    place = f"first divergence: operator {_place(result)} (tensor {result.tensor})"
    if diff.problem:
        return f"{place}: {diff.problem}"
    return (
        f"{place}, input set {result.sample}, at {list(diff.first or ())}:"
        f" refint8 {diff.a}, engine {diff.b}"
    )


def _summary(pairs: Sequence[tuple[Report, Comparison]]) -> Text:
    counts = {v: sum(c.verdict == v for _, c in pairs) for v in SEVERITY}
    text = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    tensors = sum(len(c.tensors) for _, c in pairs)
    elements = sum(c.elements for _, c in pairs)
    differing = sum(c.differing for _, c in pairs)
    return Text(
        f"{text or 'nothing compared'}: {tensors} tensors, {elements} elements, {differing} differ",
        "bad" if counts["different"] else "good" if counts["equal"] else "",
    )
