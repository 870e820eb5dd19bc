"""Two integers to one, in the low bits of their dtype: plain loops that LLVM vectorises."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from refint8.native.lang import Kernel, i64, inlined
from refint8.native.scatter import FUNCTIONS, NUMBERS, ON_TRUTH, POINTERS


@inlined
def _and(a: int, b: int) -> int:
    return a & b


@inlined
def _shift_left(a: Any, b: Any) -> Any:
    return np.int64(a) << (np.int64(b) & 31)


PAIR_FUNCTIONS: dict[str, Any] = {**FUNCTIONS, "and": _and, "shift_left": _shift_left}
"""What two elements become; only the low bits are kept."""


@cache
def pairs(function: str, dtype: str) -> Kernel:
    """out = function(a, b) element by element. Words: a, b, out (arena offsets), count."""
    pointer, number = POINTERS[dtype], NUMBERS[dtype]
    name = ON_TRUTH.get(function, function) if dtype == "BOOL" else function
    combine = PAIR_FUNCTIONS[name]

    def make() -> Any:
        def combine_pairs(params: int, arena: int) -> None:
            p = i64(params)
            a, b, out = pointer(arena + p[0]), pointer(arena + p[1]), pointer(arena + p[2])
            for i in range(p[3]):
                out[i] = number(combine(a[i], b[i]))

        return combine_pairs

    return Kernel(f"pairs_{function}_{dtype.lower()}", make)


@cache
def counts_inside(dtype: str) -> Kernel:
    """Shift counts outside 0..31 raise the alarm. Words: counts, how many, alarm."""
    pointer = POINTERS[dtype]

    def make() -> Any:
        def look(params: int, arena: int) -> None:
            p = i64(params)
            x, outside = pointer(arena + p[0]), np.int64(0)
            for i in range(p[1]):
                outside |= np.int64(x[i]) & ~31
            if outside != 0:
                i64(arena + p[2])[0] = 1

        return look

    return Kernel(f"counts_inside_{dtype.lower()}", make)
