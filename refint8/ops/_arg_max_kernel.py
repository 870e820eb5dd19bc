"""The kernels of ARG_MAX: along the last axis in vectors of bytes, else row by row."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from refint8.native.lang import Kernel, Primitive, i8, i32, i64, u8

LANES = 64

POINTERS: dict[str, Any] = {"int8": i8, "uint8": u8, "bool": u8, "int32": i32, "float32": i32}
"""How elements of an input dtype are reached."""

POINTER_SIZE = {"int32": 4, "float32": 4}
"""Bytes of an element, where it is not 1."""

MAGNITUDE, INFINITY = 0x7FFFFFFF, 0x7F800000
"""The bits of a float32 without its sign, and those of infinity."""


def _first_of_largest(b: Any, address: Any, count: Any, flip: Any) -> Any:
    """Index of the first largest of `count` > 0 bytes, xor-ed with flip, signed."""
    from llvmlite import ir

    from refint8.native.ir import (
        I8,
        I64,
        broadcast,
        call,
        constants,
        load,
        maximum,
        splat,
        vector,
    )

    flag, kind = ir.IntType(1), vector(I8, LANES)
    flips = broadcast(b, kind, b.trunc(flip, I8))
    lane = constants(kind, range(LANES))
    lowest = splat(kind, -128)
    before, loop, found = b.block, b.append_basic_block("largest"), b.append_basic_block("found")
    b.branch(loop)
    b.position_at_end(loop)
    f, largest = b.phi(I64), b.phi(kind)
    f.add_incoming(I64(0), before)
    largest.add_incoming(lowest, before)
    left = b.sub(count, f)
    left = b.select(b.icmp_signed("<", left, I64(LANES)), left, I64(LANES))
    counts = b.icmp_signed("<", lane, broadcast(b, kind, b.trunc(left, I8)))
    x = b.xor(load(b, kind, b.add(address, f)), flips)
    joined = maximum(b, largest, b.select(counts, x, lowest))
    following = b.add(f, I64(LANES))
    f.add_incoming(following, loop)
    largest.add_incoming(joined, loop)
    b.cbranch(b.icmp_signed("<", following, count), loop, found)
    b.position_at_end(found)
    top = call(b, f"llvm.vector.reduce.smax.v{LANES}i8", I8, joined)
    tops = broadcast(b, kind, top)

    # What lies behind the end may match too, but never before the element that does.
    search, done = b.append_basic_block("search"), b.append_basic_block("done")
    b.branch(search)
    b.position_at_end(search)
    at = b.phi(I64)
    at.add_incoming(I64(0), found)
    x = b.xor(load(b, kind, b.add(address, at)), flips)
    matches = b.bitcast(b.icmp_signed("==", x, tops), I64)
    at.add_incoming(b.add(at, I64(LANES)), search)
    b.cbranch(b.icmp_signed("==", matches, I64(0)), search, done)
    b.position_at_end(done)
    return b.add(at, call(b, "llvm.cttz.i64", I64, matches, flag(0)))


first_of_largest: Any = Primitive("first_of_largest", 3, _first_of_largest, "int64")


@cache
def arg_max_rows(wide: bool) -> Kernel:
    """Along contiguous rows of bytes, to int32 or (`wide`) int64.

    Words: source, target, rows, length, flip (0x80 for unsigned bytes).
    """

    def make() -> Any:
        target_pointer = i64 if wide else i32

        def arg_max(params: int, arena: int) -> None:
            p = i64(params)
            target = target_pointer(arena + p[1])
            for row in range(p[2]):
                target[row] = first_of_largest(arena + p[0] + row * p[3], p[3], p[4])

        return arg_max

    return Kernel(f"arg_max_rows_{64 if wide else 32}", make)


@cache
def arg_max_axis(dtype: str, wide: bool) -> Kernel:
    """Along any axis: all positions behind it at once.

    Words: source, target, positions before the axis, its size, positions behind it, scratch for
    an int32 of each of these, alarm. float32 is compared by its bits, as integers in the same order
    with one zero; a NaN raises the alarm.
    """

    def make() -> Any:
        pointer, target_pointer = POINTERS[dtype], i64 if wide else i32
        item, index_item = POINTER_SIZE.get(dtype, 1), (8 if wide else 4)
        real = dtype == "float32"

        def arg_max(params: int, arena: int) -> None:
            p = i64(params)
            size, inner, largest = p[3], p[4], i32(arena + p[5])
            not_numbers = np.int32(0)
            for outer in range(p[2]):
                index = target_pointer(arena + p[1] + outer * inner * index_item)
                for k in range(size):
                    x = pointer(arena + p[0] + (outer * size + k) * inner * item)
                    for c in range(inner):
                        value = np.int32(x[c])
                        if real:
                            magnitude = np.int32(value & np.int32(MAGNITUDE))
                            not_numbers |= np.int32(1 if magnitude > INFINITY else 0)
                            value = np.int32(-magnitude) if value < 0 else value
                        better = k == 0 or value > largest[c]
                        largest[c] = value if better else largest[c]
                        index[c] = k if better else index[c]
            if not_numbers != 0:
                i64(arena + p[6])[0] = 1

        return arg_max

    return Kernel(f"arg_max_axis_{dtype}_{64 if wide else 32}", make)
