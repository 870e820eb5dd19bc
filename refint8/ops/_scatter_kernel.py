"""The kernel corner of operators that write where positions say."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from refint8.native.lowering import NotFastError, Site
from refint8.native.scatter import mark as mark_kernel
from refint8.native.scatter import scatter, slot_places
from refint8.ops._copy_kernel import View
from refint8.ops._op import Array
from refint8.ops._positions import Slots


@dataclass(frozen=True)
class Places:
    """Distances in bytes: an arena offset or an address of `count` int64."""

    at: int
    relative: bool
    count: int


def places_of_slots(site: Site, position: int, slots: Slots, item: int) -> Places:
    """Where the slices are that an input's vectors point at; [n] and [] are vectors of one index.

    Computed vectors are looked at when the program runs: one outside raises the alarm.
    """
    given, size = site.input(position), slots.size * item
    rank = len(slots.shape)
    count = prod(given.shape[:-1]) if given.shape[-1:] == (rank,) else given.size
    if given.data is not None:
        vectors = given.data.reshape(count, rank)
        if slots.outside(vectors).any():
            raise NotFastError("a position lies outside its axis")
        return known_places(site, slots.flat(vectors) * size)
    steps = [size * prod(slots.shape[axis + 1 :]) for axis in range(rank)]
    axes = np.array(list(zip(slots.shape, steps, strict=True)), np.int64).reshape(-1)
    made = site.scratch(8 * count)
    kernel = slot_places(given.dtype.name.upper())
    site.call(
        kernel, site.read(position).offset, made, count, rank, site.constant(axes), site.alarm
    )
    return Places(made, relative=True, count=count)


def known_places(site: Site, places: Array) -> Places:
    """Distances that are known beforehand."""
    return Places(site.constant(places.astype(np.int64)), relative=False, count=places.size)


def lower_scatter(
    site: Site, function: str, source: View, places: Places, length: int, step: int
) -> None:
    """Append output[place + i] = function(of it, source[k * step + i]) for i < length, k in order.

    `step` is in bytes; `function` is one of `native.scatter.FUNCTIONS`.
    """
    out = site.output
    if out.size and length and places.count:
        kernel = scatter(function, out.dtype.name.upper())
        at = (places.at, int(places.relative), places.count)
        site.call(kernel, source.offset, out.offset, *at, length, step)


def mark(site: Site, axis: int, depth: int) -> None:
    """Append output[i.., k, j..] = the third input for k = the first input's [i.., j..].

    An index that does not fit int32 raises the alarm.
    """
    indices, value, out = site.read(0), site.read(2), site.output
    kernel = mark_kernel(out.dtype.itemsize, indices.dtype.name.upper())
    counts = prod(indices.shape[:axis]), depth, prod(indices.shape[axis:])
    site.call(kernel, indices.offset, value.offset, out.offset, *counts, site.alarm)
