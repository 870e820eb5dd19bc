"""One array in NumPy's .npy form, written alike everywhere and read with nothing taken on trust."""

from __future__ import annotations

from io import BytesIO
from typing import IO

import numpy as np

from refint8.oracle.formats.dumping import CannotReadError, exact, wrong_length
from refint8.oracle.golden.contents import TensorInfo
from refint8.oracle.targets.outcome import Array


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
    if dtype.hasobject or dtype.fields is not None or dtype.subdtype is not None:
        raise CannotReadError(f"it holds {dtype}, the tensor is {tensor.dtype}")
    # Zeros in place of the data cost nothing, whatever shape a broken header claims.
    exact(np.broadcast_to(np.zeros((), dtype), shape), tensor)
    size = 1
    for extent in shape:
        size *= extent
    data = stream.read(size * dtype.itemsize + 1)
    if len(data) != size * dtype.itemsize:
        raise CannotReadError(wrong_length(len(data), tensor, size))
    if tensor.dtype == "BOOL" and not set(data) <= {0, 1}:
        raise CannotReadError("a BOOL is 0 or 1, and some bytes are neither")
    flat = np.frombuffer(data, dtype).astype(dtype.newbyteorder("="))
    return flat.reshape(shape, order="F" if fortran else "C")


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    try:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            header = np.lib.format.read_array_header_1_0(stream)
        elif version == (2, 0):
            header = np.lib.format.read_array_header_2_0(stream)
        else:
            raise CannotReadError(f"it is of the .npy version {version[0]}.{version[1]}")
        shape, fortran, dtype = header
        if any(extent < 0 for extent in shape):
            raise CannotReadError(f"its shape is {shape}")
        return shape, fortran, dtype
    except (ValueError, TypeError, EOFError, SyntaxError, RecursionError, MemoryError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CannotReadError(f"it is no readable .npy: {reason[:200]}") from None
