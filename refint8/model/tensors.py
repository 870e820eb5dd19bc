"""Reads Tensor tables and the constants behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from refint8.model.constants import PACKED_BITS, byte_size, unpack
from refint8.model.enums import enum
from refint8.model.flatbuffer import View
from refint8.model.notes import LITERT, Notes
from refint8.model.quantization import read_quantization
from refint8.model.sparsity import read_sparsity
from refint8.model.types import NUMPY_DTYPE, Tensor

MAX_RANK: Final = 32
"""NumPy 1's limit; TFLite's kernels stop at 8 or earlier, so nothing real comes near."""

MAX_BYTES: Final = 1 << 63
"""A shape that needs more is no shape: LiteRT's size_t product overflows as well."""


@dataclass(frozen=True)
class Stored:
    """Where a buffer's bytes are in the file; `present` is False when the table has none."""

    start: int
    size: int
    present: bool


@dataclass
class Constants:
    """The file's buffers, and the arrays already made from them (tensors may share a buffer)."""

    buffers: Sequence[Stored]
    made: dict[tuple[int, int, str, int], NDArray[Any]] = field(default_factory=dict)


def read_buffers(model: View) -> tuple[Stored, ...]:
    """Place every buffer, inside the flatbuffer or behind it (Buffer.offset and size).

    An offset of 0 or 1 is no place: converters write 1 before they know the real one.
    """
    return tuple(_place(view) for view in model.children("buffers"))


def _place(view: View) -> Stored:
    if view.has("data"):
        return Stored(*view.span("data"), present=True)
    offset, size = view.scalar("offset"), view.scalar("size")
    if offset <= 1:
        return Stored(0, 0, present=False)
    if offset + size > len(view.file.data):
        view.fail("offset", f"its {size} bytes at {offset} leave the file")
    return Stored(offset, size, present=True)


def read_tensor(view: View, index: int, constants: Constants, notes: Notes) -> Tensor:
    """One Tensor table as a Tensor, its constant decoded."""
    dtype = view.member("type")
    if dtype not in enum("TensorType").values:
        view.fail("type", f"there is no {dtype}")
    shape = _shape(view, "shape", 0)
    if _least_bytes(dtype, shape) >= MAX_BYTES:
        view.fail("shape", f"{list(shape)} has more elements than any memory")
    signature = _shape(view, "shape_signature", -1) if view.has("shape_signature") else shape
    buffer = view.scalar("buffer")
    if buffer >= max(len(constants.buffers), 1):
        view.fail("buffer", f"buffer {buffer}, but the model has {len(constants.buffers)}")
    if view.scalar("external_buffer"):
        notes.add(view.path, "its data is in another file (external_buffer), which is not read")
    sparsity = read_sparsity(view)
    is_variable = view.scalar("is_variable")
    data = _constant(view, dtype, shape, buffer, sparsity is not None, constants)
    if data is not None and is_variable:
        notes.add(view.path, "a variable tensor with initial data", LITERT)
    return Tensor(
        index=index,
        name=view.string("name"),
        dtype=dtype,
        shape=shape,
        shape_signature=signature,
        buffer=buffer,
        quantization=read_quantization(view, dtype, shape, notes),
        is_variable=is_variable,
        has_rank=view.scalar("has_rank"),
        data=data,
        sparsity=sparsity,
    )


def _shape(view: View, name: str, smallest: int) -> tuple[int, ...]:
    shape = view.vector(name)
    if len(shape) > MAX_RANK:
        view.fail(name, f"rank {len(shape)} is beyond {MAX_RANK}")
    if shape and min(shape) < smallest:
        hint = "; an unknown dimension is 1 here and -1 in shape_signature" if smallest == 0 else ""
        view.fail(name, f"negative dimension in {list(shape)}{hint}")
    return shape


def _least_bytes(dtype: str, shape: tuple[int, ...]) -> int:
    """Bytes with empty dimensions counted as 1: NumPy must be able to hold the strides too."""
    element = NUMPY_DTYPE[dtype].itemsize if dtype in NUMPY_DTYPE else 1
    return element * prod(max(size, 1) for size in shape)


def _constant(
    view: View,
    dtype: str,
    shape: tuple[int, ...],
    buffer: int,
    sparse: bool,
    constants: Constants,
) -> NDArray[Any] | None:
    """The tensor's value, read-only; None when it is no constant.

    Buffer 0 is empty by convention and LiteRT never looks into it. Bytes of types without a NumPy
    dtype (STRING, BFLOAT16, ...) stay bytes, and a sparse tensor's are its stored values, in 1-D.
    """
    if buffer == 0 or not constants.buffers[buffer].present:
        return None
    stored = constants.buffers[buffer]
    expected = byte_size(dtype, shape)
    if stored.size == 0 and (sparse or expected != 0):
        return None
    if expected is None:
        return _values(view, stored, "UINT8", stored.size, constants)
    if sparse:
        return _sparse_values(view, stored, dtype, constants)
    if stored.size != expected:
        view.fail(
            "buffer",
            f"{dtype} of shape {list(shape)} takes {expected} bytes, "
            f"but buffer {buffer} holds {stored.size}",
            stored.start,
        )
    return _values(view, stored, dtype, prod(shape), constants).reshape(shape)


def _sparse_values(view: View, stored: Stored, dtype: str, constants: Constants) -> NDArray[Any]:
    bits = PACKED_BITS.get(dtype, 8 * NUMPY_DTYPE[dtype].itemsize)
    count, rest = divmod(stored.size * 8, bits)
    if rest:
        view.fail("buffer", f"{stored.size} bytes are no whole number of {dtype}", stored.start)
    return _values(view, stored, dtype, count, constants)


def _values(
    view: View, stored: Stored, dtype: str, count: int, constants: Constants
) -> NDArray[Any]:
    """A 1-D array over the buffer, or a copy where the bytes are packed or misaligned."""
    key = (stored.start, stored.size, dtype, count)
    known = constants.made.get(key)
    if known is not None:
        return known
    raw = np.frombuffer(view.file.data, np.uint8, stored.size, stored.start)
    if dtype in PACKED_BITS:
        view.spend("buffer", stored.size)
        values = unpack(raw, dtype, count)
    elif dtype == "BOOL":
        view.spend("buffer", stored.size)
        values = raw != 0
    else:
        values = raw.view(NUMPY_DTYPE[dtype].newbyteorder("<"))
        if not values.flags.aligned:
            view.spend("buffer", stored.size)
            values = values.copy()
    values.flags.writeable = False
    constants.made[key] = values
    return values
