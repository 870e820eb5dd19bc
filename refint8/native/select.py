"""One of two values for each condition: a plain loop that LLVM vectorises."""

from __future__ import annotations

from functools import cache
from typing import Any

from refint8.native.copy import move_over
from refint8.native.lang import Kernel, i8, i16, i32, i64, kernel

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
                # Both are read whatever the condition says, so that nothing branches on it.
                a, b = x[i], y[i]
                out[i] = a if condition[i] != 0 else b

        return select_values

    return Kernel(f"select_{8 * size}", make)


@kernel
def select_runs(params: int, arena: int) -> None:
    """The same where a condition decides over a run of bytes. Words: condition, x, y, each followed
    by 1 if it is relative to the arena, then target, conditions, bytes of a run.
    """
    p = i64(params)
    condition = i8(p[0] + arena * p[1])
    x, y, out, run = p[2] + arena * p[3], p[4] + arena * p[5], arena + p[6], p[8]
    for i in range(p[7]):
        at = i * run
        source = y + at + (x - y) * (1 if condition[i] != 0 else 0)  # without a branch
        move_over(out + at, source, run, 0)
