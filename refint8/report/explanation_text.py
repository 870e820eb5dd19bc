"""An explanation in words and tables: what enters, the constants, the steps, where two part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from refint8.numerics.recording import Step
from refint8.oracle.explanation.derivation import Derivation
from refint8.oracle.explanation.entering import Element, Entering, Term
from refint8.oracle.explanation.explain import Explanation
from refint8.report.explanation_steps import dropped_text, number, operands_text, result_text
from refint8.report.explanation_verdict import parting_blocks
from refint8.report.table import Block, Table, Text, plain

TERMS = 8
"""Terms of a long sum that are listed."""

NAME_LENGTH = 40
"""Characters of a tensor's name in the table of what enters."""

FEW = 6
"""Steps inside a step that are shown without being asked for."""

Aligned = tuple[int, str, Step | None, Step | None]
"""Depth, name and what either side does there."""


def explanation_text(explanation: Explanation, *, terms: int = TERMS, every: bool = False) -> str:
    """The whole answer as plain text."""
    return "\n".join(plain(b) for b in explanation_blocks(explanation, terms=terms, every=every))


def explanation_blocks(
    explanation: Explanation, *, terms: int = TERMS, every: bool = False
) -> list[Block]:
    """The whole answer. `terms` are listed of a long sum; `every` shows all steps inside steps."""
    e, a, b = explanation, explanation.a, explanation.b
    blocks: list[Block] = [Text(_head(e))]
    if e.operator is None:
        return [
            *blocks,
            Text(f"The tensor is an {a.enters.kind} of the model: nothing derives it."),
        ]
    blocks += [Text(""), *_entering(e, a.enters, terms)]
    if a.constants or (b is not None and b.constants):
        blocks += [Text(""), _constants(a, b)]
    path = e.parting.step.path if e.parting is not None and e.parting.step is not None else ()
    if a.steps or (b is not None and b.steps):
        blocks += [Text(""), _steps(a, b, path, every=every)]
    for derivation in (a, b):
        if derivation is not None and derivation.refused:
            blocks.append(Text(f"{derivation.profile} refuses: {derivation.refused}", "bad"))
    return [*blocks, Text(""), *parting_blocks(e)]


def _head(e: Explanation) -> str:
    values = [_value(e, derivation) for derivation in (e.a, e.b) if derivation is not None]
    at = ",".join(map(str, e.index))
    shape = ",".join(map(str, e.shape))
    lines = [
        f"{e.model}  {e.name or 'unnamed'} (tensor {e.tensor}, {e.dtype} [{shape}]) at {at}:"
        f" {', '.join(values)}"
    ]
    if e.operator is not None:
        lines.append(f"written by operator {e.operator} {e.operator_name}")
    handed = [d.profile for d in (e.a, e.b) if d is not None and d.handed_on]
    lines += [f"{name} hands the operator on to kernels with rules of their own" for name in handed]
    return "\n".join(lines)


def _value(e: Explanation, derivation: Derivation) -> str:
    real = e.real(derivation.value)
    text = "refused" if derivation.value is None else number(derivation.value)
    return f"{text}{'' if real is None else f' (real {real:.6g})'} under {derivation.profile}"


def _entering(e: Explanation, enters: Entering, limit: int) -> list[Block]:
    names = {position: _short(name) or f"tensor {i}" for position, (i, name) in enumerate(e.inputs)}
    listed = enters.terms[:limit] if enters.total is not None else enters.terms
    if enters.kind == "copy":
        (element,) = listed[0].elements
        return [Text(f"copied from {_place(element, names)} = {number(element.value)}")]
    if enters.kind == "constant":
        return [Text("no input's value enters: it follows from shapes, parameters or a fill value")]
    if enters.kind == "unknown":
        hint = f"`refint8 ops {e.operator_name.split(' ')[0]}` has the operator's formula"
        return [Text(f"what enters is not followed for this operator; {hint}")]
    rows: list[Sequence[str]] = [_row(term, names) for term in listed]
    headers: Sequence[str] = ("input", "value", "- zp", "input", "value", "- zp", "product")
    if enters.kind != "products":
        rows, headers = [row[:2] for row in rows], headers[:2]
    right = frozenset({1, 2, 4, 5, 6})
    blocks: list[Block] = [Table(headers, rows, right, title=f"enters: {_count(enters)}")]
    if enters.count > len(listed):
        rest = enters.count - len(listed)
        shown = sum(term.part for term in listed)
        total = enters.total or 0
        blocks.append(Text(f"and {rest} smaller ones, together {number(total - shown)}"))
    if enters.total is not None:
        blocks.append(Text(f"sum {number(enters.total)}"))
    return blocks


def _count(enters: Entering) -> str:
    what = {"products": "products", "window": "values under the window", "row": "values"}
    kind = what.get(enters.kind, "elements")
    count = "one element" if enters.count == 1 else f"{enters.count} {kind}"
    outside = f", {enters.outside} taps outside the image add nothing" if enters.outside else ""
    return count + outside


def _row(term: Term, names: dict[int, str]) -> tuple[str, ...]:
    cells: list[str] = []
    for element in term.elements:
        difference = number(element.value - element.zero_point)
        cells += [_place(element, names), number(element.value), difference]
    return (*cells, number(term.part))


def _short(name: str) -> str:
    """Converters join the names of all fused operators; the first, or its end, tells enough."""
    first = name.split(";", maxsplit=1)[0]
    return first if len(first) <= NAME_LENGTH else "..." + first[3 - NAME_LENGTH :]


def _place(element: Element, names: dict[int, str]) -> str:
    return f"{names[element.input]}[{','.join(map(str, element.index))}]"


def _constants(a: Derivation, b: Derivation | None) -> Table:
    both = b is not None and [s.result for s in a.constants] == [s.result for s in b.constants]
    sides = [("", a)] if b is None or both else [(a.profile, a), (b.profile, b)]
    rows: list[Sequence[str]] = [
        (
            profile,
            step.name,
            step.formula,
            operands_text(step),
            result_text(step),
            dropped_text(step.dropped),
        )
        for profile, derivation in sides
        for step in derivation.constants
    ]
    headers: Sequence[str] = ("", "constant", "how", "of", "result", "dropped")
    if len(sides) == 1:
        rows, headers = [row[1:] for row in rows], headers[1:]
    return Table(headers, rows)


def _steps(a: Derivation, b: Derivation | None, path: Sequence[str], *, every: bool) -> Table:
    if b is None:
        rows = [
            (
                "  " * depth + name,
                one.formula,
                operands_text(one),
                result_text(one),
                dropped_text(one.dropped),
            )
            for depth, name, one, _ in _aligned(a.steps, a.steps, path, every=every)
            if one is not None
        ]
        return Table(("step", "how", "of", "result", "dropped"), rows)
    lines = list(_aligned(a.steps, b.steps, path, every=every))
    bad = frozenset(n for n, line in enumerate(lines) if not _same(line[2], line[3]))
    cells: list[Sequence[str]] = [
        ("  " * depth + name, *_side(one), *_side(two), "" if n not in bad else "*")
        for n, (depth, name, one, two) in enumerate(lines)
    ]
    headers = ("step", a.profile, "dropped", b.profile, "dropped", "")
    return Table(headers, cells, bad=bad)


def _same(a: Step | None, b: Step | None) -> bool:
    return a is not None and b is not None and a.result == b.result


def _side(step: Step | None) -> tuple[str, str]:
    return ("-", "") if step is None else (result_text(step), dropped_text(step.dropped))


def _aligned(
    a: Sequence[Step], b: Sequence[Step], path: Sequence[str], depth: int = 0, *, every: bool
) -> Iterator[Aligned]:
    """Steps side by side by their names, and those inside them where they are worth showing."""
    matcher = SequenceMatcher(None, [s.name for s in a], [s.name for s in b], autojunk=False)
    for kind, a_from, a_to, b_from, b_to in matcher.get_opcodes():
        if kind != "equal":
            yield from ((depth, step.name, step, None) for step in a[a_from:a_to])
            yield from ((depth, step.name, None, step) for step in b[b_from:b_to])
            continue
        for one, two in zip(a[a_from:a_to], b[b_from:b_to], strict=True):
            yield depth, one.name, one, two
            parts = depth < len(path) and path[depth] == one.name and one.result != two.result
            if every or parts or max(len(one.steps), len(two.steps)) <= FEW:
                yield from _aligned(one.steps, two.steps, path, depth + 1, every=every)
