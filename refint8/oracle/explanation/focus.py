"""Where the chosen output element lies in the intermediate arrays of an operator's definition.

Most arrays have the output's shape, broadcast to it (a row's sum, a channel's multiplier) or are
the output not yet reshaped. Where an operator's arrays are of other shapes, its entry here says
which element of them belongs to the output's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.recording import Locate, Shape, Step
from refint8.ops import Record
from refint8.ops._lstm import Recurrent
from refint8.ops._op import Array
from refint8.ops.concatenation import Concatenation
from refint8.ops.svdf import Svdf

Index = tuple[int, ...]
Inputs = tuple[Array | None, ...]

TABLE_ENTRIES = 256


@dataclass(frozen=True)
class Focus:
    """`locate` finds the element in an array while the definition runs; `select` leaves out steps
    of other elements that have the same shape.
    """

    locate: Locate
    select: Callable[[tuple[Step, ...]], tuple[Step, ...]] = lambda steps: steps


def focus_on(record: Record, inputs: Inputs, shape: Shape, index: Index) -> Focus:
    """The element at `index` of an output of `shape`."""
    if isinstance(record, Recurrent):
        return _in_time(record, inputs, index)
    if isinstance(record, Svdf):
        return Focus(_of_filters(record.rank, shape, index))
    if isinstance(record, Concatenation):
        return Focus(_of_part(record.axis, inputs, index))
    return Focus(within(shape, index))


def within(shape: Shape, index: Index) -> Locate:
    """In arrays of the output's shape, that broadcast to it, or of as many elements."""
    size = int(np.prod(shape, dtype=np.int64))
    flat = int(np.ravel_multi_index(index, shape)) if index else 0

    def locate(other: Shape) -> Index | None:
        if other == shape:
            return index
        if len(other) <= len(shape):
            aligned = list(zip(other, shape[len(shape) - len(other) :], strict=True))
            if all(a in (1, b) for a, b in aligned):
                kept = index[len(index) - len(other) :]
                return tuple(i if n > 1 else 0 for i, n in zip(kept, other, strict=True))
        if int(np.prod(other, dtype=np.int64)) == size:
            return tuple(int(i) for i in np.unravel_index(flat, other))
        return None

    return locate


def constants_of(inputs: Inputs, shape: Shape, index: Index) -> Locate:
    """While constants are derived: scalars, and the entry of a byte's table that is read."""
    x = inputs[0] if inputs else None
    at = within(shape, index)(x.shape) if x is not None else None
    name = x.dtype.name.upper() if x is not None else ""
    entry: Index | None = None
    if x is not None and at is not None and name in ("INT8", "UINT8"):
        entry = (int(x[at]) - DTYPE_RANGE[name][0],)

    def locate(other: Shape) -> Index | None:
        if other == ():
            return ()
        return entry if other == (TABLE_ENTRIES,) else None

    return locate


def _of_filters(rank: int, shape: Shape, index: Index) -> Locate:
    """SVDF: of the `rank` filters of a unit, the first."""
    batch, unit = index
    filters = (shape[0], shape[1] * rank)

    def locate(other: Shape) -> Index | None:
        if other == filters:
            return batch, unit * rank
        return index if other == shape else () if other == () else None

    return locate


def _of_part(axis: int, inputs: Inputs, index: Index) -> Locate:
    """CONCATENATION: in the input that holds the element."""
    start = 0
    for x in inputs:
        size = x.shape[axis] if x is not None and x.ndim else 1
        if x is not None and start <= index[axis] < start + size:
            inside = (*index[:axis], index[axis] - start, *index[axis + 1 :])
            part = x
            break
        start += size

    def locate(other: Shape) -> Index | None:
        return inside if other == part.shape else () if other == () else None

    return locate


def time_axis(record: Record, inputs: Inputs) -> int | None:
    """The axis of the output along which an element depends on those before it."""
    x = inputs[0] if inputs else None
    if not isinstance(record, Recurrent) or x is None or x.ndim == 2:
        return None
    return 0 if record.time_major else 1


def _in_time(record: Recurrent, inputs: Inputs, index: Index) -> Focus:
    """LSTM: arrays hold the rows of one step in time; all steps record alike, one is selected."""
    x = inputs[0]
    assert x is not None
    axis = time_axis(record, inputs)
    steps, time = (1, 0) if axis is None else (x.shape[axis], index[axis])
    rows, row = (x.shape[0], index[0]) if axis is None else (x.shape[1 - axis], index[1 - axis])
    unit = index[-1]

    def locate(other: Shape) -> Index | None:
        if other == ():
            return ()
        if len(other) == 2 and other[0] == rows:
            return row, unit if unit < other[1] else 0
        return (unit if unit < other[0] else 0,) if len(other) == 1 else None

    def select(recorded: tuple[Step, ...]) -> tuple[Step, ...]:
        each = len(recorded) // steps
        return recorded[time * each : (time + 1) * each]

    return Focus(locate, select)
