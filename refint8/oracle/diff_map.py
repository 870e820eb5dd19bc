"""Where and by how much a tensor differs: a digest that stays small however large the tensor is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from refint8.oracle.compare import different
from refint8.oracle.targets.outcome import Array

BINS: Final = 33
"""Bars of a histogram; so many different differences still have a bar each."""

CHANNELS: Final = 256
SIDE: Final = 64
FIRST: Final = 8

Number = int | float


@dataclass(frozen=True)
class Bin:
    """Differences from `low` to `high`, both included, and how many there are."""

    low: Number
    high: Number
    count: int


@dataclass(frozen=True)
class Element:
    """One differing element: where it is, the right value and the other one."""

    sample: int
    index: tuple[int, ...]
    ours: Number
    theirs: Number


@dataclass(frozen=True)
class Cells:
    """Counts along axes that were cut into equal pieces: `step` indexes make a cell.

    `differing` and `elements` have a row per cell of the first axis; a bar per channel is one row.
    """

    size: tuple[int, ...]
    step: tuple[int, ...]
    differing: tuple[tuple[int, ...], ...]
    elements: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class DiffMap:
    """How one tensor of two sides differs, summed over all samples.

    `histogram` counts theirs - ours where the bits differ, from low to high; `not_finite` counts
    those of them where a side has NaN or infinity. `channels` counts along the last axis, `plane`
    along the two axes before it (height and width of NHWC) over all channels; what a tensor has no
    axes for is None. `first` are the first differing elements in row-major order, sample by sample.
    At most BINS bins, CHANNELS channels, SIDE x SIDE cells and FIRST elements are kept.
    """

    shape: tuple[int, ...]
    dtype: str
    samples: int
    elements: int
    differing: int
    histogram: tuple[Bin, ...]
    not_finite: int
    channels: Cells | None
    plane: Cells | None
    first: tuple[Element, ...]


def diff_map(pairs: Sequence[tuple[int, Array, Array]]) -> DiffMap | None:
    """The digest of a tensor over samples: (number, ours, theirs) each.

    None where nothing differs element by element. Only samples are counted in which both sides have
    the shape and dtype that the first differing one has; a tensor of another shape or dtype differs
    as a whole, which needs no map.
    """
    alike = [(n, a, b) for n, a, b in pairs if (a.shape, a.dtype) == (b.shape, b.dtype)]
    compared = [(number, a, b, different(a, b)) for number, a, b in alike]
    leading = next((a for _, a, _, mask in compared if mask.any()), None)
    if leading is None:
        return None
    kept = [
        each
        for each in compared
        if (each[1].shape, each[1].dtype) == (leading.shape, leading.dtype)
    ]
    counts: NDArray[np.int64] = np.zeros(leading.shape, np.int64)
    for *_, mask in kept:
        counts += mask
    differences = np.concatenate([_differences(a[mask], b[mask]) for _, a, b, mask in kept])
    finite = differences[np.isfinite(differences)] if differences.dtype.kind == "f" else differences
    return DiffMap(
        shape=leading.shape,
        dtype=leading.dtype.name,
        samples=len(kept),
        elements=leading.size * len(kept),
        differing=int(counts.sum()),
        histogram=_histogram(finite),
        not_finite=differences.size - finite.size,
        channels=_channels(counts, len(kept)),
        plane=_plane(counts, len(kept)),
        first=_first(kept),
    )


def _differences(a: Array, b: Array) -> Array:
    if a.dtype.kind in "iub":
        near = b.astype(np.int64) - a.astype(np.int64)
        if a.dtype.itemsize < 8:
            return np.asarray(near)
        far = b.astype(np.float64) - a.astype(np.float64)
        # Where int64 cannot hold a difference all of them are rounded to float64.
        return np.asarray(near if np.abs(far).max(initial=0) < 2**62 else far)
    if a.dtype.kind == "c":
        a, b = np.abs(a - b), np.zeros_like(b, np.float64)
    with np.errstate(all="ignore"):
        return np.asarray(b.astype(np.float64) - a.astype(np.float64))


def _histogram(differences: Array) -> tuple[Bin, ...]:
    if not differences.size:
        return ()
    values, counts = np.unique(differences, return_counts=True)
    if values.size <= BINS:
        pairs = zip(values.tolist(), counts.tolist(), strict=True)
        return tuple(Bin(value, value, count) for value, count in pairs)
    low, high = values[0].item(), values[-1].item()
    if isinstance(low, int):
        width = -(-(high - low + 1) // BINS)
        held = np.bincount((differences - low) // width).tolist()
        return tuple(
            Bin(low + n * width, low + (n + 1) * width - 1, count) for n, count in enumerate(held)
        )
    # Halved, because the width of all finite numbers is not a finite number.
    edges = 2 * np.linspace(low / 2, high / 2, BINS + 1)
    place = np.clip(np.searchsorted(edges, differences, side="right") - 1, 0, BINS - 1)
    held = np.bincount(place, minlength=BINS).tolist()
    ends = edges.tolist()
    return tuple(Bin(ends[n], ends[n + 1], count) for n, count in enumerate(held))


def _channels(counts: NDArray[np.int64], samples: int) -> Cells | None:
    if counts.ndim == 0:
        return None
    flat = counts.reshape(-1, counts.shape[-1]).sum(axis=0)[None, :]
    return _cells(flat, (1, CHANNELS), samples * (counts.size // counts.shape[-1]))


def _plane(counts: NDArray[np.int64], samples: int) -> Cells | None:
    if counts.ndim < 3 or counts.shape[-3] * counts.shape[-2] == 1:
        return None
    height, width, channels = counts.shape[-3:]
    flat = counts.reshape(-1, height, width, channels).sum(axis=(0, 3))
    return _cells(flat, (SIDE, SIDE), samples * (counts.size // flat.size))


def _cells(counts: NDArray[np.int64], most: tuple[int, int], each: int) -> Cells:
    """Counts in at most `most` rows and columns; `each` elements stand behind every count."""
    steps = [-(-size // limit) for size, limit in zip(counts.shape, most, strict=True)]
    held = counts
    sizes = np.full(counts.shape, each, np.int64)
    for axis, step in enumerate(steps):
        starts = np.arange(0, counts.shape[axis], step)
        held = np.add.reduceat(held, starts, axis=axis)
        sizes = np.add.reduceat(sizes, starts, axis=axis)
    return Cells(counts.shape, tuple(steps), _rows(held), _rows(sizes))


def _rows(counts: NDArray[np.int64]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(row) for row in counts.tolist())


def _first(kept: Sequence[tuple[int, Array, Array, Any]]) -> tuple[Element, ...]:
    found: list[Element] = []
    for number, a, b, mask in kept:
        for position in np.flatnonzero(mask)[: FIRST - len(found)].tolist():
            index = tuple(int(i) for i in np.unravel_index(position, a.shape))
            found.append(Element(number, index, a[index].item(), b[index].item()))
    return tuple(found)
