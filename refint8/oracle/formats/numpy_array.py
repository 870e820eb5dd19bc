"""One array in NumPy's .npy form, written alike everywhere and read with nothing taken on trust."""

from __future__ import annotations

import math
import re
from io import BytesIO
from typing import IO, Final

import numpy as np

from refint8.oracle.formats.dumping import CannotReadError, check, wrong_length
from refint8.oracle.golden.contents import TensorInfo
from refint8.oracle.targets.outcome import Array

LONGEST: Final = 1 << 16
"""Bytes of a header that are read."""

_FIELDS: Final = (
    r"""['"]descr['"]\s*:\s*['"]([^'"]*)['"]""",
    r"""['"]fortran_order['"]\s*:\s*(True|False)\b""",
    r"""['"]shape['"]\s*:\s*\(([\d, L]*)\)""",
)


def npy_bytes(array: Array) -> bytes:
    """The array as the content of a .npy file, little-endian and row-major."""
    stream = BytesIO()
    ordered = np.ascontiguousarray(array).reshape(array.shape)
    little = ordered.astype(array.dtype.newbyteorder("<"), copy=False)
    np.lib.format.write_array(stream, little, version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def read_npy(stream: IO[bytes], tensor: TensorInfo) -> Array:
    """The array in a .npy, if it is the tensor's: dtype and shape are looked at before the data.

    Either byte order and either element order are fine, the header names them. Raises
    CannotReadError, OSError.
    """
    shape, fortran, dtype = _header(stream)
    check(dtype, shape, tensor)
    size = math.prod(shape)
    data = stream.read(size * dtype.itemsize + 1)
    if len(data) != size * dtype.itemsize:
        raise CannotReadError(wrong_length(len(data), tensor, size))
    if tensor.dtype == "BOOL" and not set(data) <= {0, 1}:
        raise CannotReadError("a BOOL is 0 or 1, and some bytes are neither")
    flat = np.frombuffer(data, dtype).astype(dtype.newbyteorder("="))
    return flat.reshape(shape, order="F" if fortran else "C")


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    """Shape, column-major, dtype. The header is a Python literal, which is not evaluated here."""
    start = stream.read(8)
    if start[:6] != b"\x93NUMPY":
        raise CannotReadError("it is no readable .npy: it begins otherwise")
    if start[6:] not in (b"\1\0", b"\2\0"):
        raise CannotReadError("it is of a .npy version other than 1.0 and 2.0")
    size = int.from_bytes(stream.read(2 if start[6] == 1 else 4), "little")
    text = stream.read(min(size, LONGEST)).decode("latin-1")
    found = [re.search(pattern, text) for pattern in _FIELDS]
    descr, order, extents = found
    if len(text) != size or descr is None or order is None or extents is None:
        raise CannotReadError("it is no readable .npy: its header is broken")
    if re.fullmatch(r"[<>|=]?(b1|[iuf][1248]|c8|c16)", descr[1]) is None or descr[1][-2:] == "f1":
        raise CannotReadError(f"it holds {descr[1][:40]!r}, which no tensor does")
    shape = tuple(int(extent) for extent in re.findall(r"\d{1,18}", extents[1]))
    return shape, order[1] == "True", np.dtype(descr[1])
