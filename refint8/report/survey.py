"""A subgraph operator by operator: what runs, what is refused and why, with every shape known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from refint8.engine.plan import survey
from refint8.errors import Refint8Error
from refint8.model.types import Model, Operator, Subgraph
from refint8.numerics.rules import Rules
from refint8.ops import Record
from refint8.ops._op import Shape


@dataclass(frozen=True, eq=False)
class Finding:
    """One operator: its integer record, or its refusal, or neither while a run must decide."""

    operator: Operator
    record: Record | None = None
    refusal: Refint8Error | None = None


@dataclass(frozen=True, eq=False)
class Survey:
    """A subgraph's findings in execution order, and its tensors' shapes by index.

    `unknown` are the tensors whose shape only a run can know; theirs is the declared one.
    """

    graph: Subgraph
    findings: tuple[Finding, ...]
    shapes: Mapping[int, Shape]
    unknown: frozenset[int]


def surveys(model: Model, rules: Rules) -> tuple[Survey, ...]:
    """All subgraphs; never raises for what an operator refuses."""
    return tuple(_of_subgraph(model, rules, graph.index) for graph in model.subgraphs)


def _of_subgraph(model: Model, rules: Rules, subgraph: int) -> Survey:
    plan = survey(model, rules, subgraph=subgraph)
    found = tuple(Finding(step.operator, step.record, step.refusal) for step in plan.steps)
    graph = plan.subgraph
    unknown = frozenset(index for index, shape in plan.shapes.items() if shape is None)
    known = {index: shape for index, shape in plan.shapes.items() if shape is not None}
    declared = {index: graph.tensors[index].shape for index in unknown}
    return Survey(graph, found, {**known, **declared}, unknown)
