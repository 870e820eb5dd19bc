"""Sums of runs of elements, and sums to output steps; plain loops that LLVM vectorises."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from refint8.native.cpu import Tier
from refint8.native.lang import Kernel, Primitive, clamp, f32, i8, i16, i32, i64, u8

POINTERS: dict[str, Any] = {"INT8": i8, "UINT8": u8, "INT16": i16, "INT32": i32, "INT64": i64}
"""How elements of a dtype are reached."""

ITEM = {"INT8": 1, "UINT8": 1, "INT16": 2, "INT32": 4, "INT64": 8}
"""Bytes of an element."""


def _sum_bytes(tier: Tier) -> Primitive:
    """sum_bytes(address, count, flip): the sum of unsigned bytes, each xor-ed with flip."""

    def emit(b: Any, address: Any, count: Any, flip: Any) -> Any:
        from refint8.native._window_ir import repeat
        from refint8.native.dot import dot_bytes
        from refint8.native.ir import I8, I32, I64, broadcast, call, constants, load, splat, vector

        size = 4 * tier.lanes
        kind, words = vector(I8, size), vector(I32, tier.lanes)
        flips = broadcast(b, kind, b.trunc(flip, I8))
        ones = b.bitcast(splat(kind, 1), words)

        def block(i: Any, carried: list[Any]) -> list[Any]:
            x = b.xor(load(b, kind, b.add(address, i)), flips)
            return [dot_bytes(b, tier, carried[0], b.bitcast(x, words), ones)]

        whole = b.and_(count, I64(-size))
        total = repeat(b, whole, [splat(words, 0)], block, step=size)[0]
        left = broadcast(b, kind, b.trunc(b.sub(count, whole), I8))
        inside = b.icmp_signed("<", constants(kind, range(size)), left)
        rest = b.select(inside, b.xor(load(b, kind, b.add(address, whole)), flips), splat(kind, 0))
        total = dot_bytes(b, tier, total, b.bitcast(rest, words), ones)
        return b.sext(call(b, f"llvm.vector.reduce.add.v{tier.lanes}i32", I32, total), I64)

    return Primitive("sum_bytes", 3, emit, "int64")


@cache
def sum_byte_runs(tier: Tier) -> Kernel:
    """Every output is the sum of `parts` runs of `length` bytes that lie side by side, as int32.

    Words: source, target, address of the outputs' first bytes, how many outputs, address of the
    parts' distances in bytes, how many parts, length, flip (0x80 for int8).
    """

    def make() -> Any:
        sum_bytes = _sum_bytes(tier)

        def sum_runs_of_bytes(params: int, arena: int) -> None:
            p = i64(params)
            source, target, starts, parts = arena + p[0], i32(arena + p[1]), i64(p[2]), i64(p[4])
            count, length, flip = p[5], p[6], p[7]
            excess = flip * count * length
            for k in range(p[3]):
                total = 0
                for part in range(count):
                    total += sum_bytes(source + starts[k] + parts[part], length, flip)
                target[k] = total - excess

        return sum_runs_of_bytes

    return Kernel(f"sum_byte_runs_{tier.name}", make)


@cache
def sum_runs(dtype: str) -> Kernel:
    """The same for elements of other sizes: sums of int16 as int32, of int32 and int64 as int64;
    all wrap. The same words without flip.
    """

    def make() -> Any:
        pointer, wide = POINTERS[dtype], ITEM[dtype] >= 4

        def sum_plain(params: int, arena: int) -> None:
            p = i64(params)
            source, starts, outputs = arena + p[0], i64(p[2]), p[3]
            parts, count, length = i64(p[4]), p[5], p[6]
            for k in range(outputs):
                if wide:
                    total = 0
                    for part in range(count):
                        x = pointer(source + starts[k] + parts[part])
                        for i in range(length):
                            total += x[i]
                    i64(arena + p[1])[k] = total
                else:
                    small = np.int32(0)
                    for part in range(count):
                        x = pointer(source + starts[k] + parts[part])
                        for i in range(length):
                            small = np.int32(small + np.int32(x[i]))
                    i32(arena + p[1])[k] = small

        return sum_plain

    return Kernel(f"sum_runs_{dtype.lower()}", make)


@cache
def requantize_sums(dtype: str) -> Kernel:
    """clamp(RDBPOT(SRDHM((sum - offset) << left, multiplier), right) + zero point), in int32.

    Words: source, target, count, offset, multiplier, left, right, zero point, low, high. What
    leaves 32 bits wraps; where that is to be reported, the caller has proved that nothing does.
    """

    def make() -> Any:
        pointer = POINTERS[dtype]

        def requantize(params: int, arena: int) -> None:
            p = i64(params)
            sums, target = i32(arena + p[0]), pointer(arena + p[1])
            count, offset, multiplier, left, right = p[2], p[3], p[4], p[5], p[6]
            zero_point, low, high = p[7], p[8], p[9]
            mask = (1 << right) - 1
            for i in range(count):
                x = np.int32(np.int32(sums[i] - offset) << left)
                h = (np.int64(x) * multiplier + (1 << 30)) >> 31
                away = 1 if (h & mask) > (mask >> 1) + (1 if h < 0 else 0) else 0
                y = np.int32((h >> right) + away + zero_point)
                target[i] = clamp(np.int64(y), low, high)

        return requantize

    return Kernel(f"requantize_sums_{dtype.lower()}", make)


@cache
def requantize_sums_float(dtype: str) -> Kernel:
    """clamp(round_half_even(f32(f32(f32(sum) * scale) + offset))), the clamp's ends below 2^22.

    Words: source, target, count, address of scale and offset (float32), low, high. No step may
    leave the finite numbers.
    """

    def make() -> Any:
        pointer = POINTERS[dtype]

        def rescale(params: int, arena: int) -> None:
            p = i64(params)
            sums, target, factors = i32(arena + p[0]), pointer(arena + p[1]), f32(p[3])
            scale, offset = factors[0], factors[1]
            low, high = np.float32(p[4]), np.float32(p[5])
            # Numbers between 2^23 and 2^24 are whole: adding 1.5 * 2^23 rounds to nearest even.
            whole = np.float32(12582912.0)
            for i in range(p[2]):
                y = np.float32(np.float32(sums[i]) * scale) + offset
                y = low if y < low else (high if y > high else y)
                target[i] = np.int32((y + whole) - whole)

        return rescale

    return Kernel(f"requantize_sums_float_{dtype.lower()}", make)


@cache
def divide_sums(dtype: str) -> Kernel:
    """Sums in int64 divided by a count, truncated toward zero, to int32 or int64 (low bits).

    Words: source, target, how many, count.
    """

    def make() -> Any:
        pointer = POINTERS[dtype]

        def divide(params: int, arena: int) -> None:
            p = i64(params)
            sums, target, divisor = i64(arena + p[0]), pointer(arena + p[1]), p[3]
            for i in range(p[2]):
                x = sums[i]
                quotient = (-x if x < 0 else x) // divisor
                target[i] = -quotient if x < 0 else quotient

        return divide

    return Kernel(f"divide_sums_{dtype.lower()}", make)
