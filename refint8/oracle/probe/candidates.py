"""Assignments of the rules as hypotheses about an engine, and what each predicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from refint8.engine.session import Session
from refint8.errors import DomainError, UnsupportedError
from refint8.numerics.profiles import PROFILES, Profile
from refint8.numerics.rules import CATALOGUE, Rule, Rules
from refint8.oracle.probe.experiment import Experiment
from refint8.oracle.targets.outcome import Array

DEPTH: Final = 3
"""How many rules a profile may have to change before a case counts as unexplained."""

BASES: Final = 3
"""How many profiles, nearest first, a search starts from."""


@dataclass(frozen=True)
class Candidate:
    """A profile's assignment with some rules changed."""

    profile: str
    rules: Rules
    changed: tuple[tuple[str, str], ...] = ()

    @property
    def changes(self) -> dict[str, str]:
        """The changed rules with their alternatives."""
        return dict(self.changed)

    def with_rule(self, rule: str, alternative: str) -> Candidate:
        """The same with one rule changed, or itself when it has that alternative."""
        rules = self.rules.changed(rule, alternative)
        if rules == self.rules:
            return self
        kept = [(name, other) for name, other in self.changed if name != rule]
        own = PROFILES[self.profile].rules
        if own.changed(rule, alternative) != own:
            kept.append((rule, alternative))
        return Candidate(self.profile, rules, tuple(kept))


class Predictions:
    """The answers of a target to the experiments of one case, held against candidates.

    Candidates that agree in the rules which the operator reads are the same, and run once.
    """

    def __init__(self, experiments: Sequence[Experiment], answers: Sequence[Array]) -> None:
        self._experiments, self._answers = experiments, answers
        self._differing: dict[tuple[str, ...], int] = {}
        self._outputs: dict[tuple[str, ...], tuple[Array | None, ...]] = {}

    @staticmethod
    @cache
    def rules_of(operator: str) -> tuple[Rule, ...]:
        """The rules that the operator reads."""
        return tuple(rule for rule in CATALOGUE if operator in rule.operators)

    def outputs(self, candidate: Candidate) -> tuple[Array | None, ...]:
        """What the candidate predicts for each experiment; None where it refuses the model."""
        key = self._key(candidate)
        if key not in self._outputs:
            self._outputs[key] = tuple(_predict(e, candidate.rules) for e in self._experiments)
        return self._outputs[key]

    def differing(self, candidate: Candidate) -> int:
        """Elements in which the target differs; all of an experiment that is refused."""
        key = self._key(candidate)
        if key not in self._differing:
            self._differing[key] = sum(
                answer.size if mine is None else _differing(mine, answer)
                for mine, answer in zip(self.outputs(candidate), self._answers, strict=True)
            )
        return self._differing[key]

    def search(self, operator: str) -> tuple[tuple[str, ...], Candidate]:
        """The profiles that agree with every element, and the nearest candidate: a profile, or
        one with up to DEPTH rules changed, each the change that explains most.
        """
        bases = [Candidate(name, each.rules) for name, each in PROFILES.items()]
        fits = tuple(base.profile for base in bases if self.differing(base) == 0)
        ends = [min(bases, key=self.differing)]
        if not fits:
            ends = []
            for base in sorted(self._distinct(bases), key=self.differing)[:BASES]:
                ends.append(self._climb(operator, base))
                if self.differing(ends[-1]) == 0:
                    break
        return fits, min(ends, key=lambda end: (self.differing(end), len(end.changed)))

    def telling(self, operator: str) -> int:
        """Elements on which the candidates seen so far do not all agree."""
        count = 0
        for n in range(len(self._experiments)):
            seen = [o[n] for o in self._outputs.values() if o[n] is not None]
            if len(seen) > 1:
                first = _bits(seen[0])
                parted = np.zeros(first.shape[:1], bool)
                for other in seen[1:]:
                    parted |= (_bits(other) != first).any(axis=1)
                count += int(parted.sum())
        return count

    def _climb(self, operator: str, base: Candidate) -> Candidate:
        best = base
        for _ in range(DEPTH):
            nearest = best
            for rule in self.rules_of(operator):
                for alternative in rule.alternatives:
                    step = best.with_rule(rule.name, alternative)
                    if self.differing(step) < self.differing(nearest):
                        nearest = step
                    if self.differing(step) == 0:
                        return step
            if nearest is best:
                break
            best = nearest
        return best

    def _distinct(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        return list({self._key(candidate): candidate for candidate in candidates[::-1]}.values())

    def _key(self, candidate: Candidate) -> tuple[str, ...]:
        """The alternatives of the rules that the operator reads, delegated or not."""
        names = ["delegation", *(r.name for r in self.rules_of(self._experiments[0].operator))]
        both = (candidate.rules, candidate.rules.delegated or candidate.rules)
        return tuple(getattr(rules, name) for rules in both for name in names)


def _predict(one: Experiment, rules: Rules) -> Array | None:
    hypothesis = Profile("hypothesis", "a candidate of the probe", "none", rules)
    try:
        return Session(one.model, hypothesis, fast=False).run(one.inputs)[one.output]
    except (UnsupportedError, DomainError):
        return None


def _differing(mine: Array, theirs: Array) -> int:
    return int((_bits(mine) != _bits(theirs)).any(axis=1).sum())


def _bits(array: Array | None) -> Array:
    """The bytes of each element, uint8 [elements, itemsize]: NaN equals itself, -0 is not 0."""
    assert array is not None
    flat = np.ascontiguousarray(array).reshape(-1, 1)
    return flat.view(np.uint8).reshape(flat.shape[0], -1)
