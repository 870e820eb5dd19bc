"""The index arithmetic of STABLEHLO_GATHER and STABLEHLO_SCATTER.

Both walk a big index that mixes two smaller ones: where a window starts (through a tensor of start
vectors), and the place within the window.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from refint8.numerics.fixedpoint import Ints, as_int64
from refint8.ops._op import Array, Shape


@dataclass(frozen=True)
class IndexMap:
    """How indices of a tensor of `shape` (results or updates) become indices of the operand.

    `window_axes` are the axes of `shape` that lie within a window, the others choose one;
    `vector_axis` is the axis of the starts that holds their components, component k belongs to
    the operand's axis start_axes[k]; along the operand's axes `dropped` a window has one element
    and no axis.
    """

    shape: Shape
    window_axes: tuple[int, ...]
    vector_axis: int
    start_axes: tuple[int, ...]
    dropped: tuple[int, ...]
    rank: int

    def fits(self, starts: Shape) -> bool:
        """Whether all of it goes together with starts of that shape."""
        rank, windows = len(self.shape), self.window_axes
        chosen = [size for axis, size in enumerate(self.shape) if axis not in windows]
        around = [size for axis, size in enumerate(starts) if axis != self.vector_axis]
        return (
            0 <= self.vector_axis < len(starts)
            and list(windows) == sorted(set(windows))
            and all(0 <= axis < rank for axis in windows)
            and list(self.dropped) == sorted(set(self.dropped))
            and all(0 <= axis < self.rank for axis in self.dropped)
            and len(set(self.start_axes)) == len(self.start_axes) == starts[self.vector_axis]
            and all(0 <= axis < self.rank for axis in self.start_axes)
            and len(windows) + len(self.dropped) == self.rank
            and chosen == around
        )

    @property
    def kept(self) -> tuple[int, ...]:
        """The operand's axes that windows have too, in order."""
        return tuple(axis for axis in range(self.rank) if axis not in self.dropped)

    def starts(self, starts: Array) -> Ints:
        """Where the windows start, [windows, operand's rank]."""
        vectors = np.moveaxis(starts, self.vector_axis, -1)
        windows = prod(vectors.shape[:-1])
        vectors = as_int64(vectors).reshape(windows, len(self.start_axes))
        full = np.zeros((len(vectors), self.rank), np.int64)
        full[:, list(self.start_axes)] = vectors
        return full

    def places(self, starts: Ints) -> Ints:
        """The operand's index for each element of `shape`, [elements, operand's rank]."""
        places = starts[self.windows()]
        places[:, list(self.kept)] += self._indices()[list(self.window_axes)].T
        return as_int64(places)

    def windows(self) -> Ints:
        """The number of the window that each element of `shape` lies in."""
        indices = self._indices()
        number = np.zeros(indices.shape[1], np.int64)
        for axis in range(len(self.shape)):
            if axis not in self.window_axes:
                number = number * self.shape[axis] + indices[axis]
        return number

    def _indices(self) -> Ints:
        return np.indices(self.shape).reshape(len(self.shape), prod(self.shape))


def flat(places: Ints, shape: Shape) -> Ints:
    """Indices [n, rank] inside `shape` to flat ones."""
    strides = [prod(shape[axis + 1 :]) for axis in range(len(shape))]
    numbers: Ints = (places * np.array(strides, np.int64)).sum(-1, dtype=np.int64)
    return numbers
