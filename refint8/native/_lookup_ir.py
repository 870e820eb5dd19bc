"""Vector code that looks bytes up in a table of 256."""

from __future__ import annotations

from collections.abc import Callable

from refint8.native._window_ir import repeat
from refint8.native.ir import (
    I8,
    I64,
    Builder,
    Value,
    call,
    load,
    shuffle,
    splat,
    store,
    store_some,
    vector,
)

UNROLL = 4
"""Vectors of one round, while there are that many."""


def _over_vectors(
    b: Builder,
    width: int,
    source: Value,
    target: Value,
    count: Value,
    lookup: Callable[[Value], Value],
) -> None:
    kind = vector(I8, width)
    group = width * UNROLL

    def whole(i: Value, _: list[Value]) -> list[Value]:
        at, to = b.add(source, i), b.add(target, i)
        found = [lookup(load(b, kind, at, width * k)) for k in range(UNROLL)]
        for k, value in enumerate(found):
            store(b, value, to, width * k)
        return []

    groups = b.and_(count, I64(-group))
    repeat(b, groups, [], whole, step=group)
    source, target = b.add(source, groups), b.add(target, groups)
    rest = b.sub(count, groups)

    def block(i: Value, _: list[Value]) -> list[Value]:
        found = lookup(load(b, kind, b.add(source, i)))
        store_some(b, [(b.add(target, i), found)], b.sub(rest, i))
        return []

    repeat(b, rest, [], block, step=width)


def permute(
    b: Builder, width: int, source: Value, target: Value, count: Value, table: Value
) -> None:
    """Four registers hold the table; two permutations and the index's highest bit choose."""
    kind = vector(I8, width)
    quarters = [load(b, kind, table, width * k) for k in range(4)]
    name = "llvm.x86.avx512.vpermi2var.qi.512"

    def lookup(x: Value) -> Value:
        below = call(b, name, kind, quarters[0], x, quarters[1])
        above = call(b, name, kind, quarters[2], x, quarters[3])
        return b.select(b.icmp_signed("<", x, splat(kind, 0)), above, below)

    _over_vectors(b, width, source, target, count, lookup)


def in_sixteenths(
    b: Builder, width: int, source: Value, target: Value, count: Value, table: Value
) -> None:
    """Sixteen shuffles. An index with its highest bit set gives 0, others count by their low bits.

    Each step looks up the difference (xor) of a sixteenth to the one before, and indices are
    lowered by 16 with saturation, so that exactly the differences up to an index's own sixteenth
    are joined. Both halves of the table go this way; the index's highest bit keeps out the other.
    """
    kind, part = vector(I8, width), vector(I8, 16)
    name = f"llvm.x86.{'avx512' if width == 64 else 'avx2'}.pshuf.b" + (
        ".512" if width == 64 else ""
    )
    sixteenths = [load(b, part, table, 16 * k) for k in range(16)]
    steps = [x if k % 8 == 0 else b.xor(x, sixteenths[k - 1]) for k, x in enumerate(sixteenths)]
    spread = [shuffle(b, x, x, list(range(16)) * (width // 16)) for x in steps]
    sixteen = splat(kind, 16)
    lowered = f"llvm.ssub.sat.v{width}i8"

    def lookup(x: Value) -> Value:
        found = splat(kind, 0)
        for half in (0, 8):
            index = b.xor(x, splat(kind, -128)) if half else x
            for k in range(8):
                found = b.xor(found, call(b, name, kind, spread[half + k], index))
                if k < 7:
                    index = call(b, lowered, kind, index, sixteen)
        return found

    _over_vectors(b, width, source, target, count, lookup)


METHODS: dict[str, Callable[..., None]] = {"permute": permute, "shuffle": in_sixteenths}
