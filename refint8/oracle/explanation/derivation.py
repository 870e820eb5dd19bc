"""One element under one assignment of rules: the operator's own definition, run and listened to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from refint8.engine.plan import Plan, all_subgraphs, apply, node_of, prepare_operator
from refint8.engine.plan import Step as PlanStep
from refint8.errors import DomainError, UnsupportedError
from refint8.model.types import Tensor
from refint8.numerics.recording import Recorder, Step, recording
from refint8.numerics.rules import Rules
from refint8.ops import Record
from refint8.ops._delegation import under_its_rules
from refint8.ops._op import Array, Shape
from refint8.oracle.explanation.entering import Entering, Number, entering
from refint8.oracle.explanation.focus import Index, Inputs, constants_of, focus_on

SUMS = ("sum of products", "sum of features")
"""Names of steps that are the sum of products and nothing else."""

UNTELLING = frozenset({-1, 0, 1})
"""Numbers that too many steps have in common to tell which constant went into which."""


@dataclass(frozen=True)
class Derivation:
    """One element under the rules of `profile`.

    `constants` are the steps by which scales became what the element's `steps` use: real factors,
    multipliers and shifts, bounds, the entry of a table. `value` is the element, None where the
    rules refuse (`refused` says why, `steps` go as far as they went). `handed_on`: the operator
    follows the rules of a second set of kernels (rule `delegation`).
    """

    profile: str
    value: Number | None
    enters: Entering
    constants: tuple[Step, ...] = ()
    steps: tuple[Step, ...] = ()
    refused: str = ""
    handed_on: bool = False


@dataclass(frozen=True, eq=False)
class Scene:
    """An operator with the values that it was given in one run, and the element looked at.

    `values` are those of all tensors before the operator ran, by index; `given` is the element as
    the run computed it, in a tensor of `shape`.
    """

    plan: Plan
    step: PlanStep
    values: Mapping[int, Array]
    output: int
    shape: Shape
    index: Index
    given: Number

    @property
    def tensor(self) -> Tensor:
        """The tensor that the element is in."""
        return self.plan.subgraph.tensors[self.step.operator.outputs[self.output]]

    @property
    def inputs(self) -> Inputs:
        """The operator's inputs; None for an absent one."""
        return tuple(self.values[i] if i >= 0 else None for i in self.step.operator.inputs)

    def record(self, rules: Rules) -> Record:
        """The operator's record under other rules. Raises UnsupportedError, DomainError."""
        plan, step = self.plan, self.step
        around = all_subgraphs(plan.model, rules)
        shapes: dict[int, Shape | None] = {**plan.shapes}
        shapes |= {i: value.shape for i, value in self.values.items()}
        for known in (plan.values, {**plan.values, **self.values}):
            record = prepare_operator(
                step.operator, step.where, plan.subgraph, around, shapes, plan.dtypes, known
            )
            if record is not None:
                return record
        raise AssertionError("all shapes and values are known")

    def rules_in_force(self, rules: Rules) -> Rules:
        """Those that the operator follows where the rules hand it to kernels of other ones."""
        plan, step = self.plan, self.step
        shapes: dict[int, Shape | None] = {**plan.shapes}
        shapes |= {i: value.shape for i, value in self.values.items()}
        around = all_subgraphs(plan.model, rules)
        graph, dtypes = plan.subgraph, plan.dtypes
        node = node_of(step.operator, graph, around, shapes, dtypes, plan.values)
        in_force: Rules = under_its_rules(node).rules
        return in_force

    def output_array(self, rules: Rules) -> Array:
        """The whole output under the rules. Raises UnsupportedError, DomainError."""
        record = self.record(rules)
        if record.needs_environment:
            raise UnsupportedError("what the operator computes depends on more than its inputs")
        try:
            outputs, _ = apply(record, self.step.operator, self.values)
        except (UnsupportedError, DomainError) as error:
            raise error.at(self.step.where) from None
        return outputs[self.output]


def same_value(a: Number | None, b: Number | None) -> bool:
    """Whether two elements are equal; a NaN is equal to a NaN."""
    numbers = a is not None and b is not None
    return a == b or (numbers and math.isnan(a or 0) and math.isnan(b or 0))


def derive(scene: Scene, profile: str, rules: Rules) -> Derivation:
    """The element's derivation; what the rules refuse is in it."""
    inputs, shape, index = scene.inputs, scene.shape, scene.index
    prepared = Recorder(constants_of(inputs, shape, index))
    try:
        with recording(prepared):
            record = scene.record(rules)
    except (UnsupportedError, DomainError) as error:
        return Derivation(profile, None, Entering("unknown"), refused=str(error))
    if record.needs_environment:
        return Derivation(profile, scene.given, Entering("unknown"))
    focus = focus_on(record, inputs, shape, index)
    recorder, value, refused = Recorder(focus.locate), None, ""
    try:
        with recording(recorder):
            outputs, _ = apply(record, scene.step.operator, scene.values)
        value = outputs[scene.output][index].item()
    except (UnsupportedError, DomainError) as error:
        refused = str(error.at(scene.step.where))
    steps = recorder.steps if refused else focus.select(recorder.steps)
    computed = bool(steps)
    enters = entering(record, inputs, scene.output, shape, index, computed=computed)
    _check_sum(enters, steps)
    constants = _used(prepared.steps, steps)
    handed_on = scene.rules_in_force(rules) != rules
    return Derivation(profile, value, enters, constants, steps, refused, handed_on)


def _check_sum(enters: Entering, steps: Iterable[Step]) -> None:
    """What is said to enter adds up to the sum that was computed."""
    sums = [step.result for step in steps if step.name in SUMS]
    same = enters.kind != "products" or not sums or sums[0] == enters.total
    assert same, f"{enters.total} enter a sum of {sums}"


def _used(prepared: Iterable[Step], steps: Iterable[Step]) -> tuple[Step, ...]:
    """The steps of preparation whose results the element's steps use, directly or in turn.

    A constant is recognised by its value: a multiplier with its shift, or a factor, is hardly
    ever that of another channel as well, and then it is the same.
    """
    wanted = {
        number for step in _all(steps) for number in (*step.operands.values(), *_results(step))
    }
    used: list[Step] = []
    for step in reversed(list(prepared)):
        results = _results(step)
        if set(results) <= wanted and not set(results) <= UNTELLING and step not in used:
            used.append(step)
            wanted |= set(step.operands.values())
    return tuple(reversed(used))


def _results(step: Step) -> tuple[Number, ...]:
    return step.result if isinstance(step.result, tuple) else (step.result,)


def _all(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from _all(step.steps)
