"""Which change of one rule makes an operator's difference vanish."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from refint8.errors import Refint8Error
from refint8.numerics.profiles import PROFILES, Profile
from refint8.numerics.rules import CATALOGUE
from refint8.oracle.compare import different
from refint8.oracle.targets.outcome import Array
from refint8.oracle.verify.single import SingleOperator, Values
from refint8.oracle.verify.verdicts import RuleFit

Change = tuple[str, str, Profile]
"""Rule (or "profile"), alternative (or the profile's name), and the profile that results."""

PARTIAL: Final = 0.5
"""A change that leaves more than this share of the differences explains nothing."""

MOST: Final = 3
"""Changes that are given where none fits."""


def rule_fits(
    single: SingleOperator,
    inputs: Sequence[Values],
    got: Sequence[Mapping[int, Array]],
    before: int,
    likely: Sequence[RuleFit] = (),
) -> tuple[RuleFit, ...]:
    """All single changes of the profile that leave nothing, single rules before whole profiles;
    where there is none, those that leave least. `got` are the dump's outputs on `inputs`, of which
    `before` elements differ. `likely` are changes that fitted another operator of the kind: if one
    fits here too, no others are tried, for a device has the same fault in all of them.
    """
    changes = list(_changes(single))
    fitted = {(fit.rule, fit.alternative) for fit in likely}
    first = [change for change in changes if change[:2] in fitted]
    found = _tried(first, single, inputs, got, before)
    if not any(fit.fits for fit in found):
        found = _tried(changes, single, inputs, got, before)
    if fitting := tuple(fit for fit in found if fit.fits):
        return fitting
    return tuple(sorted(found, key=lambda fit: fit.differing)[:MOST])


def _tried(
    changes: Sequence[Change],
    single: SingleOperator,
    inputs: Sequence[Values],
    got: Sequence[Mapping[int, Array]],
    before: int,
) -> list[RuleFit]:
    """The changes that leave less than half; those that the operator reads alike run once."""
    found = []
    seen: dict[tuple[str, ...], int | None] = {}
    read = tuple(r.name for r in CATALOGUE if single.name in r.operators or "*" in r.operators)
    for rule, alternative, profile in changes:
        both = (profile.rules, profile.rules.delegated or profile.rules)
        key = tuple(getattr(rules, name) for rules in both for name in ("delegation", *read))
        if key not in seen:
            seen[key] = _differing(single, profile, inputs, got, before)
            left = seen[key]
            if left is not None and left < PARTIAL * before:
                found.append(RuleFit(rule, alternative, before, left))
    return found


def _changes(single: SingleOperator) -> Iterator[Change]:
    base = single.profile
    for rule in CATALOGUE:
        if single.name not in rule.operators:
            continue
        for alternative in rule.alternatives:
            rules = base.rules.changed(rule.name, alternative)
            if rules != base.rules:
                yield rule.name, alternative, Profile("hypothesis", "one rule changed", "", rules)
    for name, profile in PROFILES.items():
        if name != base.name:
            yield "profile", name, profile


def _differing(
    single: SingleOperator,
    profile: Profile,
    inputs: Sequence[Values],
    got: Sequence[Mapping[int, Array]],
    before: int,
) -> int | None:
    """Elements that still differ; None where the operator is refused or they become no fewer."""
    left = 0
    for given, theirs in zip(inputs, got, strict=True):
        try:
            (mine,) = single.run([given], profile)
        except Refint8Error:
            return None
        for index, array in theirs.items():
            if mine[index].shape != array.shape or mine[index].dtype != array.dtype:
                return None
            left += int(np.count_nonzero(different(mine[index], array)))
        if left >= before:
            return None
    return left
