"""The inner loop of depthwise convolutions: output rows, one vector of channels at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refint8.native.dot import dot_bytes, dot_words
from refint8.native.epilogue import LANE_BYTES, requantize
from refint8.native.ir import I8, I16, I32, I64, Builder, Value, load, shuffle, store_some, vector
from refint8.native.narrow import Clamp

if TYPE_CHECKING:
    from refint8.native.depthwise import Filter


class RowEmitter:
    """Emits `for f in range(start, width, step)` over one or two output rows.

    The operands are those of `depthwise.ROW_OPERANDS`, all i64.
    """

    def __init__(self, spec: Filter, b: Builder, operands: dict[str, Value]) -> None:
        self.spec, self.b, self.at = spec, b, operands
        self.lanes = spec.tier.lanes
        self.words = vector(I32, self.lanes)

    def emit(self) -> None:
        """The loop over the row; everything that does not change in it is loaded before."""
        b, at, spec = self.b, self.at, self.spec
        rows = [load(b, I64, at["rows_at"], 8 * r) for r in range(spec.groups * spec.per_lane)]
        taps = [load(b, I64, at["taps_at"], 8 * t) for t in range(spec.kernel_width)]
        clamp = Clamp(b, spec.tier, (at["low"], at["high"], at["out_flip"]), plain=spec.plain)
        before, loop, after = b.block, b.append_basic_block("f"), b.append_basic_block("row")
        b.cbranch(b.icmp_signed("<", at["start"], at["width"]), loop, after)
        b.position_at_end(loop)
        f = b.phi(I64)
        f.add_incoming(at["start"], before)
        self._block(rows, taps, clamp, f)
        following = b.add(f, at["step"])
        f.add_incoming(following, b.block)
        b.cbranch(b.icmp_signed("<", following, at["width"]), loop, after)
        b.position_at_end(after)

    def _block(self, rows: list[Value], taps: list[Value], clamp: Clamp, f: Value) -> None:
        b, at, spec = self.b, self.at, self.spec
        vectors = spec.vectors
        constants = [LANE_BYTES * self.lanes * j for j in range(vectors)]
        start = [load(b, self.words, at["constants"], c) for c in constants]
        totals = [list(start) for _ in range(spec.rows)]
        dot = dot_words if spec.wide else dot_bytes
        distance = 0
        for tap in taps:
            for group in range(spec.groups):
                member = rows[group * spec.per_lane : (group + 1) * spec.per_lane]
                x = self._interleaved([b.add(b.add(row, tap), f) for row in member])
                for y in range(spec.rows):
                    for _ in range(spec.sets):
                        for j in range(vectors):
                            w = load(b, self.words, at["w"], distance)
                            totals[y][j] = dot(b, spec.tier, totals[y][j], x[j], w)
                            distance += 4 * self.lanes
        stored = []
        for y in range(spec.rows):
            out = [
                requantize(b, spec.tier, spec.form, total, at["constants"], c)
                for total, c in zip(totals[y], constants, strict=True)
            ]
            packed = clamp.words(out) if spec.wide else clamp.bytes(out)
            address = b.add(at["out0"] if y == 0 else at["out1"], f)
            stored.append((address, packed))
        left = b.sub(at["width"], f)
        if spec.wide:
            left = b.ashr(left, I64(1))
        store_some(b, stored, left)

    def _interleaved(self, addresses: list[Value]) -> list[Value]:
        """Vectors of dwords whose bytes (or words) are the taps of one channel, in pack order."""
        b, lanes = self.b, self.lanes
        if self.spec.wide:
            kind = vector(I16, 2 * lanes)
            first, second = (load(b, kind, address) for address in addresses)
            return [
                b.bitcast(shuffle(b, first, second, unpack(2 * lanes, 8, upper)), self.words)
                for upper in (False, True)
            ]
        kind, pairs = vector(I8, 4 * lanes), vector(I16, 2 * lanes)
        r = [load(b, kind, address) for address in addresses]
        upper_or_lower = (False, True)
        ab, cd = (
            [
                b.bitcast(shuffle(b, r[i], r[i + 1], unpack(4 * lanes, 16, upper)), pairs)
                for upper in upper_or_lower
            ]
            for i in (0, 2)
        )
        return [
            b.bitcast(shuffle(b, x, y, unpack(2 * lanes, 8, upper)), self.words)
            for x, y in zip(ab, cd, strict=True)
            for upper in upper_or_lower
        ]


def unpack(count: int, part: int, upper: bool) -> list[int]:
    """The mask that interleaves the lower or upper halves of each 128-bit part of two vectors of
    `count` elements, `part` of them in 128 bits.
    """
    half = part // 2
    return [
        side * count + start + (half if upper else 0) + i
        for start in range(0, count, part)
        for i in range(half)
        for side in (0, 1)
    ]
