"""Constants between their bytes in the file and arrays, sub-byte types included.

INT4 and UINT4 hold two values per byte, the even element in the low nibble; INT2 holds four, the
first in the lowest bits; signed ones are in two's complement (LiteRT, tflite/kernels/internal/
portable_tensor_utils.cc). In memory they sit one per byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from refint8.model.types import NUMPY_DTYPE

PACKED_BITS: Final[Mapping[str, int]] = {"INT4": 4, "UINT4": 4, "INT2": 2}
"""Types of less than a byte, and their bits."""


def byte_size(dtype: str, shape: tuple[int, ...]) -> int | None:
    """Bytes that a dense tensor takes in a file; None for types without a fixed element size."""
    if dtype not in NUMPY_DTYPE:
        return None
    count = prod(shape)
    bits = PACKED_BITS.get(dtype)
    return count * NUMPY_DTYPE[dtype].itemsize if bits is None else (count * bits + 7) // 8


def unpack(raw: NDArray[np.uint8], dtype: str, count: int) -> NDArray[Any]:
    """`count` values of a sub-byte type from their bytes, one per byte, int8 or uint8."""
    bits = PACKED_BITS[dtype]
    per_byte = 8 // bits
    values = np.empty((raw.size, per_byte), np.uint8)
    for position in range(per_byte):
        # Shifting the value to the top first lets an arithmetic shift back extend the sign.
        np.left_shift(raw, 8 - bits * (position + 1), out=values[:, position])
    flat = values.reshape(-1)[:count]
    out = flat.view(NUMPY_DTYPE[dtype])
    np.right_shift(out, 8 - bits, out=out)
    return out


def pack(values: NDArray[Any], dtype: str) -> bytes:
    """The bytes of sub-byte values, the inverse of unpack(); missing values of a byte are 0."""
    bits = PACKED_BITS[dtype]
    per_byte = 8 // bits
    flat = np.ascontiguousarray(values).reshape(-1).view(np.uint8) & ((1 << bits) - 1)
    padded = np.zeros(-(-flat.size // per_byte) * per_byte, np.uint8)
    padded[: flat.size] = flat
    rows = padded.reshape(-1, per_byte)
    packed = np.zeros(rows.shape[0], np.uint8)
    for position in range(per_byte):
        packed |= rows[:, position] << (bits * position)
    return packed.tobytes()


def to_bytes(values: NDArray[Any], dtype: str) -> bytes:
    """A constant as it is in a file: little-endian, row-major, sub-byte types packed."""
    if dtype in PACKED_BITS:
        return pack(values, dtype)
    return values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
