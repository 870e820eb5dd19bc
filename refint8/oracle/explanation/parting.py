"""Where two derivations of one element part, and which rules make them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

import numpy as np

from refint8.errors import DomainError, UnsupportedError
from refint8.numerics.recording import Step
from refint8.numerics.rules import CATALOGUE, Rules
from refint8.oracle.explanation.derivation import Derivation, Scene, derive, same_value
from refint8.oracle.explanation.focus import Index, time_axis


@dataclass(frozen=True)
class Pair:
    """The same place of two derivations: what each does there. None: one has no such step.

    `path` are the names of the steps that it lies in, outermost first, its own last.
    """

    path: tuple[str, ...]
    a: Step | None
    b: Step | None


@dataclass(frozen=True)
class RuleEffect:
    """A rule that the operator reads and two profiles assign differently.

    `value` is the element under A with this one rule as B has it, None where that is refused;
    `decisive`: it is B's value.
    """

    name: str
    meaning: str
    a: str
    b: str
    value: int | float | None
    decisive: bool


@dataclass(frozen=True)
class Parting:
    """Where A and B part. `constant` is the first constant that differs, `step` the first step.

    Where one rule alone makes the difference, both are those of A against A with that rule, so
    that what differs without consequence is not taken for the cause. `earlier` is an element of an
    earlier step in time that differs already: this one starts from another state.
    """

    constant: Pair | None
    step: Pair | None
    rules: tuple[RuleEffect, ...]
    earlier: Index | None = None

    @property
    def decisive(self) -> tuple[RuleEffect, ...]:
        """The rules of which each alone makes the difference."""
        return tuple(rule for rule in self.rules if rule.decisive)


def part(scene: Scene, a: Derivation, b: Derivation, assigned: tuple[Rules, Rules]) -> Parting:
    """Where two derivations of one element part; nowhere if the values are equal."""
    rules = scene.rules_in_force(assigned[0]), scene.rules_in_force(assigned[1])
    effects = tuple(_effect(scene, name, a, b, rules) for name in _differing(scene, *rules))
    if same_value(a.value, b.value):
        return Parting(None, None, effects)
    other = b
    if causes := [effect for effect in effects if effect.decisive]:
        changed = _changed(rules[0], causes[0].name, causes[0].b)
        other = derive(scene, b.profile, changed)
    return Parting(
        constant=_constant(first_difference(a.constants, other.constants)),
        step=first_difference(a.steps, other.steps),
        rules=effects,
        earlier=_earlier(scene, rules),
    )


def _earlier(scene: Scene, rules: tuple[Rules, Rules]) -> Index | None:
    """The first element, in time, that differs before the scene's."""
    axis = time_axis(scene.record(rules[0]), scene.inputs)
    if axis is None:
        return None
    try:
        first, second = (scene.output_array(each) for each in rules)
    except (UnsupportedError, DomainError):
        return None
    differing = [tuple(int(i) for i in at) for at in np.argwhere(first != second)]
    before = [at for at in differing if at[axis] < scene.index[axis]]
    return min(before, key=lambda at: at[axis], default=None)


def _changed(rules: Rules, name: str, alternative: str) -> Rules:
    """One rule changed; the rules are already those in force, so nothing is handed on."""
    changes: dict[str, Any] = {"delegation": "none", "delegated": None, name: alternative}
    return replace(rules, **changes)


def _constant(pair: Pair | None) -> Pair | None:
    """A constant that both sides have; another arithmetic has others."""
    if pair is None or pair.a is None or pair.b is None or pair.a.name != pair.b.name:
        return None
    return pair


def _differing(scene: Scene, a: Rules, b: Rules) -> list[str]:
    """Names of the rules that the operator reads and the two assign differently."""
    name = scene.step.operator.name
    return [
        rule.name
        for rule in CATALOGUE
        if (name in rule.operators or "*" in rule.operators)
        and rule.name != "delegation"
        and getattr(a, rule.name) != getattr(b, rule.name)
    ]


def _effect(
    scene: Scene, name: str, a: Derivation, b: Derivation, rules: tuple[Rules, Rules]
) -> RuleEffect:
    (rule,) = (rule for rule in CATALOGUE if rule.name == name)
    chosen = getattr(rules[0], name), getattr(rules[1], name)
    value: int | float | None = None
    try:
        array = scene.output_array(_changed(rules[0], name, chosen[1]))
        value = array[scene.index].item()
    except (UnsupportedError, DomainError):
        pass  # the alternative makes sense only together with others
    decisive = not same_value(a.value, b.value) and same_value(value, b.value)
    return RuleEffect(name, rule.meaning, *chosen, value, decisive)


def first_difference(
    a: Sequence[Step], b: Sequence[Step], path: tuple[str, ...] = ()
) -> Pair | None:
    """The first step with another result, the innermost such; steps are aligned by their names.

    Steps that only one side has part the two if the next common result differs, or if they end it.
    """
    names = [step.name for step in a], [step.name for step in b]
    pending: Pair | None = None
    blocks = SequenceMatcher(None, *names, autojunk=False).get_opcodes()
    for kind, a_from, a_to, b_from, b_to in blocks:
        if kind != "equal":
            one = a[a_from] if a_from < a_to else None
            two = b[b_from] if b_from < b_to else None
            first = [*a[a_from:a_to], *b[b_from:b_to]][0]
            pending = pending or Pair((*path, first.name), one, two)
            continue
        for one, two in zip(a[a_from:a_to], b[b_from:b_to], strict=True):
            if one.result == two.result:
                pending = None
                continue
            here = (*path, one.name)
            inner = first_difference(one.steps, two.steps, here)
            if pending is None and inner is not None and inner.a and inner.b:
                same = inner.a.name == inner.b.name
                return inner if same else Pair(here, one, two)
            return pending or Pair(here, one, two)
    if pending is not None and (_last(a) != _last(b)):
        return pending
    return None


def _last(steps: Sequence[Step]) -> object:
    return steps[-1].result if steps else None
