"""Windows combined to one value each, by tables of byte distances."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from refint8.native.lang import Kernel, i8, i16, i32, i64, inlined, u8

POINTERS: dict[str, Any] = {
    "INT8": i8,
    "UINT8": u8,
    "INT16": i16,
    "INT32": i32,
    "INT64": i64,
    "BOOL": u8,
}
"""How elements of a dtype are reached."""

NUMBERS: dict[str, Any] = {
    "INT8": np.int8,
    "UINT8": np.uint8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "BOOL": np.uint8,
}
"""A value with a dtype's low bits."""


@inlined
def _add(a: int, b: int) -> int:
    return a + b


@inlined
def _mul(a: int, b: int) -> int:
    return a * b


@inlined
def _minimum(a: int, b: int) -> int:
    return a if a <= b else b


@inlined
def _maximum(a: int, b: int) -> int:
    return a if a >= b else b


@inlined
def _all(a: int, b: int) -> int:
    return 1 if a != 0 and b != 0 else 0


@inlined
def _any(a: int, b: int) -> int:
    return 1 if a != 0 or b != 0 else 0


FUNCTIONS: dict[str, Any] = {
    "ADD": _add,
    "MUL": _mul,
    "MINIMUM": _minimum,
    "MAXIMUM": _maximum,
    "ALL": _all,
    "ANY": _any,
}
"""What two values become; only the low bits are kept."""


@cache
def reduce_windows(function: str, dtype: str) -> Kernel:
    """target[r, c] = init combined with source[rows[r] + c * step + places[k]] for all k.

    Words: source, init, target (arena offsets), address of the row starts in bytes, rows, columns,
    bytes between the columns of the source, address of the places in bytes, how many.
    """
    pointer, number, combine = POINTERS[dtype], NUMBERS[dtype], FUNCTIONS[function]

    def make() -> Any:
        def reduce(params: int, arena: int) -> None:
            p = i64(params)
            source, init, out = arena + p[0], pointer(arena + p[1]), pointer(arena + p[2])
            starts, columns, step, places = i64(p[3]), p[5], p[6], i64(p[7])
            for row in range(p[4]):
                for column in range(columns):
                    out[row * columns + column] = init[0]
                for k in range(p[8]):
                    start = source + starts[row] + places[k]
                    for column in range(columns):
                        at = row * columns + column
                        x = pointer(start + column * step)
                        out[at] = number(combine(out[at], x[0]))

        return reduce

    return Kernel(f"reduce_windows_{function.lower()}_{dtype.lower()}", make)
