"""The tile of the matrix product, generated over rows, columns, addressing, dot and epilogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refint8.native.dot import dot_bytes, dot_words
from refint8.native.epilogue import requantize
from refint8.native.epilogue_constants import LANE_BYTES
from refint8.native.ir import (
    I32,
    I64,
    Builder,
    Value,
    broadcast,
    load,
    offset,
    shuffle,
    splat,
    store_some,
    vector,
)
from refint8.native.narrow import Clamp, natural_from_quarters

if TYPE_CHECKING:
    from refint8.native.gemm import Tile


class TileEmitter:
    """Emits one tile; the operands are those of `gemm.TILE_OPERANDS`, all i64."""

    def __init__(self, tile: Tile, b: Builder, operands: dict[str, Value]) -> None:
        self.tile, self.b, self.at = tile, b, operands
        self.lanes = tile.tier.lanes
        self.words = vector(I32, self.lanes)

    def emit(self) -> None:
        """Sum, requantize, narrow, store."""
        sums = self._sums()
        if self.tile.row_sums:
            self._subtract_row_sums(sums)
        outputs = self._requantized(sums)
        store_some(self.b, self._narrowed(outputs), self.at["columns"])

    def _rows(self) -> list[Value]:
        b, at = self.b, self.at
        if self.tile.table:
            entries = (load(b, I32, at["row_step"], 4 * m) for m in range(self.tile.rows))
            return [b.add(at["a"], b.sext(entry, I64)) for entry in entries]
        return [b.add(at["a"], b.mul(at["row_step"], I64(m))) for m in range(self.tile.rows)]

    def _sums(self) -> list[Value]:
        """Accumulators [row][vector], flat."""
        b, at, tile = self.b, self.at, self.tile
        unroll = tile.unroll
        count = tile.rows * tile.vectors
        vector_bytes = 4 * self.lanes
        rows = self._rows()
        flip = load(b, self.words, at["flip"])
        bias = [
            load(b, self.words, at["constants"], LANE_BYTES * self.lanes * n)
            for n in range(tile.vectors)
        ]
        zero = splat(self.words, 0)
        start = [
            zero if u else bias[n]
            for u in range(unroll)
            for _ in range(tile.rows)
            for n in range(tile.vectors)
        ]

        before, loop, after = b.block, b.append_basic_block("k"), b.append_basic_block("sums")
        b.branch(loop)
        b.position_at_end(loop)
        k = b.phi(I64)
        k.add_incoming(I64(0), before)
        phis = [b.phi(self.words) for _ in start]
        for phi, value in zip(phis, start, strict=True):
            phi.add_incoming(value, before)
        totals = list(phis)
        for u in range(unroll):
            step = offset(b, k, u)
            w_at = b.add(at["w"], b.mul(step, I64(vector_bytes * tile.vectors)))
            weights = [load(b, self.words, w_at, vector_bytes * n) for n in range(tile.vectors)]
            a_at = b.mul(step, I64(4))
            if tile.table:
                a_at = load(b, I64, b.add(at["steps_at"], b.mul(step, I64(8))))
            for m, row in enumerate(rows):
                x = broadcast(b, self.words, load(b, I32, b.add(row, a_at)))
                x = x if tile.wide else b.xor(x, flip)
                for n, w in enumerate(weights):
                    index = (u * tile.rows + m) * tile.vectors + n
                    totals[index] = self._dot(totals[index], x, w)
        for phi, value in zip(phis, totals, strict=True):
            phi.add_incoming(value, loop)
        following = offset(b, k, unroll)
        k.add_incoming(following, loop)
        b.cbranch(b.icmp_signed("<", following, at["steps"]), loop, after)
        b.position_at_end(after)

        sums = totals[:count]
        for u in range(1, unroll):
            part = totals[u * count : (u + 1) * count]
            sums = [b.add(x, y) for x, y in zip(sums, part, strict=True)]
        return sums

    def _dot(self, total: Value, x: Value, w: Value) -> Value:
        dot = dot_words if self.tile.wide else dot_bytes
        return dot(self.b, self.tile.tier, total, x, w)

    def _subtract_row_sums(self, sums: list[Value]) -> None:
        """The sum of a row of A times the zero point of W; `sum_rows` has left them in memory."""
        b, tile = self.b, self.tile
        for m in range(tile.rows):
            total = load(b, I32, self.at["row_sums"], 4 * m)
            excess = broadcast(b, self.words, total)
            for n in range(tile.vectors):
                index = m * tile.vectors + n
                sums[index] = b.sub(sums[index], excess)

    def _requantized(self, sums: list[Value]) -> list[list[Value]]:
        tile = self.tile
        size = LANE_BYTES * self.lanes
        rows: list[list[Value]] = [[] for _ in range(tile.rows)]
        for n in range(tile.vectors):
            for m in range(tile.rows):
                total = sums[m * tile.vectors + n]
                value = requantize(
                    self.b, tile.tier, tile.form, total, self.at["constants"], size * n
                )
                rows[m].append(value)
        return rows

    def _narrowed(self, rows: list[list[Value]]) -> list[tuple[Value, Value]]:
        """(address, vector) of every output row."""
        b, at, tile = self.b, self.at, self.tile
        clamp = Clamp(b, tile.tier, (at["low"], at["high"], at["out_flip"]), plain=tile.plain)
        addresses = [b.add(at["c"], b.mul(at["c_step"], I64(m))) for m in range(tile.rows)]
        per_pack = tile.pack // tile.vectors
        stored = []
        for first in range(0, tile.rows, per_pack):
            # The last pack repeats the last row where rows run out.
            members = [min(first + r, tile.rows - 1) for r in range(per_pack)]
            inputs = [value for m in members for value in rows[m]]
            packed = self._pack(clamp, inputs)
            width = packed.type.count // per_pack
            for r in range(min(per_pack, tile.rows - first)):
                part: Any = packed
                if per_pack > 1:
                    part = shuffle(b, packed, packed, range(width * r, width * (r + 1)))
                stored.append((addresses[first + r], part))
        return stored

    def _pack(self, clamp: Clamp, inputs: list[Value]) -> Value:
        if self.tile.wide:
            packed = clamp.words(inputs)
            # Two rows of one vector each come out in alternating groups of four.
            return packed if self.tile.vectors == 2 else _alternating(self.b, packed)
        return natural_from_quarters(self.b, clamp.bytes(inputs), self.tile.vectors)


def _alternating(b: Builder, packed: Value) -> Value:
    quads = packed.type.count // 4
    order = [
        4 * (2 * group + row) + i for row in (0, 1) for group in range(quads // 2) for i in range(4)
    ]
    return shuffle(b, packed, packed, order)
