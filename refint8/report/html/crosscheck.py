"""Crosscheck reports as a page."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from refint8.oracle.explained import Explained
from refint8.oracle.findings import (
    Alone,
    Comparison,
    Count,
    Finding,
    Report,
    TensorResult,
    own_differences,
)
from refint8.report.details import ROLES
from refint8.report.html.bounds import Budget, choose
from refint8.report.html.page import Command, Detail, Facts, Page, Part, Row, Tone, View
from refint8.report.html.views import fitting, passages, segments, view
from refint8.report.html.wording import COMMAND, NAME, TITLE, machine, number, one_line, plural

TONES: Final[Mapping[str, Tone]] = {
    "equal": "good",
    "different": "bad",
    "malformed": "bad",
    "undefined": "bad",
    "unsupported": "warn",
    "crashed": "warn",
    "aborted": "warn",
    "timed out": "warn",
    "refused": "warn",
}
ROLE_TONES: Final[Mapping[str, Tone]] = {"equal": "good", "cause": "bad", "unknown": "mute"}
RANK: Final = ("cause", "in place", "downstream", "inherited")


@dataclass(frozen=True)
class Checked:
    """A report, and for each of its comparisons the explanations by tensor."""

    report: Report
    explained: Sequence[Mapping[int, Explained]] = ()


@dataclass(frozen=True)
class Arguments:
    """The command lines of a page. `inputs` are those of a single model's input files, if any."""

    command: str = ""
    inputs: tuple[str, ...] = ()
    unreadable: Mapping[str, str] = field(default_factory=dict)


def crosscheck_page(checked: Sequence[Checked], arguments: Arguments | None = None) -> Page:
    """The page of one or more crosschecks."""
    said = arguments or Arguments()
    budget = Budget.of_a_page()
    parts = tuple(
        _part(
            each.report,
            comparison,
            each.explained[n] if n < len(each.explained) else {},
            said,
            budget,
        )
        for each in checked
        for n, comparison in enumerate(each.report.comparisons)
    )
    comparisons = [c for each in checked for c in each.report.comparisons]
    different = sum(c.verdict in ("different", "malformed") for c in comparisons)
    equal = sum(c.verdict == "equal" for c in comparisons)
    verdict, tone = ("different", "bad") if different else ("equal", "good")
    if not different and equal < len(comparisons) + len(said.unreadable):
        verdict, tone = ("not all compared" if equal else "nothing compared", "warn")
    count = Count.of(result for c in comparisons for result in c.tensors)
    sentence = (
        f"{plural(len(checked), 'model')}, {plural(len(comparisons), 'comparison')}:"
        f" {equal} equal, {different} different; {number(count.differing)} of"
        f" {number(count.elements)} elements in {plural(count.tensors, 'tensor')} differ"
    )
    return Page(
        title="refint8 crosscheck",
        verdict=verdict,
        tone=tone,  # type: ignore[arg-type]
        sentence=sentence,
        environment=(*machine(), *_engines(comparisons)),
        command=one_line(said.command, COMMAND),
        parts=parts,
        notes=tuple(one_line(f"unreadable: {text}") for text in said.unreadable.values()),
    )


def _engines(comparisons: Sequence[Comparison]) -> Facts:
    return tuple(dict.fromkeys((c.target, one_line(c.engine)) for c in comparisons))


def _part(
    report: Report,
    comparison: Comparison,
    explained: Mapping[int, Explained],
    said: Arguments,
    budget: Budget,
) -> Part:
    rows, omitted = _rows(report, comparison, explained, said, budget)
    roles = [
        ("by themselves" if f.role == "cause" else f.role, ROLE_TONES.get(f.role, "warn"))
        for f in comparison.findings
    ]
    first = comparison.first
    sentence = (
        f"{number(comparison.differing)} of {number(comparison.elements)} elements differ,"
        f" {sum(r.equal for r in comparison.tensors)} of"
        f" {plural(len(comparison.tensors), 'tensor')} equal"
    )
    if comparison.causes:
        sentence += f"; {plural(len(comparison.causes), 'cause')}"
    if first is not None:
        sentence += f"; first divergence: #{first.operator} {first.operator_name}"
    seeded = "given" if report.seed is None else f"seeded, seed {report.seed}"
    facts: Facts = (
        ("model", one_line(report.model)),
        ("sha256", report.sha256),
        ("target", comparison.target),
        ("engine", one_line(comparison.engine)),
        ("profile", comparison.profile),
        ("inputs", f"{plural(report.samples, 'input set')}, {seeded}"),
        ("mode", report.mode),
        ("tensors", f"{len(comparison.tensors)} compared of {comparison.expected}"),
    )
    named = one_line(report.model.rsplit("/", 1)[-1], NAME)
    return Part(
        title=f"{named} against {comparison.target}, profile {comparison.profile}",
        verdict=comparison.verdict,
        tone=TONES.get(comparison.verdict, "mute"),
        sentence=sentence,
        facts=facts,
        segments=segments(roles),
        rows=rows,
        command=_command("crosscheck", report, comparison, said),
        omitted=omitted,
        notes=(one_line(comparison.detail),) if comparison.detail else (),
    )


def _rows(
    report: Report,
    comparison: Comparison,
    explained: Mapping[int, Explained],
    said: Arguments,
    budget: Budget,
) -> tuple[tuple[Row, ...], str]:
    """The rows that there is room for, in execution order, and a word on the others."""
    wanted = [
        (finding, result)
        for finding in comparison.findings
        for result in _tensors(finding) or (None,)
    ]
    shown = choose([_rank(finding) for finding, _ in wanted], budget)
    rows = []
    for n in shown.rows:
        finding, result = wanted[n]
        detail = None
        if n in shown.details:
            tensor = -1 if result is None else result.tensor
            detail = _detail(report, comparison, finding, result, explained.get(tensor), said)
        rows.append(_row(finding, result, comparison.first, detail))
    return tuple(rows), shown.omitted


def _rank(finding: Finding) -> int | None:
    if finding.role in RANK:
        return RANK.index(finding.role)
    told = finding.alone is not None and finding.alone.detail
    return len(RANK) if told else None


def _tensors(finding: Finding) -> tuple[TensorResult, ...]:
    if finding.tensors:
        return finding.tensors
    return () if finding.alone is None else finding.alone.tensors


def _row(
    finding: Finding,
    result: TensorResult | None,
    first: TensorResult | None,
    detail: Detail | None,
) -> Row:
    in_model = result is not None and result in finding.tensors
    said = [ROLES.get(finding.role, finding.role)]
    if result is not None and result is first:
        said.insert(0, "first divergence")
    if finding.alone is not None and finding.alone.verdict not in ("equal", "different"):
        said.append(f"alone: {finding.alone.verdict}")
    name = "" if result is None else result.name or f"tensor {result.tensor}"
    problem = result is not None and bool(result.diff.problem)
    return Row(
        number=finding.operator,
        operator=one_line(finding.operator_name, NAME),
        tensor=one_line(name, NAME),
        full_name=one_line(name, TITLE),
        differing=result.differing if result is not None and in_model else 0,
        elements=result.elements if result is not None and in_model else 0,
        largest="" if result is None or problem or not in_model else number(result.largest),
        alone=_alone(finding.alone, result),
        verdict=", ".join(said),
        tone=ROLE_TONES.get(finding.role, "warn"),
        detail=detail,
    )


def _alone(alone: Alone | None, result: TensorResult | None) -> str:
    if alone is None or result is None:
        return "" if alone is None else alone.verdict
    mine = next((each for each in alone.tensors if each.tensor == result.tensor), None)
    return alone.verdict if mine is None else f"{number(mine.differing)}/{number(mine.elements)}"


def _detail(
    report: Report,
    comparison: Comparison,
    finding: Finding,
    result: TensorResult | None,
    explained: Explained | None,
    said: Arguments,
) -> Detail:
    facts: list[tuple[str, str]] = []
    if result is not None:
        facts.append(("tensor", f"{result.tensor} {one_line(result.name)}".strip()))
    if finding.alone is not None and finding.alone.detail:
        facts.append(("alone", one_line(finding.alone.detail)))
    if finding.note:
        facts.append(("note", one_line(finding.note)))
    verdict = ""
    if explained is not None and explained.fits:
        verdict = fitting(explained)
    tensors = () if result is None else (result.tensor,)
    commands = [_repro(report, comparison, finding, tensors, said)] if tensors else []
    commands += [_explain(report, each, said) for each in [explained] if each is not None]
    return Detail(
        tuple(facts),
        _views(finding, result),
        verdict,
        () if explained is None else passages(explained),
        tuple(commands),
    )


def _views(finding: Finding, result: TensorResult | None) -> tuple[View, ...]:
    if result is None:
        return ()
    alone = () if finding.alone is None else finding.alone.tensors
    single = next((each for each in alone if each.tensor == result.tensor), None)
    in_model = result if result in finding.tensors and not result.equal else None
    if single is not None and single.equal:
        single = None
    if in_model is not None and single is not None and in_model.map == single.map is not None:
        return (view("in the model, and the same alone", in_model),)
    made = [] if single is None else [view("alone, fed with refint8's values", single)]
    return tuple(made if in_model is None else [*made, view("in the model", in_model)])


def _repro(
    report: Report,
    comparison: Comparison,
    finding: Finding,
    tensors: Sequence[int],
    said: Arguments,
) -> Command:
    alone = bool(own_differences(finding)) and finding.alone is not None
    mode = ["--mode", "isolated" if alone else "cumulative"]
    chosen = [part for tensor in tensors for part in ("--tensor", str(tensor))]
    label = "this operator alone" if alone else "this tensor in the model"
    return Command(label, _command("crosscheck", report, comparison, said, *mode, *chosen))


def _command(verb: str, report: Report, comparison: Comparison, said: Arguments, *more: str) -> str:
    words = ["refint8", verb, report.model, "-a", comparison.target, "-p", comparison.profile]
    mode = () if "--mode" in more else ("--mode", report.mode)
    return one_line(shlex.join([*words, *_inputs(report, said), *mode, *more]), COMMAND)


def _explain(report: Report, explained: Explained, said: Arguments) -> Command:
    element, explanation = explained.elements[0], explained.explanations[0]
    words = ["refint8", "explain", report.model, "--tensor", str(explained.tensor)]
    words += ["--at", ",".join(map(str, element.index)), "-p", explanation.a.profile]
    words += ["-a", explained.fits[0]] if explained.fits else []
    words += [*said.inputs] or ["--seed", str(report.seed or 0)]
    line = one_line(shlex.join([*words, "--sample", str(element.sample)]), COMMAND)
    return Command("the first element", line)


def _inputs(report: Report, said: Arguments) -> Sequence[str]:
    if report.seed is None:
        return said.inputs
    return ("--seed", str(report.seed), "--samples", str(report.samples))
