"""Plain loops over two operands: comparisons, bits, integer quotients, values by table."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from refint8.native.fixedpoint import high_mul, leading_zeros_32, one_over_one_plus_x
from refint8.native.lang import Kernel, Primitive, clamp, i16, i32, i64, inlined, u8
from refint8.native.raw_pairs import POINTERS as SOME_POINTERS
from refint8.native.runs import over_runs


def _pointer_u16(b: Any, address: Any) -> Any:
    from llvmlite import ir

    return b.inttoptr(address, ir.IntType(16).as_pointer())


u16: Any = Primitive("u16", 1, _pointer_u16, "uint16*")
"""An address as a pointer to uint16."""

POINTERS: dict[str, Any] = {**SOME_POINTERS, "UINT16": u16, "BOOL": u8}
"""How elements of a dtype are reached."""


@inlined
def _equal(a: int, b: int) -> int:
    return 1 if a == b else 0


@inlined
def _not_equal(a: int, b: int) -> int:
    return 1 if a != b else 0


@inlined
def _greater(a: int, b: int) -> int:
    return 1 if a > b else 0


@inlined
def _greater_equal(a: int, b: int) -> int:
    return 1 if a >= b else 0


@inlined
def _less(a: int, b: int) -> int:
    return 1 if a < b else 0


@inlined
def _less_equal(a: int, b: int) -> int:
    return 1 if a <= b else 0


@inlined
def _and(a: int, b: int) -> int:
    return a & b


@inlined
def _or(a: int, b: int) -> int:
    return a | b


@inlined
def _xor(a: int, b: int) -> int:
    return a ^ b


def _floor_division(quotient: bool, bits: int) -> Any:
    """Division rounded down of numbers of so many bits; the divisor is not 0.

    The CPU divides toward zero, and cannot divide the lowest number by -1: by 1 instead, which
    leaves nothing as well, and the quotient is negated. Conditions are computed with, because LLVM
    makes branches of selections, which data without a pattern turns slow.
    """

    def emit(b: Any, x: Any, y: Any) -> Any:
        from llvmlite import ir

        kind, word = ir.IntType(bits), ir.IntType(64)
        n, d = (b.trunc(v, kind) if bits < 64 else v for v in (x, y))
        minus = b.sext(b.icmp_signed("==", d, kind(-1)), kind)
        by = b.sub(d, b.shl(minus, kind(1)))
        remainder = b.srem(n, by)
        some = b.sext(b.icmp_signed("!=", remainder, kind(0)), kind)
        below = b.and_(some, b.ashr(b.xor(remainder, by), kind(bits - 1)))
        if quotient:
            whole = b.sdiv(n, by)
            found = b.add(b.sub(b.xor(whole, minus), minus), below)
        else:
            found = b.add(remainder, b.and_(below, by))
        return b.sext(found, word) if bits < 64 else found

    return Primitive(f"floor_{'quotient' if quotient else 'remainder'}_{bits}", 2, emit, "int64")


@inlined
def _square_of_difference(a: int, b: int) -> Any:
    difference = np.int32(np.int64(a) - np.int64(b))
    return np.int32(difference * difference)


OPERATIONS: dict[str, Any] = {
    "equal": _equal,
    "not_equal": _not_equal,
    "greater": _greater,
    "greater_equal": _greater_equal,
    "less": _less,
    "less_equal": _less_equal,
    "and": _and,
    "or": _or,
    "xor": _xor,
    "floor_quotient": _floor_division(True, 32),
    "floor_remainder": _floor_division(False, 32),
    "floor_remainder_64": _floor_division(False, 64),
    "square_of_difference": _square_of_difference,
}


def _flags(scalar: tuple[bool, bool]) -> str:
    return "".join(f"_scalar{k}" for k in (0, 1) if scalar[k])


@cache
def integer_pairs(name: str, dtype: str, out: str, scalar: tuple[bool, bool]) -> Kernel:
    """One of the operations on integers as they are, to the low bits of `out`; no own words."""
    pointer, target = POINTERS[dtype], POINTERS[out]
    wide = f"{name}_64" if dtype == "INT64" else ""
    operation = OPERATIONS.get(wide, OPERATIONS[name])
    first, second = scalar

    @inlined
    def run(out: int, a: int, b: int, count: int, _own: int) -> None:
        x, y, z = pointer(a), pointer(b), target(out)
        x0, y0 = x[0], y[0]
        for i in range(count):
            z[i] = operation(x0 if first else x[i], y0 if second else y[i])

    return over_runs(f"pairs_{name}_{dtype.lower()}_{out.lower()}{_flags(scalar)}", run)


@cache
def shift_pairs(dtype: str, scalar: tuple[bool, bool]) -> Kernel:
    """a >> b with b limited to 0..bits - 1; own word: bits - 1."""
    pointer = POINTERS[dtype]
    first, second = scalar

    @inlined
    def run(out: int, a: int, b: int, count: int, own: int) -> None:
        x, y, z, most = pointer(a), pointer(b), pointer(out), i64(own)[0]
        x0, y0 = np.int64(x[0]), np.int64(y[0])
        for i in range(count):
            value = x0 if first else np.int64(x[i])
            z[i] = value >> clamp(y0 if second else np.int64(y[i]), 0, most)

    return over_runs(f"pairs_right_shift_{dtype.lower()}{_flags(scalar)}", run)


@cache
def compare_tables(name: str, scalar: tuple[bool, bool]) -> Kernel:
    """A comparison of int16 operands by their values in two int64 tables, lowest input first.

    Own words: both addresses.
    """
    operation = OPERATIONS[name]
    first, second = scalar

    @inlined
    def run(out: int, a: int, b: int, count: int, own: int) -> None:
        x, y, z, p = i16(a), i16(b), u8(out), i64(own)
        left, right = i64(p[0]), i64(p[1])
        x0, y0 = x[0], y[0]
        for i in range(count):
            value = left[np.int64(x0 if first else x[i]) + 32768]
            z[i] = operation(value, right[np.int64(y0 if second else y[i]) + 32768])

    return over_runs(f"compare_tables_{name}{_flags(scalar)}", run)


@cache
def square_tables(scalar: tuple[bool, bool]) -> Kernel:
    """int16 by two int32 tables: the square of their difference, requantized.

    Own words: both addresses, multiplier, left shift, right shift, zero point, low, high.
    """
    first, second = scalar

    @inlined
    def run(out: int, a: int, b: int, count: int, own: int) -> None:
        x, y, z, p = i16(a), i16(b), i16(out), i64(own)
        left, right = i32(p[0]), i32(p[1])
        x0, y0 = x[0], y[0]
        mask = (1 << p[4]) - 1
        for i in range(count):
            value = np.int64(left[np.int64(x0 if first else x[i]) + 32768])
            difference = value - np.int64(right[np.int64(y0 if second else y[i]) + 32768])
            square = np.int64(np.int32((difference * difference) << p[3]))
            h = (square * p[2] + (1 << 30)) >> 31
            away = 1 if (h & mask) > (mask >> 1) + (1 if h < 0 else 0) else 0
            z[i] = clamp((h >> p[4]) + away + p[5], p[6], p[7])

    return over_runs(f"square_tables{_flags(scalar)}", run)


@cache
def truncated_quotients(scalar: tuple[bool, bool]) -> Kernel:
    """int32 divided toward zero, then clamped; no divisor is 0 or -1. Own words: low, high."""
    first, second = scalar

    @inlined
    def run(out: int, a: int, b: int, count: int, own: int) -> None:
        x, y, z, p = i32(a), i32(b), i32(out), i64(own)
        x0, y0 = np.int64(x[0]), np.int64(y[0])
        for i in range(count):
            n = x0 if first else np.int64(x[i])
            d = y0 if second else np.int64(y[i])
            quotient = (-n if n < 0 else n) // (-d if d < 0 else d)
            z[i] = clamp(-quotient if (n < 0) != (d < 0) else quotient, p[0], p[1])

    return over_runs(f"truncated_quotients{_flags(scalar)}", run)


@cache
def fixed_point_quotients(x86: bool, scalar: tuple[bool, bool]) -> Kernel:
    """int16 divided by a reciprocal in fixed point, for far shifts exactly or as `x86` has them.

    Own words: zero points, multiplier, shift, output zero point, low, high.
    """
    first, second = scalar

    @inlined
    def run(out: int, a: int, b: int, count: int, own: int) -> None:
        x, y, z, p = i16(a), i16(b), i16(out), i64(own)
        x0, y0 = np.int64(x[0]), np.int64(y[0])
        for i in range(count):
            n = (x0 if first else np.int64(x[i])) - p[0]
            d = (y0 if second else np.int64(y[i])) - p[1]
            sign = -1 if d < 0 else 1
            n, d = sign * n, sign * d
            zeros = leading_zeros_32(d)
            inverse = one_over_one_plus_x((d << zeros) - (1 << 31))
            headroom = leading_zeros_32(-1 - n if n < 0 else n) - 1
            h = high_mul(high_mul(n << headroom, inverse), p[2])
            exponent = 31 - zeros + headroom - p[3]
            if 0 <= exponent <= 31:
                mask = (1 << exponent) - 1
                away = 1 if (h & mask) > (mask >> 1) + (1 if h < 0 else 0) else 0
                step = (h >> exponent) + away
            elif x86:
                step = (h >> (exponent & 31)) + (1 if h >= 0 else 0)
            elif exponent > 31:
                # |h| is at most 2^31, half of 2^32 and less than that of any further power.
                step = -1 if exponent == 32 and h == -(1 << 31) else 0
            else:
                step = h << (-exponent if exponent > -31 else 31)
            total = step + p[4]
            z[i] = clamp(np.int64(np.int32(total)) if x86 else total, p[5], p[6])

    return over_runs(f"fixed_point_quotients_{'x86' if x86 else 'exact'}{_flags(scalar)}", run)
