"""The loop of `window`: rows and columns of vectors into registers, then out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from refint8.native.ir import (
    I8,
    I16,
    I32,
    I64,
    Builder,
    Value,
    broadcast,
    call,
    load,
    maximum,
    minimum,
    shuffle,
    splat,
    store,
    vector,
)
from refint8.native.window import NARROW_TAPS

if TYPE_CHECKING:
    from refint8.native.window import Window

Join = Callable[[list[Value], Value], list[Value]]
"""Carried values and another vector of elements to carried values."""


def repeat(
    b: Builder,
    count: Value,
    carried: Sequence[Value],
    body: Callable[[Value, list[Value]], Sequence[Value]],
    step: int = 1,
) -> list[Value]:
    """`for i in range(0, count, step)`, with values that go from one round to the next."""
    before, head = b.block, b.append_basic_block("head")
    inside, after = b.append_basic_block("inside"), b.append_basic_block("after")
    b.branch(head)
    b.position_at_end(head)
    i = b.phi(I64)
    i.add_incoming(I64(0), before)
    phis = [b.phi(value.type) for value in carried]
    for phi, value in zip(phis, carried, strict=True):
        phi.add_incoming(value, before)
    b.cbranch(b.icmp_signed("<", i, count), inside, after)
    b.position_at_end(inside)
    following = body(i, phis)
    i.add_incoming(b.add(i, I64(step)), b.block)
    for phi, value in zip(phis, following, strict=True):
        phi.add_incoming(value, b.block)
    b.branch(head)
    b.position_at_end(after)
    return phis


class WindowEmitter:
    """Emits one window; the operands are those of `window.OPERANDS`, all i64.

    Bytes are summed as unsigned, in 16-bit lanes: with words w of two bytes, the sums of w >> 8 are
    the odd bytes' sums, and the sums of w minus 256 times these are the even ones', modulo 2^16.
    Both stay below 2^16 for NARROW_TAPS bytes; then they are added to 32-bit lanes.
    """

    def __init__(self, spec: Window, b: Builder, operands: dict[str, Value]) -> None:
        self.spec, self.b, self.at = spec, b, operands
        self.element = I16 if spec.bits == 16 else I8
        self.elements = vector(self.element, spec.lanes)
        self.sums = vector(I32, spec.lanes)
        self.halves = vector(I16, spec.lanes // 2)

    def emit(self) -> None:
        """All blocks of lanes."""
        repeat(self.b, self.at["count"], [], self._block, step=self.spec.lanes)

    def _block(self, f: Value, _: list[Value]) -> list[Value]:
        b, spec = self.b, self.spec
        item = spec.bits // 8
        source = b.add(self.at["source"], b.mul(f, I64(item)))
        if spec.kind == "largest":
            lowest = splat(self.elements, -(1 << (spec.bits - 1)) if spec.signed else 0)
            out = self._limited(self._rows(source, [lowest], self._larger)[0])
        elif spec.narrow:
            out = self._from_halves(*self._rows(source, self._no_halves(), self._add_bytes))
        else:
            total = self._rows(source, [splat(self.sums, 0)], self._add_words)[0]
            out = self._from_sums(total)
        size = 4 if spec.kind == "sum" else item
        store(b, out, b.add(self.at["target"], b.mul(f, I64(size))))
        return []

    def _rows(self, source: Value, start: list[Value], join: Join) -> list[Value]:
        """All rows and columns of the window, joined to the values that are carried."""
        b, at = self.b, self.at
        in_chunks = self.spec.bits == 8 and join == self._add_words

        def row(y: Value, carried: list[Value]) -> list[Value]:
            line = b.add(source, b.mul(y, at["row_step"]))

            def column(x: Value, carried: list[Value]) -> list[Value]:
                address = b.add(line, b.mul(x, at["column_step"]))
                return join(carried, load(b, self.elements, address))

            def chunk(x: Value, carried: list[Value]) -> list[Value]:
                left = b.sub(at["columns"], x)
                most = I64(NARROW_TAPS)
                left = b.select(b.icmp_signed("<", left, most), left, most)
                base = b.add(line, b.mul(x, at["column_step"]))

                def inside(x: Value, halves: list[Value]) -> list[Value]:
                    address = b.add(base, b.mul(x, at["column_step"]))
                    return self._add_bytes(halves, load(b, self.elements, address))

                even, odd = repeat(b, left, self._no_halves(), inside)
                return [b.add(carried[0], self._natural(even, odd))]

            if in_chunks:
                return repeat(b, at["columns"], carried, chunk, step=NARROW_TAPS)
            return repeat(b, at["columns"], carried, column)

        return repeat(b, at["rows"], start, row)

    def _larger(self, carried: list[Value], x: Value) -> list[Value]:
        return [self._limit("max", carried[0], x)]

    def _add_words(self, carried: list[Value], x: Value) -> list[Value]:
        return [self.b.add(carried[0], self.b.sext(x, self.sums))]

    def _no_halves(self) -> list[Value]:
        return [splat(self.halves, 0), splat(self.halves, 0)]

    def _add_bytes(self, carried: list[Value], x: Value) -> list[Value]:
        """Sums of words and of their upper bytes."""
        b = self.b
        if self.spec.signed:
            x = b.xor(x, splat(self.elements, 0x80))
        words = b.bitcast(x, self.halves)
        odd = b.lshr(words, splat(self.halves, 8))
        return [b.add(carried[0], words), b.add(carried[1], odd)]

    def _even(self, words: Value, odd: Value) -> Value:
        return self.b.sub(words, self.b.shl(odd, splat(self.halves, 8)))

    def _natural(self, words: Value, odd: Value) -> Value:
        """Sums of unsigned bytes in 32-bit lanes, in the order of the elements."""
        count = self.halves.count
        order = [lane + side * count for lane in range(count) for side in (0, 1)]
        both = shuffle(self.b, self._even(words, odd), odd, order)
        return self.b.zext(both, self.sums)

    def _from_halves(self, words: Value, odd: Value) -> Value:
        b = self.b
        if self.spec.kind == "sum":
            return self._from_unsigned(self._natural(words, odd))
        even, odd = (
            self._averaged(self._from_unsigned(half)) for half in (self._even(words, odd), odd)
        )
        low = b.and_(even, splat(self.halves, 0xFF))
        return b.bitcast(b.or_(low, b.shl(odd, splat(self.halves, 8))), self.elements)

    def _from_sums(self, total: Value) -> Value:
        if self.spec.bits == 8:
            total = self._from_unsigned(total)
        if self.spec.kind == "sum":
            return total
        return self.b.trunc(self._averaged(total), self.elements)

    def _from_unsigned(self, total: Value) -> Value:
        """Signed bytes were summed plus 128."""
        b = self.b
        if not self.spec.signed:
            return total
        excess = b.mul(b.mul(self.at["rows"], self.at["columns"]), I64(128))
        return b.sub(total, self._lanes(total.type, excess))

    def _limit(self, which: str, x: Value, y: Value) -> Value:
        name = f"llvm.{'s' if self.spec.signed else 'u'}{which}.v{x.type.count}i{self.spec.bits}"
        return call(self.b, name, x.type, x, y)

    def _limited(self, x: Value) -> Value:
        low, high = (self._lanes(self.elements, self.at[name]) for name in ("low", "high"))
        return self._limit("min", self._limit("max", x, low), high)

    def _averaged(self, total: Value) -> Value:
        """clamp(sign * ((|total| + half) * multiplier >> shift)), the product twice as wide."""
        b, spec, kind = self.b, self.spec, total.type
        bits = kind.element.width
        double = vector(I32 if spec.narrow else I64, kind.count)
        half, multiplier, shift = (load(b, I64, self.at["divisor"], 8 * i) for i in range(3))
        if spec.signed:
            negative = b.icmp_signed("<", total, splat(kind, 0))
            magnitude = b.select(negative, b.neg(total), total)
        else:
            magnitude = total
        magnitude = b.add(magnitude, self._lanes(kind, half))
        product = b.mul(b.zext(magnitude, double), self._lanes(double, multiplier))
        if spec.narrow:
            upper = b.trunc(b.lshr(product, splat(double, bits)), kind)
            average = b.lshr(upper, self._lanes(kind, shift))
        else:
            average = b.trunc(b.lshr(product, self._lanes(double, shift)), kind)
        if spec.signed:
            average = b.select(negative, b.neg(average), average)
        low, high = (self._lanes(kind, self.at[name]) for name in ("low", "high"))
        return minimum(b, maximum(b, average, low), high)

    def _lanes(self, kind: Value, scalar: Value) -> Value:
        narrowed = scalar if kind.element == I64 else self.b.trunc(scalar, kind.element)
        return broadcast(self.b, kind, narrowed)
