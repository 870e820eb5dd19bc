"""Gathers what is read of a dump, and what cannot be, into a `Dump`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from refint8.model.types import NUMPY_DTYPE
from refint8.oracle.formats.store import Kept, Store, StoredSample
from refint8.oracle.golden.contents import Dump, DumpProblem, Golden, TensorInfo
from refint8.oracle.targets.outcome import Array


class CannotReadError(Exception):
    """Why a tensor's data is not the tensor's: one sentence for the user."""


class Gathered:
    """The arrays of a dump so far. Two files for one tensor are a problem, and neither counts."""

    def __init__(self, golden: Golden, source: Path) -> None:
        self._golden, self._source = golden, source
        self._store = Store()
        self._reading = 0
        self._arrays: dict[tuple[int, int], Kept] = {}
        self._files: dict[tuple[int, int], str] = {}
        self._problems: list[DumpProblem] = []

    def problem(
        self, file: str, reason: str, tensor: int | None = None, sample: int | None = None
    ) -> None:
        """Note something that cannot be compared."""
        self._problems.append(DumpProblem(file, reason, tensor, sample))

    def add(
        self, file: str, sample: int, tensor: TensorInfo, read: Callable[[Array], Array]
    ) -> None:
        """Take a tensor from a file. `read` is given the golden's array, for what it can tell about
        the layout, and raises CannotReadError or OSError.
        """
        key = (sample, tensor.index)
        if not 0 <= sample < len(self._golden.samples):
            count = len(self._golden.samples)
            reason = f"there is no sample {sample}, the golden has {count}, counted from 0"
            self.problem(file, reason, tensor.index)
            return
        if key in self._files:
            reason = f"{self._files[key]} is the same tensor of the same sample"
            self.problem(file, reason, tensor.index, sample)
            self._arrays.pop(key, None)
            return
        self._files[key] = file
        if sample != self._reading:
            self._release(self._reading)
            self._reading = sample
        try:
            array = read(self._golden.samples[sample][tensor.index])
            check(array.dtype, array.shape, tensor)
            self._arrays[key] = self._store.keep(array)
        except CannotReadError as error:
            self.problem(file, str(error), tensor.index, sample)
        except OSError as error:
            self.problem(file, f"cannot be read: {error.strerror}", tensor.index, sample)

    def dump(self) -> Dump:
        """What was gathered."""
        samples: list[dict[int, Kept]] = [{} for _ in self._golden.samples]
        for (sample, index), kept in sorted(self._arrays.items(), key=lambda item: item[0]):
            samples[sample][index] = kept
        return Dump(str(self._source), tuple(map(StoredSample, samples)), tuple(self._problems))

    def _release(self, sample: int) -> None:
        """Let go of the memory of a golden's sample that lies in a file."""
        let_go = getattr(self._golden.samples[sample], "release", None)
        if let_go is not None:
            let_go()


def check(dtype: np.dtype[Any], shape: tuple[int, ...], tensor: TensorInfo) -> None:
    """Refuse what is not of the tensor's dtype (in any byte order) and shape."""
    if dtype.newbyteorder("=") != NUMPY_DTYPE[tensor.dtype]:
        raise CannotReadError(f"it holds {dtype}, the tensor is {tensor.dtype}")
    if shape != tensor.shape:
        raise CannotReadError(f"its shape is {shape}, the tensor's is {tensor.shape}")


def of_bytes(data: bytes, tensor: TensorInfo, golden: Array) -> Array:
    """The array that little-endian, row-major bytes hold. Raises CannotReadError."""
    dtype = NUMPY_DTYPE[tensor.dtype]
    expected = golden.size * dtype.itemsize
    if len(data) != expected:
        raise CannotReadError(wrong_length(len(data), tensor, golden.size))
    if tensor.dtype == "BOOL" and not set(data) <= {0, 1}:
        at = next(i for i, byte in enumerate(data) if byte > 1)
        raise CannotReadError(f"element {at} is {data[at]}, a BOOL is 0 or 1")
    read = np.frombuffer(data, dtype.newbyteorder("<")).astype(dtype)
    wanted = little(golden)
    if data != wanted and little(read.byteswap()) == wanted:
        raise CannotReadError(
            f"the bytes of every element are the golden's in big-endian order: {tensor.dtype} is"
            " read little-endian"
        )
    return read.reshape(golden.shape)


def little(array: Array) -> bytes:
    """The elements of an array, little-endian and row-major."""
    return np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def wrong_length(found: int, tensor: TensorInfo, size: int) -> str:
    """What to say of a tensor's data that is `found` bytes long."""
    item = NUMPY_DTYPE[tensor.dtype].itemsize
    expected = size * item
    elements = "1 element" if size == 1 else f"{size} elements"
    said = f"{found} bytes, {elements} of {tensor.dtype} are {expected}"
    if found < expected:
        return f"{said}: cut off, or of another shape" if found else f"{said}: it is empty"
    if size and found % size == 0:
        return f"{said}: was each element written in {found // size} bytes?"
    return f"{said}: too long"
