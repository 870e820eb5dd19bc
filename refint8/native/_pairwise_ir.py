"""The row loop of `pairwise`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refint8.native._window_ir import repeat
from refint8.native.dot import dot_words
from refint8.native.epilogue import requantize
from refint8.native.epilogue_constants import LANE_BYTES
from refint8.native.ir import (
    I8,
    I16,
    I32,
    I64,
    Builder,
    Value,
    broadcast,
    load,
    shuffle,
    splat,
    store_some,
    vector,
)
from refint8.native.narrow import Clamp

if TYPE_CHECKING:
    from refint8.native.pairwise import Pairwise


class RowEmitter:
    """Emits one run; the operands are addresses of output, a, b, the count, and own words."""

    def __init__(
        self, spec: Pairwise, b: Builder, out: Value, x: Value, y: Value, count: Value, own: Value
    ) -> None:
        from refint8.native.pairwise import OWN_WORDS

        self.spec, self.b, self.out, self.x, self.y = spec, b, out, x, y
        self.count = count
        self.lanes = spec.tier.lanes
        self.words = vector(I16, 2 * self.lanes)
        self.dwords = vector(I32, self.lanes)
        names = OWN_WORDS[spec.kind]
        self.own = {name: load(b, I64, own, 8 * i) for i, name in enumerate(names)}
        limits = (self.own["low"], self.own["high"], self.own["flip"])
        self.clamp = Clamp(b, spec.tier, limits, plain=spec.plain)
        self.splats = {
            name: self._splat(value)
            for name, value in self.own.items()
            if name not in ("low", "high", "flip", "constants")
        }
        self.scalars = [
            self._broadcast_word(address, dtype) if scalar else None
            for address, dtype, scalar in zip((x, y), spec.dtypes, spec.scalar, strict=False)
        ]

    def emit(self) -> None:
        """The loop over blocks, the last one masked."""
        repeat(self.b, self.count, [], self._block, step=self.spec.block)

    def _block(self, i: Value, _: list[Value]) -> list[Value]:
        b, spec = self.b, self.spec
        small = spec.dtypes[2] != "INT16"
        dwords: list[Value] = []
        for part in range(2 if small else 1):
            first = b.add(i, I64(part * 2 * self.lanes))
            dwords += self._outputs(self._words(0, first), self._words(1, first))
        if small:
            out, item = self._in_natural_order(self.clamp.bytes(dwords)), 1
        else:
            out, item = self.clamp.words(dwords), 2
        address = b.add(self.out, b.mul(i, I64(item)))
        store_some(b, [(address, out)], b.sub(self.count, i))
        return []

    def _splat(self, value: Value) -> Value:
        return broadcast(self.b, self.dwords, self.b.trunc(value, I32))

    def _widened(self, value: Value, dtype: str, kind: Value) -> Value:
        if dtype == "INT16":
            return value
        return self.b.zext(value, kind) if dtype == "UINT8" else self.b.sext(value, kind)

    def _broadcast_word(self, address: Value, dtype: str) -> Value:
        one = load(self.b, I16 if dtype == "INT16" else I8, address)
        return broadcast(self.b, self.words, self._widened(one, dtype, I16))

    def _words(self, k: int, first: Value) -> Value:
        """2 * lanes elements from `first` on, as int16 in natural order."""
        if self.scalars[k] is not None:
            return self.scalars[k]
        b, dtype = self.b, self.spec.dtypes[k]
        wide = dtype == "INT16"
        address = b.add((self.x, self.y)[k], b.mul(first, I64(2)) if wide else first)
        kind = vector(I16 if wide else I8, 2 * self.lanes)
        return self._widened(load(b, kind, address), dtype, self.words)

    def _interleaved(self, x: Value, y: Value) -> list[Value]:
        """Words of x below words of y in int32 lanes; packing both vectors restores the order."""
        count = 2 * self.lanes
        found = []
        for half in (0, 4):
            lane = [g * 8 + half + i for g in range(count // 8) for i in range(4)]
            mask = [index for at in lane for index in (at, count + at)]
            found.append(self.b.bitcast(shuffle(self.b, x, y, mask), self.dwords))
        return found

    def _in_natural_order(self, packed: Value) -> Value:
        """Packing left eight bytes of the first words beside eight of the second, and so on."""
        kind = vector(I64, packed.type.count // 8)
        order = [*range(0, kind.count, 2), *range(1, kind.count, 2)]
        quads = self.b.bitcast(packed, kind)
        return self.b.bitcast(shuffle(self.b, quads, quads, order), packed.type)

    def _outputs(self, x: Value, y: Value) -> list[Value]:
        """Output steps of 2 * lanes words in two int32 vectors, not yet clamped."""
        return getattr(self, f"_{self.spec.kind}")(x, y)  # type: ignore[no-any-return]

    def _linear(self, x: Value, y: Value) -> list[Value]:
        b, tier, own = self.b, self.spec.tier, self.splats
        fifteen = splat(self.dwords, 15)
        found = []
        for pair in self._interleaved(x, y):
            low = dot_words(b, tier, own["low_constant"], pair, own["low_pair"])
            high = dot_words(b, tier, own["high_constant"], pair, own["high_pair"])
            found.append(b.ashr(b.add(high, b.ashr(low, fifteen)), own["shift"]))
        return found

    def _requantize(self, stage: int, total: Value) -> Value:
        """By the constants of a stage, its bias added."""
        constants, distance = self.own["constants"], stage * LANE_BYTES * self.lanes
        biased = self.b.add(total, load(self.b, self.dwords, constants, distance))
        form = self.spec.forms[stage]
        if form == "half":
            return biased
        return requantize(self.b, self.spec.tier, form, biased, constants, distance)

    def _staged(self, x: Value, y: Value) -> list[Value]:
        b = self.b
        nothing = splat(self.words, 0)
        rescaled = []
        for k, words in enumerate((x, y)):
            by = self.spec.left_shift - 16 - (self.spec.forms[k] == "half")
            shift = b.shl if by >= 0 else b.ashr
            rescaled.append([
                self._requantize(k, shift(v, splat(self.dwords, abs(by))))
                for v in self._interleaved(nothing, words)
            ])  # fmt: skip
        join = b.sub if self.spec.minus else b.add
        sums = (join(first, second) for first, second in zip(*rescaled, strict=True))
        return [self._requantize(2, total) for total in sums]

    def _shifts(self, x: Value, y: Value) -> list[Value]:
        b = self.b
        thirty_one, one = splat(self.dwords, 31), splat(self.dwords, 1)
        divided = []
        for form, words, name in zip(self.spec.forms, (x, y), ("a_shift", "b_shift"), strict=True):
            signs = b.ashr(words, splat(self.words, 15))
            part = []
            for value in self._interleaved(words, signs):
                negative = b.ashr(value, thirty_one)
                if form == "round":
                    n = self.splats[name]
                    half = b.shl(one, b.sub(n, one))
                    part.append(b.ashr(b.add(b.add(value, half), negative), n))
                else:
                    sign = b.or_(negative, one)
                    part.append(sign if form == "sign" else value)
            divided.append(part)
        join = b.sub if self.spec.minus else b.add
        return [join(first, second) for first, second in zip(*divided, strict=True)]

    def _differences(self, x: Value, y: Value) -> tuple[Value, Value]:
        b, own = self.b, self.own
        zeros = (broadcast(b, self.words, b.trunc(own[n], I16)) for n in ("a_zero", "b_zero"))
        first, second = (b.sub(v, zero) for v, zero in zip((x, y), zeros, strict=True))
        return first, second

    def _multiplied(self, x: Value, y: Value) -> list[Value]:
        """Exact products of words."""
        b = self.b
        wide = vector(I32, 2 * self.lanes)
        product = b.mul(b.sext(x, wide), b.sext(y, wide))
        high = b.trunc(b.ashr(product, splat(wide, 16)), self.words)
        return self._interleaved(b.mul(x, y), high)

    def _product(self, x: Value, y: Value) -> list[Value]:
        return [self._requantize(0, v) for v in self._multiplied(*self._differences(x, y))]

    def _prelu(self, x: Value, y: Value) -> list[Value]:
        b = self.b
        d, alpha = self._differences(x, y)
        signs = b.ashr(d, splat(self.words, 15))
        found = []
        for value, product in zip(
            self._interleaved(d, signs), self._multiplied(d, alpha), strict=True
        ):
            negative = b.icmp_signed("<", value, splat(self.dwords, 0))
            found.append(
                b.select(negative, self._requantize(1, product), self._requantize(0, value))
            )
        return found
