"""A verdict on a device's dump as a page."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import Final

from refint8.oracle.diff_map import DiffMap
from refint8.oracle.explained import Explained
from refint8.oracle.findings import Count, TensorResult
from refint8.oracle.golden.layout import MODEL
from refint8.oracle.verify.closer import RANK, difference_maps, explained_verdicts, rank
from refint8.oracle.verify.verdicts import OperatorVerdict, TensorVerdict, VerifyReport
from refint8.report.html.bounds import DETAILS, Budget, choose
from refint8.report.html.page import Command, Detail, Facts, Page, Part, Row, Tone, View
from refint8.report.html.views import fitting, passages, segments, view
from refint8.report.html.wording import COMMAND, NAME, TITLE, machine, number, one_line, plural
from refint8.report.verify_text import OUTCOMES, kind_text, verdict_text

OUTCOME_TONES: Final[Mapping[str, Tone]] = {
    "equal": "good",
    "waived": "good",
    "partial": "warn",
    "incomplete": "bad",
    "differs": "bad",
    "unusable": "bad",
}
ROLE_TONES: Final[Mapping[str, Tone]] = {
    "equal": "good",
    "cause": "bad",
    "input": "bad",
    "within": "bad",
    "unknown": "mute",
}
HEADERS: Final = (
    *("#", "operator", "tensor", "differ", "share", "max", "on its own inputs", "verdict"),
)
PROBLEMS: Final = 20
LISTED: Final = 5


def verify_page(report: VerifyReport, golden: str, dump: str, command: str = "") -> Page:
    """The page of one verdict; reads again what differs, and explains it.

    `golden` and `dump` are what the user calls them.
    """
    maps = difference_maps(report, DETAILS)
    explained = explained_verdicts(report, maps)
    part = _part(report, (golden, dump), maps, explained)
    waived = tuple(
        f"waiver {one_line(str(use.waiver), TITLE)} is {use.state}: {one_line(use.waiver.reason)}"
        for use in report.waivers
    )
    problems = [one_line(f"{p.file}: {p.reason}") for p in report.problems]
    more = len(problems) - PROBLEMS
    return Page(
        title="refint8 verify",
        verdict=report.outcome,
        tone=OUTCOME_TONES[report.outcome],
        sentence=OUTCOMES[report.outcome].partition(": ")[2],
        environment=(*machine(), ("golden by", f"refint8 {one_line(report.golden.version)}")),
        command=one_line(command, COMMAND),
        parts=(replace(part, notes=(*part.notes, *waived)),),
        notes=(*problems[:PROBLEMS], *([f"and {more:,} more problems"] if more > 0 else [])),
    )


def _part(
    report: VerifyReport,
    names: tuple[str, str],
    maps: Mapping[int, DiffMap],
    explained: Mapping[int, Explained],
) -> Part:
    golden = report.golden
    wanted = [(o, t) for o in report.operators for t in o.tensors]
    shown = choose([_rank(o, t) for o, t in wanted], Budget.of_a_page())
    rows = []
    for n in shown.rows:
        operator, tensor = wanted[n]
        index = tensor.tensor.index
        detail = None
        if n in shown.details:
            detail = _detail(
                names[0], report, operator, tensor, maps.get(index), explained.get(index)
            )
        rows.append(_row(report, operator, tensor, detail))
    compared = [t for t in report.tensors if t.result is not None]
    sentence = (
        f"{number(report.differing)} of {number(report.elements)} elements differ,"
        f" {sum(not t.differs for t in compared)} of {plural(len(compared), 'tensor')} equal"
    )
    if report.causes:
        sentence += f"; {plural(len(report.causes), 'cause')}"
    if report.first is not None:
        sentence += f"; first divergence: {_number(report.first)}{report.first.name}"
    facts: Facts = (
        ("golden", one_line(names[0])),
        ("dump", one_line(names[1])),
        ("model", one_line(golden.model_name)),
        ("sha256", golden.model_sha256),
        ("profile", one_line(golden.profile)),
        ("inputs", _inputs(report)),
        ("tensors", f"{len(compared)} dumped of {len(report.tensors)}"),
        ("required", report.require),
    )
    lacking = [one_line(t.tensor.name, NAME) for t in report.lacking]
    missing = f"missing: {', '.join(lacking[:LISTED])}" + (", ..." if lacking[LISTED:] else "")
    title = f"{one_line(names[1], NAME)} against {one_line(golden.model_name, NAME)}"
    return Part(
        title=f"{title}, profile {one_line(golden.profile, NAME)}",
        verdict=report.outcome,
        tone=OUTCOME_TONES[report.outcome],
        sentence=sentence,
        facts=facts,
        segments=segments([_standing(o) for o in report.operators]),
        rows=tuple(rows),
        command="",
        omitted=shown.omitted,
        notes=(*map(one_line, report.notes), *([missing] if lacking else [])),
        headers=HEADERS,
    )


def _inputs(report: VerifyReport) -> str:
    seed = report.golden.seed
    made = "given" if seed is None else f"seeded, seed {seed}"
    return f"{plural(len(report.golden.samples), 'input set')}, {made}"


def _number(operator: OperatorVerdict) -> str:
    return f"#{operator.operator} " if operator.operator >= 0 else ""


def _standing(operator: OperatorVerdict) -> tuple[str, Tone]:
    label = {"cause": "by themselves", "input": "fed wrongly"}.get(operator.role, operator.role)
    return label, ROLE_TONES.get(operator.role, "warn")


def _rank(operator: OperatorVerdict, tensor: TensorVerdict) -> int | None:
    if tensor.differs or tensor.problems:
        return rank(operator)
    return len(RANK) if operator.note else None


def _row(
    report: VerifyReport, operator: OperatorVerdict, tensor: TensorVerdict, detail: Detail | None
) -> Row:
    result = tensor.result
    tone: Tone = ROLE_TONES.get(operator.role, "warn")
    if tensor.verdict == "problem":
        tone = "bad"
    elif tensor.verdict == "waived":
        tone = "warn"
    elif tensor.verdict == "missing":
        tone = "mute"
    elif not tensor.differs:
        tone = "good"
    name = tensor.tensor.name or f"tensor {tensor.tensor.index}"
    return Row(
        number=operator.operator,
        operator=one_line(operator.name, NAME),
        tensor=one_line(name, NAME),
        full_name=one_line(name, TITLE),
        differing=0 if result is None else result.differing,
        elements=0 if result is None else result.elements,
        largest="" if result is None or result.equal else number(result.largest),
        alone=_isolated(operator),
        verdict=_verdict(report, operator, tensor),
        tone=tone,
        detail=detail,
    )


def _isolated(operator: OperatorVerdict) -> str:
    if operator.isolated is None:
        return ""
    if not operator.isolated.tensors:
        return operator.isolated.verdict
    count = Count.of(operator.isolated.tensors)
    return f"{number(count.differing)}/{number(count.elements)}"


def _verdict(report: VerifyReport, operator: OperatorVerdict, tensor: TensorVerdict) -> str:
    if tensor.verdict in ("problem", "missing"):
        return tensor.verdict if tensor.verdict == "missing" else "cannot be compared"
    if not tensor.differs:
        return "equal"
    said = one_line(verdict_text(operator, tensor), TITLE)
    return f"first divergence, {said}" if operator is report.first else said


def _detail(
    golden: str,
    report: VerifyReport,
    operator: OperatorVerdict,
    tensor: TensorVerdict,
    found: DiffMap | None,
    explained: Explained | None,
) -> Detail:
    facts = [("tensor", f"{tensor.tensor.index} {one_line(tensor.tensor.name)}".strip())]
    facts += [("looks like", one_line(kind_text(each))) for each in operator.kinds[:LISTED]]
    facts += [("where", one_line(operator.location))] if operator.location else []
    for rule in operator.rules[:LISTED]:
        facts.append(("rule", f"{rule}: {number(rule.differing)} of {number(rule.before)} differ"))
    if operator.suspects:
        facts.append(("suspects", ", ".join(f"#{n}" for n in operator.suspects[:50])))
    facts += [("note", one_line(operator.note))] if operator.note else []
    for problem in tensor.problems[:LISTED]:
        facts.append(("problem", one_line(f"{problem.file}: {problem.reason}")))
    if tensor.waiver is not None:
        said = f"{one_line(str(tensor.waiver), TITLE)}: {one_line(tensor.waiver.reason)}"
        facts.append(("waived", said))
    views: list[View] = []
    if operator.isolated is not None:
        title = "against what refint8 computes of the dump's own inputs"
        alone = [r for r in operator.isolated.tensors if r.tensor == tensor.tensor.index]
        views += [view(title, each) for each in alone if not each.equal]
    if tensor.result is not None and tensor.differs:
        against: TensorResult = replace(tensor.result, map=found)
        views.append(view("against the golden", against))
    verdict = ""
    if operator.fit is not None:
        tried = number(operator.fit.before)
        verdict = f"{operator.fit} explains all {tried} differences that it was held against"
    elif explained is not None and explained.fits:
        verdict = fitting(explained)
    return Detail(
        tuple(facts),
        tuple(views),
        verdict,
        () if explained is None else passages(explained),
        _commands(golden, report, explained),
    )


def _commands(
    golden: str, report: VerifyReport, explained: Explained | None
) -> tuple[Command, ...]:
    """Inputs that were given lie in the bundle and have no name on a command line."""
    seed = report.golden.seed
    if explained is None or seed is None:
        return ()
    element = explained.elements[0]
    words = ["refint8", "explain", str(PurePath(golden) / MODEL), "--tensor"]
    words += [str(explained.tensor), "--at", ",".join(map(str, element.index))]
    words += ["-p", report.golden.profile, *(["-a", explained.fits[0]] if explained.fits else [])]
    words += ["--seed", str(seed), "--sample", str(element.sample)]
    return (Command("the first element", one_line(shlex.join(words), COMMAND)),)
