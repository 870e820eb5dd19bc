"""What `refint8 probe` says: as tables, and as JSON."""

from __future__ import annotations

from typing import Any, Final

from refint8.oracle.probe import CaseResult, ProbeReport
from refint8.report.table import Block, Table, Text

SCHEMA: Final = "refint8-probe-1"


def probe_blocks(report: ProbeReport, *, details: bool = False) -> list[Block]:
    """The verdict, a table of cases, with `details` one of rules."""
    blocks: list[Block] = [Text(f"{report.target}: {report.engine}\n")]
    blocks.append(_table(report))
    if details:
        blocks += [Text(""), _rules(report)]
    return [*blocks, Text(""), *_verdict(report)]


def _table(report: ProbeReport) -> Table:
    rows, bad = [], set()
    for number, case in enumerate(report.cases):
        if case.ran and not case.explained:
            bad.add(number)
        rows.append(
            (
                case.case,
                f"{case.elements:,}" if case.ran else "",
                f"{case.telling:,}" if case.ran else "",
                _answer(case),
            )
        )
    headers = ("case", "elements", "telling", "fits")
    return Table(headers, rows, right=frozenset({1, 2}), bad=frozenset(bad))


def _answer(case: CaseResult) -> str:
    problems = "; ".join(case.problems)
    if not case.ran:
        return problems
    if case.profiles:
        text = ", ".join(case.profiles)
    else:
        text = " ".join([case.nearest, *(f"{rule}={a}" for rule, a in case.changes.items())])
        if case.differing:
            text = f"nothing; nearest {text}, {case.differing:,} elements differ"
    missed = case.experiments - case.ran
    return f"{text} ({missed} of {case.experiments}: {problems})" if missed else text


def _rules(report: ProbeReport) -> Table:
    rows = [
        (
            case.case,
            finding.rule,
            ", ".join(finding.fits),
            ", ".join(f"{name} ({count:,})" for name, count in finding.contradicted.items()),
        )
        for case in report.judged
        for finding in case.rules
    ]
    return Table(("case", "rule", "fits", "contradicted by elements"), rows)


def _verdict(report: ProbeReport) -> list[Block]:
    if not report.judged:
        return [Text("nothing ran, so nothing is known", "bad")]
    counts = ", ".join(f"{name} {count}" for name, count in report.fitting.items())
    blocks: list[Block] = [Text(f"cases explained, of {len(report.judged)}: {counts}")]
    best = ", ".join(report.best) or "no profile"
    style = "bad" if report.unexplained else "good"
    changes = [f"  with {change} in {', '.join(cases)}" for change, cases in report.changes.items()]
    blocks.append(Text("\n".join([f"best profile: {best}", *changes]), style))
    if report.unexplained:
        blocks.append(Text(f"unexplained: {', '.join(report.unexplained)}", "bad"))
    return blocks


def probe_json(report: ProbeReport) -> dict[str, Any]:
    """The whole report as data."""
    return {
        "target": report.target,
        "engine": report.engine,
        "best": list(report.best),
        "fitting": report.fitting,
        "changes": {change: list(cases) for change, cases in report.changes.items()},
        "unexplained": list(report.unexplained),
        "cases": [
            {
                "case": case.case,
                "operator": case.operator,
                "experiments": case.experiments,
                "ran": case.ran,
                "elements": case.elements,
                "telling": case.telling,
                "profiles": list(case.profiles),
                "nearest": case.nearest,
                "changes": dict(case.changes),
                "differing": case.differing,
                "problems": list(case.problems),
                "rules": [
                    {
                        "rule": finding.rule,
                        "fits": list(finding.fits),
                        "contradicted": dict(finding.contradicted),
                    }
                    for finding in case.rules
                ],
            }
            for case in report.cases
        ],
    }
