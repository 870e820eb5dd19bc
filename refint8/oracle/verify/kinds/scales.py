"""Values that are right but for a factor, of the tensor or of each channel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from refint8.oracle.targets.outcome import Array
from refint8.oracle.verify.kinds.evidence import Evidence, Hypothesis

CLEAR: Final = 0.03
"""A factor nearer to 1 than this could be rounding."""

FEWEST: Final = 8
"""Elements from which a factor is taken."""


def hypotheses(evidence: Evidence) -> Iterator[Hypothesis]:
    """One factor around the zero point, and one for each channel; within one step."""
    if not evidence.integers:
        return
    channels = evidence.shape[-1] if evidence.shape else 1
    zero = evidence.zero_point
    mine = np.concatenate([e.reshape(-1, channels) for e, _, _ in _shaped(evidence)]) - zero
    theirs = np.concatenate([g.reshape(-1, channels) for _, g, _ in _shaped(evidence)]) - zero
    parted = mine != theirs
    low, high = (limit - zero for limit in evidence.clamp or evidence.limits)
    factor, explained = _fit(mine, theirs, parted, low, high)
    if factor is not None:
        yield Hypothesis("scale", f"times {factor:.4g} around the zero point", explained)
    if channels == 1 or mine.shape[0] < FEWEST:
        return
    total, odd = 0, []
    for channel in range(channels):
        column = slice(channel, channel + 1)
        factor, explained = _fit(mine[:, column], theirs[:, column], parted[:, column], low, high)
        if factor is None:
            explained = 0
        elif explained:
            odd.append(f"{channel}: {factor:.4g}")
        total += explained
    if odd:
        shown = ", ".join(odd[:4]) + (", ..." if len(odd) > 4 else "")
        yield Hypothesis("scale", f"another factor in each channel ({shown})", total)


def _shaped(evidence: Evidence) -> Iterator[tuple[Array, Array, Array]]:
    for e, g, d in evidence.pairs():
        yield e.astype(np.int64), g.astype(np.int64), d


def _fit(
    mine: Array, theirs: Array, parted: Array, low: int, high: int
) -> tuple[float | None, int]:
    """The factor, and the differing elements it explains; None where there is no clear one."""
    inside = (theirs > low) & (theirs < high) & (mine > low) & (mine < high)
    telling = inside & (np.abs(mine) >= 8)
    if np.count_nonzero(telling) < FEWEST:
        return None, 0
    factor = float(np.median(theirs[telling] / mine[telling]))
    if abs(factor - 1) < CLEAR or abs(factor) < CLEAR:
        return None, 0
    # What is rounded before it is scaled may be off by as much as the factor.
    slack = max(1.0, abs(factor) / 2 + 0.5)
    close = np.abs(np.clip(mine * factor, low, high) - theirs) <= slack
    sure = (
        inside
        | ((mine * factor <= low) & (theirs == low))
        | ((mine * factor >= high) & (theirs == high))
    )
    if np.count_nonzero(close & sure) < 0.9 * np.count_nonzero(sure):
        return None, 0
    return factor, int(np.count_nonzero(close & sure & parted))
