"""One element to another, integers as they are: plain loops that LLVM vectorises."""

from __future__ import annotations

from functools import cache
from typing import Any

from refint8.native.lang import Kernel, i64, inlined
from refint8.native.sums import POINTERS


@inlined
def _absolute(x: int) -> int:
    return -x if x < 0 else x


@inlined
def _negative(x: int) -> int:
    return -x


@inlined
def _sign(x: int) -> int:
    return (1 if x > 0 else 0) - (1 if x < 0 else 0)


OPERATIONS: dict[str, Any] = {"absolute": _absolute, "negative": _negative, "sign": _sign}


@cache
def raw_unary(name: str, dtype: str) -> Kernel:
    """One of the operations modulo the dtype's width. Words: source, target, count."""

    def make() -> Any:
        pointer, operation = POINTERS[dtype], OPERATIONS[name]

        def each(params: int, arena: int) -> None:
            p = i64(params)
            x, y = pointer(arena + p[0]), pointer(arena + p[1])
            for i in range(p[2]):
                y[i] = operation(x[i])

        return each

    return Kernel(f"raw_{name}_{dtype.lower()}", make)
