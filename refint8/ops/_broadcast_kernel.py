"""Broadcasting for kernels: two operands and an output become a few calls over long runs.

Axes along which all three lie alike are one axis. What remains is walked as runs (innermost),
rows of runs, and a table of starts. Where runs would be short, the operand that is repeated is
written out as often as makes them long: a vector of few channels, or a value per pixel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from refint8.native.lowering import Place, Site
from refint8.ops._copy_kernel import View, copy
from refint8.ops._op import Array

SHORT_RUN = 256
"""Elements below which a vector that repeats from row to row is written out several times."""

SHORT_ROW = 16
"""Elements below which a value for a whole row is written out for each of them."""

LONG_RUN = 2048
"""Elements that writing out aims at."""


@dataclass(frozen=True, eq=False)
class Axis:
    """How many indices, and the bytes from one to the next in output and operands (0: the same)."""

    size: int
    steps: tuple[int, int, int]

    def stretched(self, times: int) -> tuple[int, int, int]:
        """The steps of an axis whose every index is `times` of this one's."""
        out, a, b = self.steps
        return out * times, a * times, b * times


@dataclass(frozen=True, eq=False)
class Side:
    """Where an operand begins: an arena offset, or an address.

    `position` is that of an input of the operator (None: a copy), `data` a constant's value.
    """

    base: int
    absolute: bool
    item: int
    position: int | None = None
    data: Array | None = None


@dataclass(frozen=True)
class Runs:
    """One call of a kernel over runs, by the words of `native.runs`.

    `scalar` says which operands keep one value within a run.
    """

    words: tuple[int, ...]
    scalar: tuple[bool, bool]

    def part(self, elements: slice, item: int) -> tuple[int, ...]:
        """The words for some elements of `item` bytes; both operands have the output's shape."""
        assert self.words[6] == self.words[7] == 1
        assert not any(self.scalar)
        starts = [word + elements.start * item for word in self.words[:3]]
        return (*starts, *self.words[3:11], elements.stop - elements.start)


def broadcast_runs(site: Site, positions: tuple[int, int] = (0, 1)) -> Iterator[Runs]:
    """The calls that cover the output with two inputs of the operator."""
    out = site.output
    if out.size == 0:
        return
    first, second = (site.input(position) for position in positions)
    sides = (_side(site, positions[0]), _side(site, positions[1]))
    axes = merged(
        out.shape,
        (steps(out.shape, out), steps(out.shape, first), steps(out.shape, second)),
    )
    yield from _long_runs(site, axes, sides, (0, 0, 0))


def _side(site: Site, position: int) -> Side:
    place = site.input(position)
    return Side(place.offset, False, place.dtype.itemsize, position, place.data)


def steps(shape: Sequence[int], place: Place) -> list[int]:
    """Bytes from one index to the next along each axis of `shape`; 0 where the tensor repeats."""
    aligned = [1] * (len(shape) - len(place.shape)) + list(place.shape)
    found: list[int] = []
    step = place.dtype.itemsize
    for size in reversed(aligned):
        found.insert(0, 0 if size == 1 else step)
        step *= size
    return found


def merged(shape: Sequence[int], bytes_of: Sequence[Sequence[int]]) -> list[Axis]:
    """The axes that have more than one index, neighbours joined where all sides allow it."""
    axes: list[Axis] = []
    for size, *of_axis in zip(shape, *bytes_of, strict=True):
        if size != 1:
            axes.append(Axis(size, (of_axis[0], of_axis[1], of_axis[2])))
    return _joined(axes)


def _joined(axes: Sequence[Axis]) -> list[Axis]:
    found: list[Axis] = []
    for axis in axes:
        if found and found[-1].steps == axis.stretched(axis.size):
            found[-1] = Axis(found[-1].size * axis.size, axis.steps)
        else:
            found.append(axis)
    return found


def _long_runs(
    site: Site, axes: list[Axis], sides: tuple[Side, Side], at: tuple[int, int, int]
) -> Iterator[Runs]:
    """Runs over the axes, from `at` bytes behind each side; writes repeated operands out first."""
    if len(axes) > 1:
        run, rows = axes[-1], axes[-2]
        for k in (0, 1):
            if run.steps[1 + k] == 0 and run.size < SHORT_ROW:
                expanded, sides = _written_out(site, axes, sides, k, [len(axes) - 1])
                yield from _long_runs(site, _joined(expanded), sides, at)
                return
            if rows.steps[1 + k] == 0 and all(run.steps[1:]) and run.size < SHORT_RUN:
                yield from _repeated(site, axes, sides, at, k)
                return
    yield _call(site, axes, sides, at)


def _repeated(
    site: Site, axes: list[Axis], sides: tuple[Side, Side], at: tuple[int, int, int], k: int
) -> Iterator[Runs]:
    """A short vector that is the same for all rows: several rows of it at once, then the rest."""
    run, rows = axes[-1], axes[-2]
    times = min(-(-LONG_RUN // run.size), rows.size)
    whole, rest = divmod(rows.size, times)
    split = [*axes[:-2], Axis(whole, rows.stretched(times)), Axis(times, rows.steps), run]
    split, sides = _written_out(site, split, sides, k, [len(split) - 2])
    yield _call(site, _joined(split), sides, at)
    if rest:
        part = [*split[:-3], Axis(rest, split[-2].steps), split[-1]]
        out, a, b = rows.stretched(whole * times)
        yield _call(site, _joined(part), sides, (at[0] + out, at[1] + a, at[2] + b))


def _written_out(
    site: Site, axes: list[Axis], sides: tuple[Side, Side], k: int, along: list[int]
) -> tuple[list[Axis], tuple[Side, Side]]:
    """A dense copy of operand k with the axes `along`, which it does not have yet."""
    side = sides[k]
    kept = [bool(axis.steps[1 + k]) or i in along for i, axis in enumerate(axes)]
    shape = tuple(axis.size for axis, keep in zip(axes, kept, strict=True) if keep)
    source = tuple(axis.steps[1 + k] for axis, keep in zip(axes, kept, strict=True) if keep)
    size = int(np.prod(shape, dtype=np.int64)) * side.item
    if side.data is not None:
        laid = np.lib.stride_tricks.as_strided(np.ascontiguousarray(side.data), shape, source)
        data = np.ascontiguousarray(laid)
        made = Side(site.constant(data), True, side.item, data=data)
    else:
        made = Side(site.scratch(size), False, side.item)
        dense = View.of(Place(made.base, shape, np.dtype(f"u{side.item}")))
        copy(site, View(side.base, shape, source, side.item, side.absolute), dense)
    target: list[int] = []
    step = side.item
    for axis, keep in zip(reversed(axes), reversed(kept), strict=True):
        target.insert(0, step if keep else 0)
        step *= axis.size if keep else 1
    changed = [
        replace(
            axis, steps=(axis.steps[0], new, axis.steps[2]) if k == 0 else (*axis.steps[:2], new)
        )
        for axis, new in zip(axes, target, strict=True)
    ]
    return changed, ((made, sides[1]) if k == 0 else (sides[0], made))


def _call(site: Site, axes: list[Axis], sides: tuple[Side, Side], at: tuple[int, int, int]) -> Runs:
    for side in sides:
        if side.position is not None:
            site.read(side.position)
    items = (site.output.dtype.itemsize, sides[0].item, sides[1].item)
    run = axes[-1] if axes else Axis(1, items)
    rows = axes[-2] if len(axes) > 1 else Axis(1, (0, 0, 0))
    starts = np.zeros((1, 3), np.int64)
    for axis in axes[:-2]:
        indices = np.arange(axis.size, dtype=np.int64)[:, None] * np.array(axis.steps)
        starts = (starts[:, None] + indices[None]).reshape(-1, 3)
    table: NDArray[np.int64] = starts
    words = (
        site.output.offset + at[0],
        sides[0].base + at[1],
        sides[1].base + at[2],
        int(not sides[0].absolute),
        int(not sides[1].absolute),
        site.constant(table),
        len(table),
        rows.size,
        *rows.steps,
        run.size,
    )
    return Runs(words, (run.steps[1] == 0, run.steps[2] == 0))
