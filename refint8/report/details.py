"""One comparison of a crosscheck spelled out: what differs, where first, and what is to blame."""

from __future__ import annotations

from collections import Counter

from refint8.oracle.findings import Alone, Comparison, Count, Finding, Report, TensorResult
from refint8.report.table import Block, Table, Text

REASON_LENGTH = 100
NAME_LENGTH = 60
"""Converters join the names of all that they fused; the end of a longer name is cut off."""

ROLES = {
    "inherited": "inherited",
    "downstream": "inputs differ too",
    "in place": "equal alone, though its inputs are equal",
    "cause": "cause",
}


def details(report: Report, comparison: Comparison, errors: int) -> list[Block]:
    """Everything about one comparison; at most `errors` tensors are listed."""
    blocks: list[Block] = [
        Text(
            f"{report.model} (sha256 {report.sha256[:12]}) against {comparison.target}"
            f" ({comparison.engine}), profile {comparison.profile}, {_inputs(report)}"
        )
    ]
    whole = comparison.cumulative or comparison.verdict
    if whole not in ("equal", "different", "skipped"):
        blocks.append(Text(_reason(whole, comparison.detail), "bad"))
    elif comparison.cumulative is not None:
        blocks += _differences(comparison, errors)
    return [*blocks, *_alone(comparison, errors)]


def share(differing: int, elements: int) -> float:
    """Differing of all elements; a tensor without elements differs wholly or not at all."""
    return differing / elements if elements else float(differing > 0)


def one_line(detail: str) -> str:
    """The text on one line, not too long."""
    return _cut(" / ".join(detail.splitlines()), REASON_LENGTH)


def place(result: TensorResult | None) -> str:
    """The operator and the tensor; "" for None."""
    if result is None:
        return ""
    return f"#{result.operator} {result.operator_name} {_cut(result.name, NAME_LENGTH)}"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 3] + "..."


def _inputs(report: Report) -> str:
    count = "1 input set" if report.samples == 1 else f"{report.samples} input sets"
    return count if report.seed is None else f"{count} (seed {report.seed})"


def _reason(verdict: str, detail: str) -> str:
    who = {
        "unsupported": "refint8 does not support the model",
        "undefined": "the arithmetic is not defined here",
        "missing": "the engine is not installed",
        "refused": "the engine refused the model",
        "malformed": "the engine's answer is not the model's tensors",
    }.get(verdict, f"the engine {verdict}")
    indented = "\n".join(f"  {line}" for line in detail.splitlines())
    return f"{verdict}: {who}\n{indented}".rstrip()


def _differences(comparison: Comparison, errors: int) -> list[Block]:
    blocks: list[Block] = []
    by_operator = {finding.operator: finding for finding in comparison.findings}
    differing = [result for result in comparison.tensors if not result.equal]
    worst = sorted(differing, key=lambda r: (-share(r.differing, r.elements), r.operator))
    if worst and errors:
        blocks.append(_tensors(worst[:errors], comparison.first, by_operator))
    if len(worst) > errors:
        blocks.append(Text(f"... and {len(worst) - errors} more tensors (--errors lists more)"))
    if first := comparison.first:
        blocks.append(Text(_first(first), "bad"))
        rows = [
            (total.operator_name, str(total.tensors), f"{total.differing}/{total.elements}")
            for total in comparison.operators
            if total.differing
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


def _tensors(
    results: list[TensorResult], first: TensorResult | None, by_operator: dict[int, Finding]
) -> Table:
    alone = any(finding.alone for finding in by_operator.values())
    rows = []
    for result in results:
        finding = by_operator[result.operator]
        said = [result.diff.problem] if result.diff.problem else []
        said += ["first divergence"] if result is first else []
        said += [ROLES[finding.role]] if finding.role in ROLES else []
        row = [
            str(result.operator),
            result.operator_name,
            _cut(result.name, NAME_LENGTH) or f"tensor {result.tensor}",
            f"{result.differing}/{result.elements}",
            str(result.largest),
        ]
        rows.append([*row, *([_count(finding.alone)] if alone else []), ", ".join(said)])
    headers = ["#", "op", "tensor", "differ", "max", *(["alone"] if alone else []), "verdict"]
    return Table(headers, rows, frozenset({0, 3, 4, 5} if alone else {0, 3, 4}))


def _count(alone: Alone | None) -> str:
    if alone is None:
        return ""
    if not alone.tensors:
        return alone.verdict
    count = Count.of(alone.tensors)
    return f"{count.differing}/{count.elements}"


def _first(result: TensorResult) -> str:
    return f"first divergence: operator {place(result)} (tensor {result.tensor}){_where(result)}"


def _where(result: TensorResult) -> str:
    diff = result.diff
    if diff.problem:
        return f": {diff.problem}"
    return (
        f", input set {result.sample}, at {list(diff.first or ())}:"
        f" refint8 {diff.a}, engine {diff.b}"
    )


def _alone(comparison: Comparison, errors: int) -> list[Block]:
    """What the operators did one by one, and how causes and heirs are told apart."""
    ran = [finding for finding in comparison.findings if finding.alone is not None]
    if not ran:
        return []
    blocks: list[Block] = []
    rows = []
    for finding in ran:
        alone = finding.alone
        assert alone is not None
        said = "; ".join(filter(None, (one_line(alone.detail), finding.note)))
        for result in (each for each in alone.tensors if not each.equal):
            name = _cut(result.name, NAME_LENGTH) or f"tensor {result.tensor}"
            where = _where(result).removeprefix(", ").removeprefix(": ")
            row = [f"{result.differing}/{result.elements}", str(result.largest)]
            about = "; ".join(filter(None, (where, said)))
            rows.append([str(finding.operator), finding.operator_name, name, *row, about])
        if alone.verdict not in ("equal", "different"):
            row = [str(finding.operator), finding.operator_name, "", "", "", alone.verdict]
            rows.append([*row[:5], f"{alone.verdict}: {said}" if said else alone.verdict])
    headers = ("#", "op", "tensor", "differ", "max", "alone, fed with refint8's values")
    if rows and errors:
        blocks.append(Table(headers, rows[:errors], frozenset({0, 3, 4})))
    if len(rows) > errors:
        blocks.append(Text(f"... and {len(rows) - errors} more operators (--errors lists more)"))
    verdicts = Counter(finding.alone.verdict for finding in ran if finding.alone)
    count = comparison.alone
    others = [f"{n} {verdict}" for verdict, n in verdicts.items() if verdict != "equal"]
    text = ", ".join([f"alone {verdicts['equal']} of {len(ran)} operators equal", *others])
    text += f"; {count.differing} of {count.elements} elements differ"
    roles: Counter[str] = Counter(finding.role for finding in comparison.findings)
    causes = f"{roles['cause']} {'cause' if roles['cause'] == 1 else 'causes'}"
    told = [causes, *(f"{roles[role]} {role}" for role in ROLES if role != "cause" and roles[role])]
    text += f"\n{', '.join(told)}"
    notes = Counter(finding.note for finding in ran if finding.note)
    text += "".join(f"\nnote: {n} operators are {note}" for note, n in notes.items())
    return [*blocks, Text(text, "bad" if count.differing else "good")]
