"""Kernels that only look: data outside an operator's domain raises the alarm."""

from __future__ import annotations

from functools import cache
from typing import Any

from refint8.native.lang import Kernel, i64
from refint8.native.sums import POINTERS


@cache
def at_least(dtype: str) -> Kernel:
    """No element is below a bound. Words: source, count, bound, alarm."""

    def make() -> Any:
        pointer = POINTERS[dtype]

        def look(params: int, arena: int) -> None:
            p = i64(params)
            x, bound, bad = pointer(arena + p[0]), p[2], 0
            for i in range(p[1]):
                bad |= 1 if x[i] < bound else 0
            if bad != 0:
                i64(arena + p[3])[0] = 1

        return look

    return Kernel(f"at_least_{dtype.lower()}", make)


@cache
def none_equals(dtype: str) -> Kernel:
    """No element has a value. Words: source, count, value, alarm."""

    def make() -> Any:
        pointer = POINTERS[dtype]

        def look(params: int, arena: int) -> None:
            p = i64(params)
            x, value, bad = pointer(arena + p[0]), p[2], 0
            for i in range(p[1]):
                bad |= 1 if x[i] == value else 0
            if bad != 0:
                i64(arena + p[3])[0] = 1

        return look

    return Kernel(f"none_equals_{dtype.lower()}", make)
