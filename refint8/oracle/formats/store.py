"""Keeps the arrays of a dump: in memory while they are few, else in a file without a name."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from refint8.oracle.targets.outcome import Array

IN_MEMORY: Final = 32 << 20
"""Bytes of arrays that are kept in memory."""

Kept = Callable[[], Array]


class Store:
    """Takes arrays and gives them back. The file vanishes with the last that is kept in it."""

    def __init__(self) -> None:
        self._bytes = 0
        self._file: _File | None = None

    def keep(self, array: Array) -> Kept:
        """A way back to the array. Raises OSError where there is no room for it."""
        self._bytes += array.nbytes
        if self._bytes <= IN_MEMORY or not hasattr(os, "pread"):
            return lambda: array
        if self._file is None:
            self._file = _File()
        file, at = self._file, self._file.append(array)
        dtype, shape, size = array.dtype, array.shape, array.nbytes

        def read() -> Array:
            made: Array = np.frombuffer(os.pread(file.descriptor, size, at), dtype)
            return made.reshape(shape)

        return read


class _File:
    """A file that nobody else sees; closed, and with that gone, when nobody holds it any more."""

    def __init__(self) -> None:
        self.descriptor, name = tempfile.mkstemp(prefix="refint8-dump-")
        Path(name).unlink()
        self._size = 0
        weakref.finalize(self, os.close, self.descriptor)

    def append(self, array: Array) -> int:
        """Write the elements at the end; where that was."""
        left, at = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data, self._size
        while left:
            left = left[os.write(self.descriptor, left) :]
        self._size += array.nbytes
        return at


class StoredSample(Mapping[int, Array]):
    """A sample's arrays by tensor index, fetched when asked for."""

    def __init__(self, kept: Mapping[int, Kept]) -> None:
        self._kept = kept

    def __getitem__(self, index: int) -> Array:
        return self._kept[index]()

    def __contains__(self, index: object) -> bool:
        return index in self._kept

    def __iter__(self) -> Iterator[int]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)
