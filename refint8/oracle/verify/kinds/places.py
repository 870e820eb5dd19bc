"""Values from elsewhere: shifted by rows, columns or elements; of another sample or tensor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from refint8.oracle.compare import different
from refint8.oracle.golden.contents import Dump, Golden
from refint8.oracle.verify.kinds.evidence import Evidence, Hypothesis

FARTHEST: Final = 2
"""Rows or columns."""

FEWEST: Final = 6
"""Elements that have to differ before a place is blamed."""

_AXES = {4: ("sample", "row", "column", "channel"), 3: ("sample", "step", "channel")}


def hypotheses(evidence: Evidence) -> Iterator[Hypothesis]:
    """The golden, shifted along an axis or two, or by elements in memory."""
    shape = evidence.shape
    if evidence.differing < FEWEST or not shape:
        return
    names = _AXES.get(len(shape), tuple(f"element along axis {a}" for a in range(len(shape))))
    reach = range(-FARTHEST, FARTHEST + 1)
    for axis, size in enumerate(shape):
        for by in reach:
            if by and size > 2 * abs(by):
                moves = [0] * len(shape)
                moves[axis] = by
                detail = f"by {by:+d} {names[axis]}{'s' if abs(by) > 1 else ''}"
                yield _shifted(evidence, tuple(moves), detail)
    if len(shape) == 4 and min(shape[1:3]) > 2:
        for down, right in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
            detail = f"by {down:+d} row and {right:+d} column"
            yield _shifted(evidence, (0, down, right, 0), detail)
    if len(shape) > 1:
        flat = Evidence(
            evidence.tensor,
            tuple(e.reshape(-1) for e in evidence.expected),
            tuple(g.reshape(-1) for g in evidence.got),
        )
        for by in (-4, -3, -2, -1, 1, 2, 3, 4):
            detail = f"by {by:+d} element{'s' if abs(by) > 1 else ''} in memory"
            if flat.shape[0] > 4 * abs(by):
                yield _shifted(flat, (by,), detail)


def borrowed(
    evidence: Evidence, golden: Golden, dump: Dump, samples: tuple[int, ...]
) -> Iterator[Hypothesis]:
    """The bytes of another sample, or of another tensor of the golden. `samples` are the evidence's
    numbers.
    """
    if evidence.differing < FEWEST:
        return
    index = evidence.tensor.index
    count = len(golden.samples)
    for number, got in zip(samples, evidence.got, strict=True):
        for other in range(count):
            if other == number:
                continue
            theirs = golden.samples[other][index]
            if not different(theirs, got).any():
                detail = f"in sample {number} it has the golden's values of sample {other}"
                yield Hypothesis("stale", detail, evidence.differing)
                return
            dumped = dump.samples[other].get(index)
            if dumped is not None and not different(dumped, got).any():
                detail = f"samples {number} and {other} have the same values, the golden's differ"
                yield Hypothesis("stale", detail, evidence.differing)
                return
    number, got = samples[0], evidence.got[0]
    if np.unique(got).size < 3:
        return
    wanted = got.tobytes()
    for tensor in golden.tensors:
        other_array = golden.samples[number][tensor.index]
        fits = tensor.index != index and other_array.nbytes == len(wanted)
        if fits and other_array.tobytes() == wanted:
            detail = f"it holds tensor {tensor.index} '{tensor.name[:60]}'"
            yield Hypothesis("other tensor", detail, evidence.differing)
            return


def _shifted(evidence: Evidence, moves: tuple[int, ...], detail: str) -> Hypothesis:
    here = tuple(
        slice(max(by, 0), size + min(by, 0)) for by, size in zip(moves, evidence.shape, strict=True)
    )
    there = tuple(
        slice(max(-by, 0), size + min(-by, 0))
        for by, size in zip(moves, evidence.shape, strict=True)
    )
    predicted, covered = [], []
    for expected in evidence.expected:
        guess, seen = expected.copy(), np.zeros(expected.shape, bool)
        guess[here] = expected[there]
        seen[here] = True
        predicted.append(guess)
        covered.append(seen)
    return Hypothesis("shifted", detail, evidence.whole(predicted, covered))
