"""Where in a tensor the differences lie, in words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from refint8.oracle.verify.kinds.evidence import Evidence

_NAMES: Final = {4: ("sample", "row", "column", "channel"), 2: ("row", "channel")}
MOST: Final = 4
"""Indexes that are listed."""


def location(evidence: Evidence) -> str:
    """ "only in channel 3; only in rows 0, 7"; "" where they are all over."""
    shape = evidence.shape
    said = []
    for axis, size in enumerate(shape):
        if size < 2:
            continue
        others = tuple(a for a in range(len(shape)) if a != axis)
        touched = np.zeros(size, bool)
        for mask in evidence.different:
            touched |= mask.any(axis=others) if others else mask
        found = np.flatnonzero(touched).tolist()
        if len(found) < size and (len(found) <= MOST or len(found) <= size // 2):
            name = _NAMES.get(len(shape), ("",) * len(shape))[axis] or f"index of axis {axis}"
            said.append(f"only in {_listed(name, found, size)}")
    if len(shape) == 4 and min(shape[1:3]) > 2 and not said:
        inner = (slice(None), slice(1, -1), slice(1, -1))
        if not any(mask[inner].any() for mask in evidence.different):
            said.append("only in the outermost rows and columns")
    return "; ".join(said)


def _listed(name: str, found: Sequence[int], size: int) -> str:
    plural = {"index": "indexes"}.get(name.split(maxsplit=1)[0], f"{name}s")
    if len(found) == 1:
        end = " (the last)" if found[0] == size - 1 else ""
        return f"{name} {found[0]}{end}"
    step = found[1] - found[0]
    if len(found) > MOST and all(b - a == step for a, b in pairwise(found)):
        every = "" if step == 1 else f", every {step}th"
        return f"{plural} {found[0]} to {found[-1]}{every}"
    shown = ", ".join(map(str, found[:MOST]))
    return f"{plural} {shown}{f' and {len(found) - MOST} more' if len(found) > MOST else ''}"
