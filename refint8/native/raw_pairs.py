"""Two operands element by element in plain loops that LLVM vectorises: integers as they are."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from refint8.native.fixedpoint import divide_by_pot
from refint8.native.lang import Kernel, Primitive, clamp, i16, i64, inlined, u8
from refint8.native.runs import over_runs
from refint8.native.sums import POINTERS as SIGNED_POINTERS


def _pointer_u32(b: Any, address: Any) -> Any:
    from llvmlite import ir

    return b.inttoptr(address, ir.IntType(32).as_pointer())


u32: Any = Primitive("u32", 1, _pointer_u32, "uint32*")
"""An address as a pointer to uint32."""

POINTERS: dict[str, Any] = {**SIGNED_POINTERS, "UINT32": u32}
"""How elements of a dtype are reached."""

NUMBERS: dict[str, Any] = {
    "INT8": np.int8,
    "UINT8": np.uint8,
    "INT16": np.int16,
    "INT32": np.int32,
    "UINT32": np.uint32,
    "INT64": np.int64,
}
"""A value with a dtype's low bits."""


def _name(name: str, dtype: str, scalar: tuple[bool, bool]) -> str:
    flags = "".join(f"_scalar{k}" for k in (0, 1) if scalar[k])
    return f"{name}_{dtype.lower()}{flags}"


@cache
def raw_pairs(name: str, dtype: str, scalar: tuple[bool, bool]) -> Kernel:
    """add, sub or mul modulo the dtype's width, then clamped; own words: low, high.

    max and min take no words.
    """
    pointer, number = POINTERS[dtype], NUMBERS[dtype]
    first, second = scalar
    operation = OPERATIONS[name]
    clamps = name in ("add", "sub", "mul")

    @inlined
    def run(out: int, a: int, b: int, count: int, own: int) -> None:
        x, y, z = pointer(a), pointer(b), pointer(out)
        x0, y0 = x[0], y[0]
        if clamps:
            low, high = number(i64(own)[0]), number(i64(own)[1])
            for i in range(count):
                value = number(operation(x0 if first else x[i], y0 if second else y[i]))
                z[i] = low if value < low else (high if value > high else value)
        else:
            for i in range(count):
                z[i] = operation(x0 if first else x[i], y0 if second else y[i])

    return over_runs(_name(name, dtype, scalar), run)


@inlined
def _add(a: int, b: int) -> int:
    return a + b


@inlined
def _sub(a: int, b: int) -> int:
    return a - b


@inlined
def _mul(a: int, b: int) -> int:
    return a * b


@inlined
def _max(a: int, b: int) -> int:
    return a if a > b else b


@inlined
def _min(a: int, b: int) -> int:
    return a if a < b else b


OPERATIONS: dict[str, Any] = {"add": _add, "sub": _sub, "mul": _mul, "max": _max, "min": _min}


@cache
def fraction_products(dtype: str, scalar: tuple[bool, bool]) -> Kernel:
    """int16 fractions of 2^15 to the upper 8 bits of their product: RDBPOT16(SRDHM16(a, b), 8).

    Own words: zero point, low, high.
    """
    first, second = scalar
    target = POINTERS[dtype]

    @inlined
    def run(out: int, a: int, b: int, count: int, own: int) -> None:
        x, y, z, p = i16(a), i16(b), target(out), i64(own)
        x0, y0 = x[0], y[0]
        for i in range(count):
            product = np.int64(x0 if first else x[i]) * np.int64(y0 if second else y[i])
            fraction = clamp((product + (1 << 14)) >> 15, -32768, 32767)
            z[i] = clamp(divide_by_pot(fraction, 8) + p[0], p[1], p[2])

    return over_runs(_name("fraction_products", dtype, scalar), run)


@cache
def look_up_pairs(scalar: tuple[bool, bool]) -> Kernel:
    """table[256 * a + b] of bytes; own word: the table's address."""
    first, second = scalar

    @inlined
    def run(out: int, a: int, b: int, count: int, own: int) -> None:
        x, y, z, table = u8(a), u8(b), u8(out), u8(i64(own)[0])
        x0, y0 = np.int64(x[0]), np.int64(y[0])
        for i in range(count):
            row = x0 if first else np.int64(x[i])
            z[i] = table[256 * row + (y0 if second else np.int64(y[i]))]

    return over_runs(_name("look_up_pairs", "bytes", scalar), run)
