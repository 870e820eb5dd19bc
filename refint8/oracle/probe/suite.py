"""All experiments, the same ones every time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np

from refint8.oracle.probe.experiment import Experiment
from refint8.oracle.probe.pairs import pairs
from refint8.oracle.probe.pools import pools
from refint8.oracle.probe.sums import sums
from refint8.oracle.probe.unary import unary

SEED: Final = 8


@cache
def suite(seed: int = SEED) -> tuple[Experiment, ...]:
    """Every experiment, grouped by case in the order of their first appearance."""
    made: list[Experiment] = []
    for number, family in enumerate((sums, pairs, unary, pools)):
        made += family(np.random.default_rng((seed, number)))
    order = {case: n for n, case in enumerate(dict.fromkeys(e.case for e in made))}
    return tuple(sorted(made, key=lambda e: order[e.case]))


def cases(experiments: Sequence[Experiment]) -> dict[str, list[Experiment]]:
    """Experiments by case."""
    grouped: dict[str, list[Experiment]] = {}
    for one in experiments:
        grouped.setdefault(one.case, []).append(one)
    return grouped
