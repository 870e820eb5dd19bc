"""The inner loop of depthwise convolutions: one vector of channels down one or two output rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refint8.native.dot import dot_bytes, dot_words
from refint8.native.epilogue import requantize
from refint8.native.ir import (
    I8,
    I16,
    I32,
    I64,
    Builder,
    Value,
    call,
    load,
    offset,
    shuffle,
    store,
    store_some,
    vector,
)
from refint8.native.narrow import Clamp

if TYPE_CHECKING:
    from refint8.native.depthwise import Filter


class ColumnEmitter:
    """Emits the loop over the pixels of a row, `Filter.pixels` of them at a time.

    The operands are those of `depthwise.COLUMN_OPERANDS`, all i64. Of every input pixel one vector
    is made, whose lanes hold a column of taps; without dilation it is kept for all the pixels whose
    windows it lies in.
    """

    def __init__(self, spec: Filter, b: Builder, operands: dict[str, Value]) -> None:
        self.spec, self.b, self.at = spec, b, operands
        self.lanes = spec.tier.lanes
        self.words = vector(I32, self.lanes)
        self.item = 2 if spec.wide else 1

    def emit(self) -> None:
        """The loop; weights and row addresses are loaded before it."""
        b, at, spec = self.b, self.at, self.spec
        weights = self._weights()
        kept = max(0, spec.kernel_width - spec.stride) if spec.dilation == 1 else 0
        first = [self._pixel(at["start"], t) for t in range(kept)]

        before, loop, after = b.block, b.append_basic_block("x"), b.append_basic_block("row")
        b.branch(loop)
        b.position_at_end(loop)
        x = b.phi(I64)
        x.add_incoming(I64(0), before)
        carried = [[b.phi(self.words) for _ in pixel] for pixel in first]
        for phis, pixel in zip(carried, first, strict=True):
            for phi, value in zip(phis, pixel, strict=True):
                phi.add_incoming(value, before)
        column = b.phi(I64)
        column.add_incoming(at["start"], before)
        seen = dict(enumerate(list(pixel) for pixel in carried))
        used = {
            p * spec.stride + tap * spec.dilation
            for p in range(spec.pixels)
            for tap in range(spec.kernel_width)
        }
        following_first = spec.pixels * spec.stride
        for number in sorted(used | {following_first + t for t in range(kept)}):
            if number not in seen:
                seen[number] = self._pixel(column, number)
        self._store(x, self._sums(seen, weights))
        following = offset(b, x, spec.pixels)
        x.add_incoming(following, b.block)
        stride = b.mul(at["pixel"], I64(spec.stride * spec.pixels))
        column.add_incoming(b.add(column, stride), b.block)
        for number, phis in enumerate(carried):
            for phi, value in zip(phis, seen[following_first + number], strict=True):
                phi.add_incoming(value, b.block)
        b.cbranch(b.icmp_signed("<", following, at["width"]), loop, after)
        b.position_at_end(after)

    def _weights(self) -> list[list[list[list[Value]]]]:
        """[tap][group][row][set] vectors, in the order `pack` lays them out."""
        spec, size = self.spec, 4 * self.lanes
        place = iter(range(0, spec.kernel_width * spec.groups * spec.rows * spec.sets * size, size))
        return [
            [
                [
                    [load(self.b, self.words, self.at["w"], next(place)) for _ in range(spec.sets)]
                    for _ in range(spec.rows)
                ]
                for _ in range(spec.groups)
            ]
            for _ in range(spec.kernel_width)
        ]

    def _pixel(self, column: Value, number: int) -> list[Value]:
        """Pixel `number` behind `column`: a vector for each group of rows, taps in each lane.

        Row addresses are loaded every time: as loop invariants they would become a pointer per row
        and pixel, which are more than there are registers.
        """
        b, spec, lanes = self.b, self.spec, self.lanes
        count = spec.groups * spec.per_lane
        rows = [load(b, I64, self.at["rows_at"], 8 * r) for r in range(count)]
        at = b.add(column, b.mul(self.at["pixel"], I64(number)))
        kind = vector(I16 if spec.wide else I8, lanes)
        vectors = []
        for group in range(spec.groups):
            member = rows[group * spec.per_lane : (group + 1) * spec.per_lane]
            parts = [load(b, kind, b.add(row, at)) for row in member]
            while len(parts) > 2:
                parts = [_joined(b, parts[i], parts[i + 1]) for i in range(0, len(parts), 2)]
            mask = [tap * lanes + lane for lane in range(lanes) for tap in range(spec.per_lane)]
            vectors.append(b.bitcast(shuffle(b, parts[0], parts[1], mask), self.words))
        return vectors

    def _sums(
        self, seen: dict[int, list[Value]], weights: list[list[list[list[Value]]]]
    ) -> list[list[Value]]:
        """Accumulators [row][pixel]."""
        b, spec = self.b, self.spec
        dot = dot_words if spec.wide else dot_bytes
        start = load(b, self.words, self.at["constants"])
        totals = [[start] * spec.pixels for _ in range(spec.rows)]
        for tap in range(spec.kernel_width):
            for group in range(spec.groups):
                for row in range(spec.rows):
                    for w in weights[tap][group][row]:
                        for p in range(spec.pixels):
                            x = seen[p * spec.stride + tap * spec.dilation][group]
                            totals[row][p] = dot(b, spec.tier, totals[row][p], x, w)
        return totals

    def _store(self, x: Value, totals: list[list[Value]]) -> None:
        """Requantize, narrow and store the pixels that the row has."""
        b, at, spec, lanes = self.b, self.at, self.spec, self.lanes
        clamp = Clamp(b, spec.tier, (at["low"], at["high"], at["out_flip"]), plain=spec.plain)
        narrowed = []
        for sums in totals:
            out = [requantize(b, spec.tier, spec.form, total, at["constants"], 0) for total in sums]
            packed = clamp.words(out) if spec.wide else clamp.bytes(out)
            narrowed.append(self._by_pixel(packed))
        for p in range(spec.pixels):
            with b.if_then(b.icmp_signed("<", offset(b, x, p), at["width"]), likely=True):
                for row, packed in enumerate(narrowed):
                    part = shuffle(b, packed, packed, range(p * lanes, (p + 1) * lanes))
                    out_at = b.add(at["out1"] if row else at["out0"], at["start"])
                    address = b.add(out_at, b.mul(offset(b, x, p), at["out_pixel"]))
                    if spec.partial:
                        store_some(b, [(address, part)], at["valid"])
                    else:
                        store(b, part, address)

    def _by_pixel(self, packed: Value) -> Value:
        """Packed outputs, where groups of four lanes of each pixel alternate, pixel by pixel.

        One permutation by an index from memory: LLVM would split a constant one into as many as
        there are stores.
        """
        b, spec, lanes = self.b, self.spec, self.lanes
        if spec.tier.name == "generic":
            order = [
                4 * (group * spec.pixels + p) + i
                for p in range(spec.pixels)
                for group in range(lanes // 4)
                for i in range(4)
            ]
            return shuffle(b, packed, packed, order)
        index = load(b, self.words, self.at["by_pixel"])
        name = "llvm.x86.avx512.permvar.si.512" if lanes == 16 else "llvm.x86.avx2.permd"
        return b.bitcast(
            call(b, name, self.words, b.bitcast(packed, self.words), index), packed.type
        )


def _joined(b: Builder, x: Value, y: Value) -> Value:
    return shuffle(b, x, y, range(2 * x.type.count))
