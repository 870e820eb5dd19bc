"""One of two values for each condition: a plain loop that LLVM vectorises."""

from __future__ import annotations

from functools import cache
from typing import Any

from refint8.native.lang import Kernel, i8, i16, i32, i64

POINTERS: dict[int, Any] = {1: i8, 2: i16, 4: i32, 8: i64}
"""How elements of so many bytes are reached, whatever they are."""


@cache
def select(size: int) -> Kernel:
    """target = x where condition, else y, for elements of `size` bytes.

    Words: condition, x, y, each followed by 1 if it is relative to the arena (0 for a constant),
    then target and count.
    """
    pointer = POINTERS[size]

    def make() -> Any:
        def select_values(params: int, arena: int) -> None:
            p = i64(params)
            condition = i8(p[0] + arena * p[1])
            x, y = pointer(p[2] + arena * p[3]), pointer(p[4] + arena * p[5])
            out = pointer(arena + p[6])
            for i in range(p[7]):
                out[i] = x[i] if condition[i] != 0 else y[i]

        return select_values

    return Kernel(f"select_{8 * size}", make)
