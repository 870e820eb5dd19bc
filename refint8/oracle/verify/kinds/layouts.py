"""The right values in the wrong places or bytes: layouts, channel orders, lanes, byte order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import permutations
from typing import Final

import numpy as np

from refint8.oracle.targets.outcome import Array
from refint8.oracle.verify.kinds.evidence import Evidence, Hypothesis

BLOCKS: Final = (4, 8, 16, 32)
"""Channels in a block of the layouts that accelerators use."""

LANES: Final = (2, 4, 8, 16)
"""Elements in a word whose lanes may be reversed."""

FEWEST: Final = 6
"""Elements that have to differ before a place is blamed: fewer fall into place by chance."""

NAMED_AXES: Final = {
    (0, 3, 1, 2): "written in NCHW order",
    (0, 2, 1, 3): "height and width swapped",
    (1, 0): "transposed",
}

Move = Callable[[Array], Array]


def hypotheses(evidence: Evidence) -> Iterator[Hypothesis]:
    """Everything about places and bytes."""
    if evidence.expected[0].dtype.itemsize > 1:
        swapped = [e.byteswap() for e in evidence.expected]
        yield Hypothesis("byte order", "bytes of each element reversed", evidence.whole(swapped))
    if evidence.differing < FEWEST:
        return
    for detail, move in _moves(evidence.shape):
        explained = evidence.whole([move(e) for e in evidence.expected])
        yield Hypothesis("layout", detail, explained)
    yield from _channels(evidence)


def _moves(shape: tuple[int, ...]) -> Iterator[tuple[str, Move]]:
    if len(shape) in (2, 3, 4):
        yield from _transposed(shape)
    if len(shape) == 4 and shape[3] > 1 and shape[1] * shape[2] > 1:
        n, h, w, c = shape

        def back(a: Array) -> Array:
            return a.reshape(n, c, h, w).transpose(0, 2, 3, 1)

        yield "taken for NCHW and rearranged to NHWC, which it was already", back
        for block in BLOCKS:
            if c % block == 0 and c > block:
                yield f"in blocks of {block} channels (NC/{block}HW{block})", _blocks(block, 0)
                yield (
                    f"in blocks of {block} channels by rows (NHC/{block}W{block})",
                    _blocks(block, 1),
                )
    for axis, size in enumerate(shape):
        if size > 2 and axis < len(shape) - 1:
            yield f"axis {axis} reversed", partial(np.flip, axis=axis)
    size = int(np.prod(shape))
    for lanes in LANES:
        if size % lanes == 0 and size > lanes != shape[-1]:
            yield f"lanes of words of {lanes} elements reversed", partial(_lanes, lanes=lanes)


def _transposed(shape: tuple[int, ...]) -> Iterator[tuple[str, Move]]:
    index = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
    seen = {index.tobytes()}
    axes = sorted(permutations(range(len(shape))), key=lambda p: p not in NAMED_AXES)
    for order in axes:
        moved = index.transpose(order).tobytes()
        if moved in seen:
            continue
        seen.add(moved)
        detail = NAMED_AXES.get(order, f"axes written in the order {list(order)}")
        yield detail, partial(_rewritten, order=order)


def _lanes(a: Array, lanes: int) -> Array:
    reversed_lanes: Array = a.reshape(-1, lanes)[:, ::-1]
    return reversed_lanes.reshape(a.shape)


def _rewritten(a: Array, order: tuple[int, ...]) -> Array:
    return a.transpose(order).reshape(a.shape)


def _blocks(block: int, rows: int) -> Move:
    order = (0, 1, 3, 2, 4) if rows else (0, 3, 1, 2, 4)

    def move(a: Array) -> Array:
        n, h, w, c = a.shape
        return a.reshape(n, h, w, c // block, block).transpose(order).reshape(a.shape)

    return move


def _channels(evidence: Evidence) -> Iterator[Hypothesis]:
    """Any permutation of the last axis, where every channel has enough elements to know it by."""
    channels = evidence.shape[-1] if evidence.shape else 1
    if channels < 2:
        return
    flipped = evidence.whole([e[..., ::-1] for e in evidence.expected])
    yield Hypothesis("channel order", "the last axis reversed", flipped)
    if evidence.elements // channels < FEWEST:
        return
    mine = np.concatenate([e.reshape(-1, channels) for e in evidence.expected])
    theirs = np.concatenate([g.reshape(-1, channels) for g in evidence.got])
    places: dict[bytes, list[int]] = {}
    for channel in range(channels):
        places.setdefault(np.ascontiguousarray(mine[:, channel]).tobytes(), []).append(channel)
    order = []
    for channel in range(channels):
        found = places.get(np.ascontiguousarray(theirs[:, channel]).tobytes())
        if found is None:
            return
        order.append(channel if channel in found else found[0])
    moved = [channel for channel in range(channels) if order[channel] != channel]
    if len(moved) == 2 and order[moved[0]] == moved[1] and order[moved[1]] == moved[0]:
        detail = f"channels {moved[0]} and {moved[1]} swapped"
    else:
        which = ", ".join(f"{order[c]} at {c}" for c in moved[:6])
        detail = f"channels in another place: {which}{', ...' if len(moved) > 6 else ''}"
    explained = evidence.whole([e[..., order] for e in evidence.expected])
    yield Hypothesis("channel order", detail, explained)
