"""Reads a tensor's affine quantization; keeps what tool chains write, says who would refuse it.

The checks are those of LiteRT's InterpreterBuilder::ParseQuantization. Where LiteRT refuses but
the numbers still mean something, the tensor is kept and the refusal becomes an oddity.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from refint8.model.constants import PACKED_BITS
from refint8.model.flatbuffer import View
from refint8.model.notes import LITERT, Notes
from refint8.model.types import Quantization

_SMALLEST_NORMAL: Final = np.finfo(np.float32).tiny
_BITS: Final = {"INT8": 8, "UINT8": 8, "INT16": 16, "UINT16": 16, "INT32": 32, **PACKED_BITS}


def read_quantization(
    tensor: View, dtype: str, shape: tuple[int, ...], notes: Notes
) -> Quantization | None:
    """The quantization of a Tensor table, None when it has no scales.

    Raises ModelError when scales and zero points cannot be paired, or when several scales fit no
    dimension of the tensor. Degenerate scales are kept, and noted.
    """
    view = tensor.child("quantization")
    if view is None:
        return None
    member = view.union("details")[0]
    if member in ("BlockwiseQuantization", "MultiAxisQuantization"):
        notes.add(view.path, f"{member} is not read: the tensor counts as not quantized")
        return None
    if member != "NONE":
        notes.add(view.path, f"{member} details are ignored")
    scales = _aligned(view.array("scale"))
    if not scales.size:
        return None
    zero_points = _zero_points(view, scales.size, notes)
    dimension = int(view.scalar("quantized_dimension"))
    _check_dimension(view, scales.size, dimension, shape, notes)
    _note_values(view, scales, zero_points, dtype, notes)
    return Quantization(scales, zero_points, dimension)


def _aligned(values: NDArray[Any]) -> NDArray[Any]:
    """The same array, or a copy where the file does not align it for its dtype."""
    if values.flags.aligned:
        return values
    copy = values.copy()
    copy.flags.writeable = False
    return copy


def _zero_points(view: View, count: int, notes: Notes) -> NDArray[np.int64]:
    stored = _aligned(view.array("zero_point"))
    if stored.size == count:
        return stored
    if stored.size > 1:
        view.fail("zero_point", f"{stored.size} zero points for {count} scales")
    value = int(stored[0]) if stored.size else 0
    had = f"one zero point, {value}," if stored.size else "no zero point"
    notes.add(view.path, f"{had} for {count} scales: {value} for all", LITERT)
    filled = np.full(count, value, np.int64)
    filled.flags.writeable = False
    view.spend("zero_point", filled.nbytes)
    return filled


def _check_dimension(
    view: View, count: int, dimension: int, shape: tuple[int, ...], notes: Notes
) -> None:
    if not shape:
        return
    inside = 0 <= dimension < len(shape)
    if not inside:
        notes.add(
            f"{view.path}.quantized_dimension",
            f"{dimension} for a tensor of rank {len(shape)}: only the number of scales counts",
            LITERT,
        )
    if count == 1 or (inside and shape[dimension] == count):
        return
    if count not in shape:
        view.fail("scale", f"{count} scales, which fit no dimension of shape {list(shape)}")
    if inside:
        notes.add(
            f"{view.path}.quantized_dimension",
            f"{dimension}, where shape {list(shape)} has {shape[dimension]}, not {count} scales",
            LITERT,
        )


def _note_values(
    view: View,
    scales: NDArray[np.float32],
    zero_points: NDArray[np.int64],
    dtype: str,
    notes: Notes,
) -> None:
    if scales.size == 1:
        scale, zero_point = float(scales[0]), int(zero_points[0])
        if not _SMALLEST_NORMAL <= scale < np.inf:
            notes.add(f"{view.path}.scale", f"degenerate scale {scale}")
        low = high = zero_point
    else:
        if not (scales.min() >= _SMALLEST_NORMAL and scales.max() < np.inf):
            sound = (scales >= _SMALLEST_NORMAL) & np.isfinite(scales)
            first = int(np.argmin(sound))
            text = f"{int((~sound).sum())} degenerate scales, first {float(scales[first])}"
            notes.add(f"{view.path}.scale", f"{text} at {first}")
        low, high = int(zero_points.min()), int(zero_points.max())
    bits = _BITS.get(dtype, 32)
    smallest = 0 if dtype.startswith("U") else -(1 << (bits - 1))
    if low < smallest or high >= smallest + (1 << bits):
        extreme = low if low < smallest else high
        notes.add(f"{view.path}.zero_point", f"zero point {extreme} is outside {dtype}")
