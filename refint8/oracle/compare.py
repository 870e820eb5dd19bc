"""Two sets of tensors, bit against bit."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refint8.ops._op import Array


@dataclass(frozen=True)
class TensorDiff:
    """One tensor compared: how many of its elements differ, by how much, and where first.

    `largest` is the largest absolute difference, an exact integer for integers; for floats it is
    infinite where a NaN stands against a number. `first` is the first differing index in row-major
    order, `a` and `b` are the two values there. `problem` is set instead when there is nothing to
    compare element by element (shapes, dtypes, or the tensor on one side only): then every element
    counts as differing.
    """

    key: Hashable
    elements: int
    differing: int
    largest: int | float = 0
    first: tuple[int, ...] | None = None
    a: int | float | None = None
    b: int | float | None = None
    problem: str = ""

    @property
    def equal(self) -> bool:
        """Whether both sides have the same bits."""
        return self.differing == 0 and not self.problem


@dataclass(frozen=True)
class Diff:
    """The result of `compare`: truthy if equal. `tensors` are in the order of the first side."""

    tensors: tuple[TensorDiff, ...]

    def __bool__(self) -> bool:
        return all(tensor.equal for tensor in self.tensors)

    @property
    def first(self) -> TensorDiff | None:
        """The first tensor that differs, None when all are equal."""
        return next((tensor for tensor in self.tensors if not tensor.equal), None)

    @property
    def elements(self) -> int:
        """Elements compared."""
        return sum(tensor.elements for tensor in self.tensors)

    @property
    def differing(self) -> int:
        """Elements that differ."""
        return sum(tensor.differing for tensor in self.tensors)

    def table(self) -> str:
        """The differing tensors as text, one line each, and a line that sums up."""
        lines = [
            f"{tensor.key}  {tensor.problem}"
            if tensor.problem
            else f"{tensor.key}  {tensor.differing}/{tensor.elements} differ, at most by"
            f" {tensor.largest}, first at {list(tensor.first or ())}: {tensor.a} and {tensor.b}"
            for tensor in self.tensors
            if not tensor.equal
        ]
        differing = len(lines)
        lines.append(
            f"{differing} of {len(self.tensors)} tensors differ,"
            f" {self.differing} of {self.elements} elements"
        )
        return "\n".join(lines)


def compare(a: Mapping[Any, Array], b: Mapping[Any, Array]) -> Diff:
    """Compare tensors of the same key; a tensor on one side only makes the result unequal.

    Equal means the same shape, dtype and bits; any NaN equals any NaN. Never raises for what it
    finds: a difference in shape or dtype is reported in `TensorDiff.problem`.
    """
    tensors = [
        compare_arrays(key, a[key], b[key]) if key in b else _one_sided(key, a[key], "second")
        for key in a
    ]
    tensors += [_one_sided(key, b[key], "first") for key in b if key not in a]
    return Diff(tuple(tensors))


def compare_arrays(key: Hashable, a: Array, b: Array) -> TensorDiff:
    """Compare two tensors."""
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype != b.dtype:
        return TensorDiff(key, a.size, a.size, problem=f"dtype {a.dtype} against {b.dtype}")
    if a.shape != b.shape:
        return TensorDiff(key, a.size, a.size, problem=f"shape {a.shape} against {b.shape}")
    parted = different(a, b)
    differing = int(np.count_nonzero(parted))
    if differing == 0:
        return TensorDiff(key, a.size, 0)
    position = int(np.argmax(parted))
    first = tuple(int(i) for i in np.unravel_index(position, a.shape))
    largest = _largest(a[parted], b[parted])
    x, y = a.reshape(-1)[position].item(), b.reshape(-1)[position].item()
    return TensorDiff(key, a.size, differing, largest, first, x, y)


def _one_sided(key: Hashable, array: Array, missing: str) -> TensorDiff:
    return TensorDiff(key, array.size, array.size, problem=f"not on the {missing} side")


def different(a: Array, b: Array) -> NDArray[np.bool_]:
    """Where two arrays of one shape and dtype have other bits; any NaN is as good as another."""
    if a.dtype.kind not in "fc":
        return np.asarray(a != b)
    # As bytes, because -0.0 == 0.0 and NaN != NaN are not what bits say.
    bits = np.asarray(
        (_bytes(a) != _bytes(b)).any(axis=-1).reshape(a.shape) & ~(np.isnan(a) & np.isnan(b))
    )
    return bits


def _bytes(a: Array) -> NDArray[np.uint8]:
    flat = np.ascontiguousarray(a).reshape(-1)
    return flat.view(np.uint8).reshape(flat.size, a.dtype.itemsize)


def _largest(a: Array, b: Array) -> int | float:
    if a.dtype.kind in "iub":
        # As Python integers where int64 could not hold the difference.
        wide = object if a.dtype.itemsize == 8 else np.int64
        return int(np.max(np.abs(a.astype(wide) - b.astype(wide))))
    with np.errstate(all="ignore"):
        distance = np.abs(a.astype(np.complex128) - b.astype(np.complex128))
    largest = float(np.max(np.where(np.isnan(distance), math.inf, distance)))
    return largest
