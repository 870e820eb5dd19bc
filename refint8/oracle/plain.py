"""Any value as plain data: what JSON can hold, with nothing lost that a reader could miss."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import numpy as np

from refint8.ops._op import Array

LONGEST_ARRAY = 1 << 16
"""An array of more elements is given by its hash instead of its values."""


def plain(value: Any) -> Any:
    """Dataclasses become objects, arrays lists; numbers JSON lacks become "nan" and "inf"."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else str(value)
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, range):
        return [value.start, value.stop, value.step]
    if isinstance(value, bytes):
        return {"bytes": len(value), "sha256": hashlib.sha256(value).hexdigest()}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(plain(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        held = {field.name: plain(getattr(value, field.name)) for field in fields(value)}
        return {"kind": type(value).__name__, **held}
    return repr(value)


def sha256(array: Array) -> str:
    """The hash of an array's elements, little-endian and row-major on any machine."""
    little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
    return hashlib.sha256(little.tobytes()).hexdigest()


def lines(value: Any, name: str = "") -> Iterator[str]:
    """The same data as lines "name = value" for reading; long arrays by their ends."""
    if is_dataclass(value) and not isinstance(value, type):
        yield f"{name} = {type(value).__name__}" if name else type(value).__name__
        for field in fields(value):
            for line in lines(getattr(value, field.name), field.name):
                yield f"  {line}"
    else:
        yield f"{name} = {short(value)}"


def short(value: Any) -> str:
    """One value on one line."""
    if isinstance(value, np.ndarray):
        return _short_array(value)
    if isinstance(value, tuple) and len(value) > 12:
        return f"({', '.join(map(short, value[:4]))}, ..., {short(value[-1])})  {len(value)} values"
    if isinstance(value, (np.generic, Enum, range)):
        return str(plain(value))
    if isinstance(value, tuple):
        return f"({', '.join(map(short, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


def _array(array: Array) -> Any:
    if array.size <= LONGEST_ARRAY:
        return plain(array.tolist())
    return {"dtype": array.dtype.name, "shape": list(array.shape), "sha256": sha256(array)}


def _short_array(array: Array) -> str:
    if array.ndim == 0:
        return str(array.item())
    values = [str(v) for v in array.reshape(-1)[:8].tolist()]
    if array.size <= 8:
        return f"[{', '.join(values)}]"
    shape = "x".join(map(str, array.shape))
    span = f"{array.min()} to {array.max()}"
    return f"[{', '.join(values[:6])}, ...]  {array.dtype}[{shape}], {span}"
