"""Operators one by one on an engine, each fed with refint8's own values."""

from __future__ import annotations

from collections.abc import Sequence

from refint8.errors import DomainError, Refint8Error
from refint8.model.types import Model, Operator
from refint8.oracle.findings import Alone, Finding, Role, TensorResult, Verdict, verdict_of
from refint8.oracle.inputs import InputSet
from refint8.oracle.ours import Ours, Single
from refint8.oracle.targets import Case, Outcome, Target, run_cases
from refint8.oracle.tensor_results import tensor_result


def run_alone(
    model: Model,
    one: Target,
    profile: str,
    ours: Ours,
    operators: Sequence[Operator],
    *,
    time_limit: float,
    stream: bool,
    fresh: bool,
) -> dict[int, Alone]:
    """Every operator alone against the target, by operator index. The model ran under `profile`."""
    found: dict[int, Alone] = {}
    singles = []
    for operator in operators:
        single = ours.single(profile, operator)
        if isinstance(single, Single):
            singles.append(single)
        else:
            found[operator.index] = Alone("skipped", detail=single)
    cases = [Case(single.made.content, single.inputs) for single in singles]
    outcomes = run_cases(one, cases, time_limit=time_limit, stream=stream, fresh=fresh)
    for single, outcome in zip(singles, outcomes, strict=True):
        found[single.operator.index] = _judged(model, profile, ours, single, outcome)
    return found


def _judged(model: Model, profile: str, ours: Ours, single: Single, outcome: Outcome) -> Alone:
    delegated = None if outcome.delegated is None else 0 in outcome.delegated
    if outcome.status != "ran":
        return Alone(outcome.status, detail=outcome.detail, delegated=delegated)
    theirs = [
        {old: found[new] for old, new in single.made.outputs.items() if new in found}
        for found in outcome.tensors
    ]
    mine = ours.results(profile)
    assert isinstance(mine, list)
    results = _results(model, single.operator, mine, theirs)
    detail = outcome.detail
    if not all(result.equal for result in results):
        # Under some profiles an operator without its neighbours is another operator.
        alone = ours.alone(profile, single)
        if isinstance(alone, Refint8Error):
            verdict: Verdict = "undefined" if isinstance(alone, DomainError) else "unsupported"
            return Alone(verdict, detail=str(alone), delegated=delegated)
        other = _results(model, single.operator, alone, theirs)
        if any(a.differing != b.differing for a, b in zip(results, other, strict=True)):
            detail = f"alone refint8 computes it otherwise too\n{detail}".strip()
        results = other
    return Alone(verdict_of("ran", results), results, detail, delegated)


def _results(
    model: Model,
    operator: Operator,
    mine: Sequence[InputSet],
    theirs: Sequence[InputSet],
) -> tuple[TensorResult, ...]:
    tensors = model.subgraphs[0].tensors
    return tuple(
        tensor_result(tensors[index], operator, mine, theirs)
        for index in dict.fromkeys(operator.outputs)
        if index in mine[0]
    )


def findings(
    model: Model,
    operators: Sequence[Operator],
    results: Sequence[TensorResult],
    alone: dict[int, Alone],
    delegated: frozenset[int] | None,
) -> tuple[Finding, ...]:
    """What each operator's tensors in the model and itself alone say together."""
    by_tensor = {result.tensor: result for result in results}
    tensors = model.subgraphs[0].tensors
    given = {-1, *model.subgraphs[0].inputs}
    given |= {t.index for t in tensors if t.data is not None or t.is_variable}
    found = []
    for operator in operators:
        mine = tuple(by_tensor[i] for i in dict.fromkeys(operator.outputs) if i in by_tensor)
        fed_equally = all(
            i in given or (i in by_tensor and by_tensor[i].equal) for i in operator.inputs
        )
        single = alone.get(operator.index)
        in_model = None if delegated is None else operator.index in delegated
        found.append(
            Finding(
                operator.index,
                operator.title,
                _role(mine, single, fed_equally),
                mine,
                single,
                in_model,
                _note(in_model, single),
            )
        )
    return tuple(found)


def _role(mine: Sequence[TensorResult], alone: Alone | None, fed_equally: bool) -> Role:
    compared_alone = alone is not None and alone.verdict in ("equal", "different", "malformed")
    differs = any(not result.equal for result in mine)
    if compared_alone and alone is not None and alone.verdict != "equal":
        return "cause"
    if differs and compared_alone:
        return "in place" if fed_equally else "inherited"
    if differs:
        return "cause" if fed_equally else "downstream"
    return "equal" if mine or compared_alone else "unknown"


def _note(in_model: bool | None, alone: Alone | None) -> str:
    if in_model is None or alone is None or alone.delegated is None:
        return ""
    if in_model and not alone.delegated:
        return "delegated in the model, not alone"
    if alone.delegated and not in_model:
        return "delegated alone, not in the model"
    return ""
