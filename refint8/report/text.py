"""Crosscheck reports in words and tables, worst first."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from refint8.oracle.findings import Comparison, Count, OperatorTotal, Report
from refint8.report.details import details, one_line, place, share
from refint8.report.table import Block, Table, Text

SEVERITY = (
    *("different", "malformed", "undefined", "unsupported", "crashed", "aborted"),
    *("timed out", "refused", "missing", "skipped", "equal"),
)
"""Verdicts from the worst down."""

EXPANDED = ("different", "undefined", "unsupported")
"""Verdicts that get their own part below an overview; the others fit into a line."""

Pair = tuple[Report, Comparison]


def crosscheck_blocks(reports: Sequence[Report], errors: int = 20) -> list[Block]:
    """The whole answer: an overview if there are several comparisons, then what differs.

    At most `errors` tensors are listed over all comparisons.
    """
    pairs = [(report, comparison) for report in reports for comparison in report.comparisons]
    columns = _columns(pairs)
    pairs.sort(key=lambda pair: _badness(pair[1]), reverse=True)
    if len(pairs) == 1:
        return details(*pairs[0], errors)
    blocks: list[Block] = [_overview(pairs), Text(""), *_matrices(columns)]
    told: set[tuple[str, str]] = set()
    for report, comparison in pairs:
        reason = (report.model, comparison.detail)
        apart = any(f.alone and f.alone.verdict not in ("equal",) for f in comparison.findings)
        if not (comparison.verdict in EXPANDED or apart):
            continue
        if comparison.detail and reason in told and not comparison.findings:
            continue
        told.add(reason)
        blocks += [*details(report, comparison, errors), Text("")]
        errors -= min(errors, sum(not result.equal for result in comparison.tensors))
    return [*blocks, _summary(pairs)]


def _badness(comparison: Comparison) -> tuple[int, float]:
    return -SEVERITY.index(comparison.verdict), share(comparison.differing, comparison.elements)


def _overview(pairs: Sequence[Pair]) -> Table:
    folder = _common_folder([report.model for report, _ in pairs])
    profiles = _several_profiles([comparison for _, comparison in pairs])
    alone = any(comparison.alone.tensors for _, comparison in pairs)
    rows = []
    for report, comparison in pairs:
        row = [report.model.removeprefix(folder), _target(comparison, profiles)]
        row += [
            comparison.verdict,
            f"{len(comparison.tensors)}/{comparison.expected}",
            f"{comparison.differing}/{comparison.elements}",
        ]
        if alone:
            row += [_alone(comparison), str(len(comparison.causes) or "")]
        rows.append([*row, place(comparison.first) or one_line(comparison.detail)])
    bad = frozenset(n for n, (_, c) in enumerate(pairs) if c.verdict == "different")
    headers = ["model", "target", "verdict", "tensors", "differ"]
    headers += ["alone", "causes"] if alone else []
    headers += ["first divergence or reason"]
    right = frozenset({3, 4, 5, 6} if alone else {3, 4})
    return Table(headers, rows, right, bad, title=f"in {folder}" if folder else "")


def _alone(comparison: Comparison) -> str:
    count = comparison.alone
    return f"{count.differing}/{count.elements}" if count.tensors else "-"


def _several_profiles(comparisons: Sequence[Comparison]) -> bool:
    """Whether a target's name alone does not say which column it is."""
    pairs = {(c.target, c.profile) for c in comparisons}
    return len(pairs) > len({target for target, _ in pairs})


def _target(comparison: Comparison, profiles: bool) -> str:
    return f"{comparison.target} ({comparison.profile})" if profiles else comparison.target


def _columns(pairs: Sequence[Pair]) -> dict[str, list[Comparison]]:
    """Comparisons by the target that heads their column, in the order asked for."""
    profiles = _several_profiles([comparison for _, comparison in pairs])
    columns: dict[str, list[Comparison]] = {}
    for _, comparison in pairs:
        columns.setdefault(_target(comparison, profiles), []).append(comparison)
    return columns


def _matrices(columns: dict[str, list[Comparison]]) -> list[Block]:
    """Operators by engines: in the model, and alone where any ran alone."""
    blocks: list[Block] = []
    parts: tuple[tuple[str, Callable[[OperatorTotal], Count]], ...] = (
        ("operators in the model: elements differing, in tensors", lambda t: t.cumulative),
        ("operators alone, fed with refint8's values", lambda t: t.isolated),
    )
    for title, part in parts:
        cells: dict[str, dict[str, list[Count]]] = {}
        for column, comparisons in columns.items():
            for comparison in comparisons:
                for total in comparison.operators:
                    row = cells.setdefault(total.operator_name, {})
                    row.setdefault(column, []).append(part(total))
        rows = [[name, *(_cell(row.get(c, ())) for c in columns)] for name, row in cells.items()]
        rows = [row for row in sorted(rows) if any(cell != "-" for cell in row[1:])]
        if rows:
            table = Table(
                ["operator", *columns], rows, frozenset(range(1, len(columns) + 1)), title=title
            )
            blocks += [table, Text("")]
    return blocks


def _cell(counts: Sequence[Count]) -> str:
    tensors = sum(count.tensors for count in counts)
    if not tensors:
        return "-"
    differing = sum(count.differing for count in counts)
    elements = sum(count.elements for count in counts)
    largest = max(count.largest for count in counts)
    most = f", max {largest}" if differing else ""
    return f"{differing}/{elements} in {tensors}{most}"


def _common_folder(names: Sequence[str]) -> str:
    """The folder that several paths share, with its last slash; "" when there is none."""
    if len(set(names)) < 2:
        return ""
    try:
        folder = os.path.commonpath([Path(name).parent for name in names])
    except ValueError:  # absolute paths among relative ones
        return ""
    return f"{folder}{os.sep}" if folder not in ("", ".", os.sep) else ""


def _summary(pairs: Sequence[Pair]) -> Text:
    counts = {v: sum(c.verdict == v for _, c in pairs) for v in SEVERITY}
    text = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    tensors = sum(len(c.tensors) for _, c in pairs)
    elements = sum(c.elements for _, c in pairs)
    differing = sum(c.differing for _, c in pairs)
    return Text(
        f"{text or 'nothing compared'}: {tensors} tensors, {elements} elements, {differing} differ",
        "bad" if counts["different"] else "good" if counts["equal"] else "",
    )
