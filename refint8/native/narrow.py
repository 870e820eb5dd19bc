"""From int32 lanes to bytes and words: saturate, clamp, and the order in which lanes come out.

x86 packs within 128-bit parts, so the lanes of four vectors come out interleaved. The columns of
weights are permuted once instead (`gemm.lane_order`), which leaves the output in natural order.
"""

from __future__ import annotations

from typing import Any

from refint8.native.cpu import Tier
from refint8.native.ir import (
    I8,
    I16,
    I32,
    Builder,
    Value,
    broadcast,
    call,
    maximum,
    minimum,
    shuffle,
    splat,
    vector,
)


def to_words(b: Builder, tier: Tier, x: Value, y: Value) -> Value:
    """Two int32 vectors to saturated int16: in each group of 8, four of x then four of y."""
    lanes = tier.lanes
    words = vector(I16, 2 * lanes)
    if tier.name == "generic":
        joined = shuffle(b, x, y, _interleaved(lanes))
        top = splat(joined.type, 32767)
        bottom = splat(joined.type, -32768)
        return b.trunc(minimum(b, maximum(b, joined, bottom), top), words)
    name = "llvm.x86.avx512.packssdw.512" if lanes == 16 else "llvm.x86.avx2.packssdw"
    return call(b, name, words, x, y)


def to_bytes(b: Builder, tier: Tier, x: Value, y: Value) -> Value:
    """Two int16 vectors to saturated int8: in each group of 16, eight of x then eight of y."""
    lanes = tier.lanes
    small = vector(I8, 4 * lanes)
    if tier.name == "generic":
        groups = lanes // 4
        order = [
            side * 2 * lanes + group * 8 + i
            for group in range(groups)
            for side in (0, 1)
            for i in range(8)
        ]
        joined = shuffle(b, x, y, order)
        top, bottom = splat(joined.type, 127), splat(joined.type, -128)
        return b.trunc(minimum(b, maximum(b, joined, bottom), top), small)
    name = "llvm.x86.avx512.packsswb.512" if lanes == 16 else "llvm.x86.avx2.packsswb"
    return call(b, name, small, x, y)


def _interleaved(lanes: int) -> list[int]:
    return [
        side * lanes + group * 4 + i
        for group in range(lanes // 4)
        for side in (0, 1)
        for i in range(4)
    ]


class Clamp:
    """Output limits of a tile: low, high and the flip that turns int8 into uint8.

    Limits are given in the signed domain (uint8 minus 128). `plain` means the whole range of int8
    without a flip, where saturation has done everything.
    """

    def __init__(
        self, b: Builder, tier: Tier, limits: tuple[Value, Value, Value], *, plain: bool
    ) -> None:
        self.b, self.tier, self.plain = b, tier, plain
        self.low, self.high, self.flip = limits

    def bytes(self, v: list[Value]) -> Value:
        """Four int32 vectors to bytes, in lane_order(tier, 4)."""
        b, tier = self.b, self.tier
        packed = to_bytes(b, tier, to_words(b, tier, v[0], v[1]), to_words(b, tier, v[2], v[3]))
        if self.plain:
            return packed
        low, high, flip = (self._splat(limit, I8) for limit in (self.low, self.high, self.flip))
        return b.xor(minimum(b, maximum(b, packed, low), high), flip)

    def words(self, v: list[Value]) -> Value:
        """Two int32 vectors to int16, in lane_order(tier, 2)."""
        packed = to_words(self.b, self.tier, v[0], v[1])
        if self.plain:
            return packed
        low, high = (self._splat(limit, I16) for limit in (self.low, self.high))
        return minimum(self.b, maximum(self.b, packed, low), high)

    def _splat(self, limit: Value, element: Any) -> Value:
        count = self.tier.lanes * (4 if element is I8 else 2)
        return broadcast(self.b, vector(element, count), self.b.trunc(limit, element))


def natural_from_quarters(b: Builder, packed: Value, vectors: int) -> Value:
    """Bytes of a pack whose four inputs were 4 / vectors rows of `vectors` vectors each: row after
    row, every row in natural order of its columns.
    """
    if vectors == 4:
        return packed
    words = vector(I32, packed.type.count // 4)
    groups = words.count // 4
    as_words = b.bitcast(packed, words)
    rows = 4 // vectors
    order = [
        group * 4 + row * vectors + i
        for row in range(rows)
        for group in range(groups)
        for i in range(vectors)
    ]
    return b.bitcast(shuffle(b, as_words, as_words, order), packed.type)
