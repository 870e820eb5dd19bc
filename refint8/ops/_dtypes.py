"""Dtype rows of the operators that move values without looking at them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from refint8.model.types import NUMPY_DTYPE

ANY: Final = tuple(NUMPY_DTYPE)
"""Every dtype a model can hold."""

WIDTH_8: Final = ("INT8", "UINT8", "BOOL")
WIDTH_16: Final = ("INT16", "UINT16", "FLOAT16")
WIDTH_32: Final = ("INT32", "UINT32", "FLOAT32")
WIDTH_64: Final = ("INT64", "UINT64", "FLOAT64", "COMPLEX64")

WHOLE_BYTES: Final = (*WIDTH_8, *WIDTH_16, *WIDTH_32, *WIDTH_64)
"""What a kernel takes that goes by the element's size alone: 8, 16, 32 or 64 bits."""


def rows(template: str, dtypes: Iterable[str]) -> tuple[str, ...]:
    """The row notation with each dtype for `{T}`: "{T},INT32->{T}" to "INT8,INT32->INT8", ..."""
    return tuple(template.format(T=dtype) for dtype in dtypes)
