"""Chooses among the hypotheses about a difference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final, get_args

import numpy as np

from refint8.oracle.golden.contents import Dump, Golden
from refint8.oracle.verify.kinds import layouts, parameters, places, scales, values
from refint8.oracle.verify.kinds.evidence import Evidence, Hypothesis
from refint8.oracle.verify.single import SingleOperator, Values
from refint8.oracle.verify.verdicts import Kind, KindName

LEAST: Final = 0.5
"""The share of the differing elements that a kind has to explain to be named."""

NEARLY: Final = 0.02
"""Among kinds that explain nearly the same, the more telling one is named first."""

MOST: Final = 3
"""Kinds that are given."""

FEWEST: Final = 8
"""Elements that have to differ before a dump is called garbage."""

UNRELATED: Final = 0.2
"""Correlation with the golden below which a dump is garbage."""

_ORDER: Final[tuple[KindName, ...]] = get_args(KindName)


def kinds(
    evidence: Evidence,
    golden: Golden,
    dump: Dump,
    samples: tuple[int, ...],
    single: SingleOperator | None = None,
    inputs: Sequence[Values] = (),
) -> tuple[Kind, ...]:
    """The hypotheses that explain most, best first; empty where none does and the dump still
    resembles the golden. `samples` are the evidence's numbers, `inputs` what `single` was fed with.
    """
    found = chain(
        layouts.hypotheses(evidence),
        places.borrowed(evidence, golden, dump, samples),
        values.hypotheses(evidence),
        places.hypotheses(evidence),
        scales.hypotheses(evidence),
        parameters.hypotheses(evidence, single, inputs) if single else (),
    )
    with np.errstate(all="ignore"):  # floats in a dump may be anything
        best = _best(evidence, found)
        if not best and evidence.differing >= FEWEST and _unrelated(evidence):
            said = "unrelated to the golden's values"
            return (Kind("garbage", evidence.differing, evidence.differing, said),)
    return best


def _best(evidence: Evidence, found: Iterable[Hypothesis]) -> tuple[Kind, ...]:
    total = evidence.differing
    by_name: dict[KindName, Hypothesis] = {}
    for each in found:
        known = by_name.get(each.name)
        if each.explained >= LEAST * total and (known is None or each.explained > known.explained):
            by_name[each.name] = each
    most = max((each.explained for each in by_name.values()), default=0)

    def rank(each: Hypothesis) -> tuple[int, int]:
        return int((most - each.explained) / (NEARLY * total)), _ORDER.index(each.name)

    chosen = sorted(by_name.values(), key=rank)[:MOST]
    return tuple(Kind(each.name, each.explained, total, each.detail) for each in chosen)


def _unrelated(evidence: Evidence) -> bool:
    if evidence.expected[0].dtype.kind not in "iuf":
        return False
    mine = np.concatenate([e.reshape(-1) for e in evidence.expected]).astype(np.float64)
    theirs = np.concatenate([g.reshape(-1) for g in evidence.got]).astype(np.float64)
    if not mine.std() or not theirs.std():
        return False
    related = float(np.corrcoef(mine, theirs)[0, 1])
    return not abs(related) >= UNRELATED
