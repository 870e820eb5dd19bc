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
    splat,
    store,
    vector,
)

if TYPE_CHECKING:
    from refint8.native.window import Window


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
    """Emits one window; the operands are those of `window.OPERANDS`, all i64."""

    def __init__(self, spec: Window, b: Builder, operands: dict[str, Value]) -> None:
        self.spec, self.b, self.at = spec, b, operands
        self.element = I16 if spec.bits == 16 else I8
        self.elements = vector(self.element, spec.lanes)
        self.words = vector(I32, spec.lanes)
        self.sums = vector(I16, spec.lanes) if spec.narrow else self.words

    def emit(self) -> None:
        """All blocks of lanes."""
        repeat(self.b, self.at["count"], [], self._block, step=self.spec.lanes)

    def _block(self, f: Value, _: list[Value]) -> list[Value]:
        b, at, spec = self.b, self.at, self.spec
        item = spec.bits // 8
        source = b.add(at["source"], b.mul(f, I64(item)))

        def row(y: Value, totals: list[Value]) -> list[Value]:
            line = b.add(source, b.mul(y, at["row_step"]))

            def column(x: Value, totals: list[Value]) -> list[Value]:
                address = b.add(line, b.mul(x, at["column_step"]))
                return [self._joined(totals[0], load(b, self.elements, address))]

            return repeat(b, at["columns"], totals, column)

        total = repeat(b, at["rows"], [self._start()], row)[0]
        out = self._finished(total)
        size = 4 if spec.kind == "sum" else item
        store(b, out, b.add(at["target"], b.mul(f, I64(size))))
        return []

    def _start(self) -> Value:
        spec = self.spec
        if spec.kind != "largest":
            return splat(self.sums, 0)
        return splat(self.elements, -(1 << (spec.bits - 1)) if spec.signed else 0)

    def _joined(self, total: Value, x: Value) -> Value:
        if self.spec.kind == "largest":
            return self._limit("max", total, x)
        return self.b.add(total, self._widened(x, self.sums))

    def _widened(self, x: Value, kind: Value) -> Value:
        return self.b.sext(x, kind) if self.spec.signed else self.b.zext(x, kind)

    def _limit(self, which: str, x: Value, y: Value) -> Value:
        name = f"llvm.{'s' if self.spec.signed else 'u'}{which}.v{x.type.count}i{self.spec.bits}"
        return call(self.b, name, x.type, x, y)

    def _finished(self, total: Value) -> Value:
        spec = self.spec
        if spec.kind == "largest":
            low, high = (self._lanes(self.elements, self.at[name]) for name in ("low", "high"))
            return self._limit("min", self._limit("max", total, low), high)
        if spec.kind == "sum":
            return self._widened(total, self.words) if spec.narrow else total
        return self._averaged(total)

    def _averaged(self, total: Value) -> Value:
        """clamp(sign * ((|total| + half) * multiplier >> shift)), the product twice as wide."""
        b, spec, kind = self.b, self.spec, total.type
        bits = kind.element.width
        double = vector(I32 if spec.narrow else I64, spec.lanes)
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
        return b.trunc(minimum(b, maximum(b, average, low), high), self.elements)

    def _lanes(self, kind: Value, scalar: Value) -> Value:
        narrowed = scalar if kind.element == I64 else self.b.trunc(scalar, kind.element)
        return broadcast(self.b, kind, narrowed)
