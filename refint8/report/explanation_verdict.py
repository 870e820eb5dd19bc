"""The end of an explanation: where two profiles part, by which rule, and what was inherited."""

from __future__ import annotations

from refint8.oracle.explanation.explain import Explanation
from refint8.oracle.explanation.parting import Pair, Parting, RuleEffect
from refint8.oracle.explanation.runs import OwnRun
from refint8.report.explanation_steps import pair_text
from refint8.report.table import Block, Text


def parting_blocks(e: Explanation) -> list[Block]:
    """Nothing for one profile."""
    if e.b is None:
        return []
    names = (e.a.profile, e.b.profile)
    blocks: list[Block] = []
    if e.parting is not None:
        blocks += _parting(e.parting, names, differs=e.differs)
    elif not e.differs:
        blocks.append(Text(f"{names[0]} and {names[1]} give the same value", "good"))
    if e.own_run is not None:
        blocks.append(Text(_inherited(e.own_run, e, names[1])))
    return blocks


def _parting(parting: Parting, names: tuple[str, str], *, differs: bool) -> list[Block]:
    if not differs:
        others = ", ".join(rule.name for rule in parting.rules)
        quiet = f" (rules that differ without effect on it: {others})" if others else ""
        return [Text(f"{names[0]} and {names[1]} give the same value{quiet}", "good")]
    told = [("step", parting.step), ("constant", parting.constant)]
    if _same_arithmetic(parting.step):
        told.reverse()
    blocks: list[Block] = []
    for what, pair in told:
        if pair is not None:
            text = f"first {what} to part: {' > '.join(pair.path)}"
            blocks.append(Text(f"{text}\n{pair_text(pair, names)}", "bad"))
    if parting.earlier is not None:
        at = ",".join(map(str, parting.earlier))
        blocks.append(Text(f"earlier steps in time differ already, the first at {at}"))
    decisive = parting.decisive
    if decisive:
        blocks += [Text(f"by rule {_rule(rule)}") for rule in decisive]
    elif parting.rules:
        blocks.append(Text("no single rule makes the difference; these differ:"))
        blocks += [Text(f"  rule {_rule(rule)}") for rule in parting.rules]
    without = [rule.name for rule in parting.rules if not rule.decisive]
    if decisive and without:
        blocks.append(Text(f"without effect by themselves on this element: {', '.join(without)}"))
    return blocks


def _same_arithmetic(pair: Pair | None) -> bool:
    """Whether both sides do the same there, so that other constants make the difference."""
    return pair is None or (
        pair.a is not None and pair.b is not None and pair.a.formula == pair.b.formula
    )


def _rule(rule: RuleEffect) -> str:
    return f"{rule.name} ({rule.meaning}): {rule.a} against {rule.b}"


def _inherited(own: OwnRun, e: Explanation, name: str) -> str:
    if own.refused:
        return f"{name} does not run the whole model: {own.refused}"
    lines = []
    if own.inputs:
        listed = ", ".join(f"'{d.name}' ({d.differing}/{d.elements})" for d in own.inputs)
        lines.append(
            f"in its own run {name} has {own.value} here: its inputs differ already: {listed};"
            f" above, both start from {e.a.profile}'s"
        )
    first = own.first
    if first is None:
        lines.append("the two profiles compute equal tensors everywhere in this run")
    elif first.tensor == e.tensor:
        lines.append(
            f"this is the first tensor that parts: {first.differing}/{first.elements} differ"
        )
    else:
        lines.append(
            f"the runs first part at tensor {first.tensor} '{first.name}', operator"
            f" {first.operator} {first.operator_name}: {first.differing}/{first.elements} differ"
        )
    return "\n".join(lines)
