"""The kernel corner of all operators that move values: one tensor's part becomes another's.

Both sides are strided views. Axes that lie alike on both sides are merged first, so that most
copies end as a few long runs of bytes; what remains is walked by native loops.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from operator import mul

import numpy as np

from refint8.native.lowering import Place, Site
from refint8.native.planes import BLOCK, transpose_blocks, unzip, zip_planes
from refint8.native.strided import copy_places, copy_runs, gather_runs, places_of
from refint8.ops._op import Array, Shape
from refint8.ops._slicing import Range

PATTERN = 4096
"""Bytes at most of a value that is written out to be copied from."""

LINE, L1_PERIOD = 64, 4096
"""Caches as they are nearly everywhere: addresses L1_PERIOD bytes apart share a set of L1."""

LOOPS = 3
"""Loops of the native copy; axes beyond become a table of starts."""

Loop = tuple[int, int, int]
"""(count, source step, target step), steps in bytes."""

MOST_PARTS = 7
"""Columns or rows of a plane up to which they are zipped, not transposed in blocks."""

SMALLEST_PLANE = 16
"""Elements of a plane below which transposing blocks costs more than it saves."""

SHORT_LOOP = 8
"""An innermost loop below this changes places with a longer one around it."""


@dataclass(frozen=True)
class View:
    """Elements of `size` bytes at even distances: those of a tensor, or of a part of one.

    `offset` is relative to the arena, or an address when `absolute`; `steps` are in bytes.
    """

    offset: int
    shape: Shape
    steps: tuple[int, ...]
    size: int
    absolute: bool = False

    @classmethod
    def of(cls, place: Place, shape: Shape | None = None) -> View:
        """A whole tensor, also as if it had another shape of as many elements."""
        shape, size = place.shape if shape is None else shape, place.dtype.itemsize
        steps = list(accumulate(reversed((*shape[1:], size)), mul)) if shape else []
        # The innermost step comes first here; sizes of 0 make steps that nobody takes.
        return cls(place.offset, shape, tuple(reversed(steps)), size)

    @classmethod
    def constant(cls, site: Site, value: Array) -> View:
        """An array kept beside the program."""
        address = site.constant(value)
        dense = cls.of(Place(address, value.shape, value.dtype))
        return replace(dense, absolute=True)

    def take(self, ranges: Sequence[Range]) -> View:
        """A range of indices of every axis."""
        first = sum(r.start * step for r, step in zip(ranges, self.steps, strict=True))
        return replace(
            self,
            offset=self.offset + first,
            shape=tuple(r.count for r in ranges),
            steps=tuple(r.step * step for r, step in zip(ranges, self.steps, strict=True)),
        )

    def along(self, axis: int, start: int, count: int) -> View:
        """Consecutive indices of one axis."""
        ranges = [Range(0, size) for size in self.shape]
        ranges[axis] = Range(start, count)
        return self.take(ranges)

    def permuted(self, axes: Sequence[int]) -> View:
        """Axis axes[k] becomes axis k."""
        shape, steps = (tuple(x[axis] for axis in axes) for x in (self.shape, self.steps))
        return replace(self, shape=shape, steps=steps)


def copy(site: Site, source: View, target: View) -> None:
    """Append target = source, views of one shape; no two elements of the target at one place."""
    assert source.shape == target.shape and source.size == target.size
    if 0 in source.shape:
        return
    loops, run = merged(source, target)
    if not transpose(site, source, target, loops, run):
        if len(loops) > 1 and loops[-1][0] < SHORT_LOOP < loops[-2][0]:
            loops[-2:] = loops[:-3:-1]
        site.call(copy_runs(run), *walk(site, source, target, loops, LOOPS), run)


def gather(site: Site, source: View, target: View, places: Array) -> None:
    """Append the same copy at many places: pairs of bytes [n, 2] behind source and target."""
    assert source.shape == target.shape and source.size == target.size
    if 0 in source.shape or not places.size:
        return
    loops, run = merged(source, target)
    words = walk(site, source, target, loops, 1)
    site.call(copy_places(run), *words, run, site.constant(places.astype(np.int64)), len(places))


def gather_along(site: Site, source: View, target: View, positions: Array | Place) -> None:
    """Append target[b, o, k, ...] = source[b, o, positions[b, k], ...].

    Positions that are known all exist; computed ones that do not raise the alarm.
    """
    if isinstance(positions, Place):
        places, computed = site.scratch(8 * positions.size), 1
        site.call(
            places_of(positions.dtype.name.upper()),
            positions.offset,
            places,
            positions.size,
            source.shape[2],
            source.steps[2],
            site.alarm,
        )
    else:
        places, computed = site.constant(positions.astype(np.int64) * source.steps[2]), 0
    if 0 in target.shape:
        return
    alike = zip(target.shape[:2], source.steps[:2], target.steps[:2], strict=True)
    run = target.steps[2]
    words = walk(site, source, target, list(alike), 2)
    site.call(gather_runs(run), *words, run, places, computed, target.shape[2])


def copy_tensor(site: Site, position: int) -> None:
    """Append the copy of an input's bytes to the output; the shapes may differ."""
    source, target = site.read(position), site.output
    copy(site, View.of(source, (source.size,)), View.of(target, (target.size,)))


def split(site: Site, source: Place, axis: int) -> None:
    """Append a copy of consecutive indices of one axis to each output."""
    start = 0
    for out in site.outputs:
        count = out.shape[axis]
        copy(site, View.of(source).along(axis, start, count), View.of(out))
        start += count


def fill(site: Site, target: View, value: Array | View) -> None:
    """Append target = value, one element: a constant array of it, or a view of a computed one."""
    if 0 in target.shape:
        return
    nothing = replace(target, steps=(0,) * len(target.shape))
    loops, _ = merged(nothing, target)
    # The axis without gaps, if there is one, is written by copying a pattern again and again.
    dense = bool(loops) and loops[-1][2] == target.size
    count = loops[-1][0] if dense else 1
    outer = loops[:-1] if dense else loops
    length = min(count, PATTERN // target.size)
    pattern = repeat(site, value, length, target.size)
    whole, rest = divmod(count, length)
    for first, pieces, elements in ((0, whole, length), (whole * length, 1, rest)):
        shape = (*(count for count, _, _ in outer), pieces, elements)
        part = replace(
            target,
            offset=target.offset + first * target.size,
            shape=shape,
            steps=(*(step for _, _, step in outer), length * target.size, target.size),
        )
        steps = (*(0 for _ in shape[1:]), target.size)
        copy(site, replace(pattern, shape=shape, steps=steps), part)


def repeat(site: Site, value: Array | View, length: int, size: int) -> View:
    """Copies of one element side by side: a constant, or made when the program runs."""
    if isinstance(value, View):
        made = View(site.scratch(length * size), (length,), (size,), size)
        copy(site, replace(value, shape=(length,), steps=(0,)), made)
        return made
    return View.constant(site, np.repeat(value.reshape(-1), length))


def merged(source: View, target: View) -> tuple[list[Loop], int]:
    """Loops by falling distance in the target, as few as can be, and the bytes of a run."""
    axes = zip(source.shape, source.steps, target.steps, strict=True)
    by_step = sorted((axis for axis in axes if axis[0] != 1), key=lambda axis: -abs(axis[2]))
    loops: list[Loop] = []
    for count, source_step, target_step in by_step:
        alike = (count * source_step, count * target_step)
        if loops and loops[-1][1:] == alike:
            loops[-1] = (loops[-1][0] * count, source_step, target_step)
        else:
            loops.append((count, source_step, target_step))
    run = source.size
    if loops and loops[-1][1:] == (run, run):
        run *= loops.pop()[0]
    return loops, run


def walk(site: Site, source: View, target: View, loops: list[Loop], inner: int) -> list[int]:
    """The words that every kernel begins with, and those of its `inner` innermost loops.

    The loops around them become the table of starts.
    """
    outer = loops[: max(0, len(loops) - inner)]
    padded = [(1, 0, 0)] * (inner - len(loops)) + loops[len(outer) :]
    table = np.zeros((1, 2), np.int64)
    for count, *steps in outer:
        shifts = np.arange(count, dtype=np.int64)[:, np.newaxis] * np.array(steps, np.int64)
        table = (table[:, np.newaxis] + shifts).reshape(-1, 2)
    address = site.constant(table)
    start = (source.offset, int(not source.absolute), target.offset, address, len(table))
    return [*start, *(word for loop in padded for word in loop)]


def transpose(site: Site, source: View, target: View, loops: list[Loop], size: int) -> bool:
    """Append the copy as transposed planes; False where there is no plane worth it.

    The rows of a plane lie along the axis without gaps in the target, its columns along the one
    without gaps in the source.
    """
    rows = next((loop for loop in loops if loop[2] == size), None)
    columns = next((loop for loop in loops if loop[1] == size), None)
    if size not in (1, 2, 4, 8) or rows is None or columns is None or rows is columns:
        return False
    rest = [loop for loop in loops if loop not in (rows, columns)]
    lanes = BLOCK // size
    if rows[0] >= lanes and columns[0] <= MOST_PARTS and rows[1] == columns[0] * size:
        kernel, further = unzip(size, columns[0]), [rows[0], columns[2]]
    elif columns[0] >= lanes and rows[0] <= MOST_PARTS and columns[2] == rows[0] * size:
        kernel, further = zip_planes(size, rows[0]), [columns[0], rows[1]]
    elif rows[0] * columns[0] >= SMALLEST_PLANE:
        block = [min(1 << (n.bit_length() - 1), lanes) for n in (rows[0], columns[0])]
        kernel = transpose_blocks(size, *block)
        further = [rows[0], columns[0], rows[1], columns[2], *tile(size, block, rows, columns)]
    else:
        return False
    site.call(kernel, *walk(site, source, target, rest, 0), *further)
    return True


def tile(size: int, block: list[int], rows: Loop, columns: Loop) -> tuple[int, int]:
    """Rows and columns of a plane that are transposed before the next ones.

    Lines of the side of which more fall on one set of the cache are used up first: those of the
    target by going down a column for a while, those of the source by going along a row.
    """
    long, line = 4 * LINE // size, LINE // size
    source, target = (math.gcd(step, L1_PERIOD) for step in (rows[1], columns[2]))
    return (block[0], long) if source > max(target, 4 * LINE) else (long, line)
