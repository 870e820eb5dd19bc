"""Tables: what any function of one byte or word is, once computed for every value."""

from __future__ import annotations

from functools import cache
from typing import Any

from refint8.native.cpu import Tier, host_features
from refint8.native.lang import Kernel, Primitive, i8, i16, i32, i64, u8

PERMUTE, SHUFFLE, PLAIN = "permute", "shuffle", "plain"
"""How 256 bytes are looked up: as four registers (AVX512-VBMI), in sixteenths, one by one."""


def byte_lookup(tier: Tier) -> Kernel:
    """The fastest lookup of bytes that the tier and this CPU have."""
    if tier.lanes == 16 and "avx512vbmi" in host_features():
        return look_up_bytes(PERMUTE, 64)
    if tier.name == "generic":
        return look_up_bytes(PLAIN, 0)
    return look_up_bytes(SHUFFLE, 4 * tier.lanes)


@cache
def look_up_bytes(method: str, width: int) -> Kernel:
    """target = table[source], bytes. Words: source, target, count, address of 256 bytes.

    `width` is that of the vectors in bytes.
    """

    def emit(builder: Any, *operands: Any) -> None:
        from refint8.native._lookup_ir import METHODS

        METHODS[method](builder, width, *operands)

    def make() -> Any:
        run = Primitive("run", 4, emit)

        def look_up(params: int, arena: int) -> None:
            p = i64(params)
            run(arena + p[0], arena + p[1], p[2], p[3])

        def look_up_plain(params: int, arena: int) -> None:
            p = i64(params)
            x, y, table = u8(arena + p[0]), u8(arena + p[1]), u8(p[3])
            for i in range(p[2]):
                y[i] = table[x[i]]

        return look_up_plain if method == PLAIN else look_up

    return Kernel(f"look_up_bytes_{method}{width or ''}", make)


@cache
def look_up(source: str, item: int) -> Kernel:
    """target = table[source - lowest], outputs of `item` bytes; `source` is INT8, UINT8 or INT16.

    Words: source, target, count, address of the table, lowest input first.
    """
    pointers = {"INT8": i8, "UINT8": u8, "INT16": i16}
    lowest = {"INT8": -128, "UINT8": 0, "INT16": -32768}[source]
    pointer = pointers[source]
    element = {1: i8, 2: i16, 4: i32}[item]

    def make() -> Any:
        def look_up_each(params: int, arena: int) -> None:
            p = i64(params)
            x, y, table = pointer(arena + p[0]), element(arena + p[1]), element(p[3])
            for i in range(p[2]):
                y[i] = table[x[i] - lowest]

        return look_up_each

    return Kernel(f"look_up_{source.lower()}_{item}", make)


@cache
def flip_bytes() -> Kernel:
    """target = source xor flip, bytes. Words: source, target, count, flip."""
    from refint8.native.copy import move_over

    def make() -> Any:
        def flip(params: int, arena: int) -> None:
            p = i64(params)
            move_over(arena + p[1], arena + p[0], p[2], p[3])

        return flip

    return Kernel("flip_bytes", make)
