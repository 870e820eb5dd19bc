"""A sample that stays in the file: a tensor is mapped when asked for, and its hash checked then."""

from __future__ import annotations

import hashlib
import math
import mmap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from refint8.errors import ModelError
from refint8.model.encode import BUFFER_ALIGNMENT
from refint8.model.flatbuffer import View
from refint8.model.types import NUMPY_DTYPE
from refint8.oracle.golden.contents import TensorInfo
from refint8.oracle.golden.manifest import damaged
from refint8.oracle.targets.outcome import Array


class MappedSample(Mapping[int, Array]):
    """Arrays by tensor index, read-only views of the file.

    Access raises UsageError where the bytes are not those that were written, besides KeyError.
    """

    def __init__(self, path: Path, view: View, tensors: Sequence[TensorInfo]) -> None:
        """The table Sample. Nothing is read yet."""
        self._path, self._view = path, view
        self._tensors = {tensor.index: (at, tensor) for at, tensor in enumerate(tensors)}
        self._entries: Sequence[tuple[View, str]] | None = None
        self._sound: set[int] = set()

    def __getitem__(self, index: int) -> Array:
        position, tensor = self._tensors[index]
        view, digest = self._known()[position]
        data: Any = view.file.data
        try:
            at, size = view.span("data")
        except ModelError as error:
            raise damaged(self._path, error.reason) from None
        dtype = NUMPY_DTYPE[tensor.dtype].newbyteorder("<")
        where = f"sample {self._view.index}, tensor {index} '{tensor.name}'"
        if size != dtype.itemsize * math.prod(tensor.shape) or at % BUFFER_ALIGNMENT:
            reason = f"{where} has {size} bytes at {at} for {tensor.dtype} {list(tensor.shape)}"
            raise damaged(self._path, reason)
        raw = np.frombuffer(data, np.uint8, size, at)
        if index not in self._sound:
            if hashlib.sha256(raw.data).hexdigest() != digest:
                raise damaged(self._path, f"{where}: its bytes do not have its SHA-256")
            self._sound.add(index)
        array: Array = raw.view(dtype).astype(NUMPY_DTYPE[tensor.dtype], copy=False)
        return array.reshape(tensor.shape)

    def __iter__(self) -> Iterator[int]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def hashes(self) -> list[str]:
        """SHA-256 as recorded, in the golden's order of tensors."""
        return [digest for _, digest in self._known()]

    def release(self) -> None:
        """Let go of the memory that holds the file's pages; they are read again when needed.

        Of the whole file's, as the system maps pages around those that are asked for.
        """
        data: Any = self._view.file.data
        if hasattr(mmap, "MADV_DONTNEED"):
            data.madvise(mmap.MADV_DONTNEED)

    def _known(self) -> Sequence[tuple[View, str]]:
        """The tables TensorData and their hashes. The data itself is not touched for them."""
        if self._entries is None:
            try:
                entries = [(t, t.raw("sha256").hex()) for t in self._view.children("tensors")]
            except ModelError as error:
                raise damaged(self._path, error.reason) from None
            if len(entries) != len(self._tensors):
                reason = f"sample {self._view.index} has {len(entries)} tensors"
                raise damaged(self._path, f"{reason}, not {len(self._tensors)}")
            self._entries = entries
        return self._entries
