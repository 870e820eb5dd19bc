"""Elements as decimal integers and back; what is no integer stands as the bits that hold it.

FLOAT32 1.0 is 1065353216. No text of a real number keeps every NaN, and none is read alike by
all; the bits are. A complex number is two such integers, real part first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from refint8.model.types import NUMPY_DTYPE
from refint8.oracle.formats.dumping import CannotReadError
from refint8.oracle.golden.contents import TensorInfo
from refint8.oracle.targets.outcome import Array

_ONE: Final = re.compile(r"[+-]?[0-9]{1,25}")
_ALL: Final = re.compile(r"(?:[+-]?[0-9]{1,25}(?:\n(?=.)|\Z))*+", flags=re.DOTALL)


def integer_dtype(tensor: TensorInfo) -> np.dtype[np.generic]:
    """The dtype of the integers that stand for the tensor's elements."""
    dtype = NUMPY_DTYPE[tensor.dtype]
    if dtype.kind in "iu":
        return dtype
    size = dtype.itemsize // 2 if dtype.kind == "c" else dtype.itemsize
    return np.dtype(f"u{size}")


def integers(array: Array, tensor: TensorInfo) -> list[int]:
    """The elements in row-major order."""
    flat = np.ascontiguousarray(array).reshape(-1)
    return [int(value) for value in flat.view(integer_dtype(tensor)).tolist()]


def of_integers(words: Sequence[str], tensor: TensorInfo, golden: Array) -> Array:
    """The array that decimal integers hold. Raises CannotReadError."""
    made = integer_dtype(tensor)
    size = golden.size * NUMPY_DTYPE[tensor.dtype].itemsize // made.itemsize
    if len(words) != size:
        raise CannotReadError(
            f"{len(words)} numbers, the tensor has {size}"
            + (": cut off, or of another shape" if len(words) < size else "")
        )
    limits = np.iinfo(made)  # type: ignore[type-var]
    high = 1 if tensor.dtype == "BOOL" else int(limits.max)
    if _ALL.fullmatch("\n".join(words)) is None:
        at = next(i for i, word in enumerate(words) if _ONE.fullmatch(word) is None)
        raise CannotReadError(f"number {at} is {words[at][:40]!r}, which is no integer")
    values = [int(word) for word in words]
    if values and not int(limits.min) <= min(values) <= max(values) <= high:
        at = next(i for i, v in enumerate(values) if not int(limits.min) <= v <= high)
        raise CannotReadError(f"number {at} is {values[at]}, which is no {tensor.dtype}")
    return np.array(values, made).view(NUMPY_DTYPE[tensor.dtype]).reshape(golden.shape)
