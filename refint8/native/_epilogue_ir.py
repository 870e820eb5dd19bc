"""The LLVM code of `epilogue`'s forms."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from refint8.native.epilogue_constants import SECTIONS
from refint8.native.ir import F32, F64, I32, I64, Builder, Value, call, load, shuffle, splat, vector


class Constants:
    """Loads of one vector's constants."""

    def __init__(self, b: Builder, lanes: int, address: Value, distance: int) -> None:
        self.b, self.lanes, self.address, self.distance = b, lanes, address, distance
        self.pairs, self.words = vector(I64, lanes // 2), vector(I32, lanes)

    def load(self, kind: Any, section: str, skip: int = 0) -> Value:
        """A vector from a section, `skip` lane bytes into it."""
        start = self.distance + (SECTIONS[section] + skip) * self.lanes
        return load(self.b, kind, self.address, start)

    def halves(self) -> tuple[Value, Value]:
        """The 64-bit constants of the even and of the odd lanes."""
        return self.load(self.pairs, "constant"), self.load(self.pairs, "constant", skip=4)

    def join(self, even: Value, odd: Value, part: int) -> Value:
        """Low (0) or high (1) words of two 64-bit halves, back in lane order."""
        b, lanes = self.b, self.lanes
        mask = [i for pair in range(part, lanes, 2) for i in (pair, lanes + pair)]
        return shuffle(b, b.bitcast(even, self.words), b.bitcast(odd, self.words), mask)


def fast(b: Builder, lanes: int, u: Value, address: Value, distance: int, *, sign: str) -> Value:
    """(high32(u * 2q + K) + (u >>> 31)) >> n; `sign` says where u >>> 31 is
    added: "always", "shifted" (n > 0), "never", or "flagged" (the bit of 32 in n).

    Both factors are masked to 32 bits in sight of LLVM, which then needs one multiplication.
    """
    c = Constants(b, lanes, address, distance)
    low, high = splat(c.pairs, 0xFFFFFFFF), splat(c.pairs, 32)
    q = c.load(c.pairs, "multiplier")
    even_k, odd_k = c.halves()
    n = c.load(c.words, "shift")
    wide = b.bitcast(u, c.pairs)
    even = b.add(b.mul(b.and_(wide, low), b.and_(q, low)), even_k)
    odd = b.add(b.mul(b.lshr(wide, high), b.lshr(q, high)), odd_k)
    y = c.join(even, odd, part=1)
    if sign == "flagged":
        y = b.add(y, b.and_(b.lshr(u, splat(c.words, 31)), b.lshr(n, splat(c.words, 5))))
        n = b.and_(n, splat(c.words, 31))
    elif sign != "never":
        top = b.lshr(u, splat(c.words, 31))
        if sign == "shifted":
            nothing = splat(c.words, 0)
            top = b.select(b.icmp_signed(">", n, nothing), top, nothing)
        y = b.add(y, top)
    return b.ashr(y, n)


def linear(
    b: Builder, lanes: int, u: Value, address: Value, distance: int, *, shifted: bool
) -> Value:
    """(high32(u * M) + k) >> e, signed; without `shifted` e is 0."""
    c = Constants(b, lanes, address, distance)
    high = splat(c.pairs, 32)
    factor, wide = c.load(c.pairs, "multiplier"), b.bitcast(u, c.pairs)

    def low_word(x: Value) -> Value:
        return b.ashr(b.shl(x, high), high)

    even = b.mul(low_word(wide), low_word(factor))
    odd = b.mul(b.ashr(wide, high), b.ashr(factor, high))
    y = b.add(c.join(even, odd, part=1), c.load(c.words, "shift"))
    # Of the 64-bit constants only the low words are used here, in lane order.
    return b.ashr(y, c.load(c.words, "constant")) if shifted else y


def double(b: Builder, lanes: int, total: Value, address: Value, distance: int) -> Value:
    """RDBPOT(SRDHM(total << left, q), right) + z in 64-bit lanes, step by step.

    Results are limited to 2^24 before the zero point is added: what is clamped later stays so.
    """
    c = Constants(b, lanes, address, distance)
    packed = c.load(c.words, "shift")
    zero_point = b.ashr(packed, splat(c.words, 6))
    shift = b.sub(b.and_(packed, splat(c.words, 63)), splat(c.words, 32))
    nothing = splat(c.words, 0)
    left = b.select(b.icmp_signed(">", shift, nothing), shift, nothing)
    right = b.sub(left, shift)
    x = b.bitcast(b.shl(total, left), c.pairs)
    q = c.load(c.pairs, "multiplier")
    n = b.bitcast(right, c.pairs)
    high = splat(c.pairs, 32)

    def half(part: Callable[[Value], Value], count: Value, rounding: Value) -> Value:
        product = b.add(b.mul(part(x), part(q)), splat(c.pairs, 1 << 30))
        h = b.ashr(product, splat(c.pairs, 31))
        negative = b.lshr(h, splat(c.pairs, 63))
        shifts = b.icmp_signed(">", count, splat(c.pairs, 0))
        away = b.select(shifts, b.sub(rounding, negative), splat(c.pairs, 0))
        y = b.ashr(b.add(h, away), count)
        limit = 1 << 24
        y = b.select(b.icmp_signed(">", y, splat(c.pairs, limit)), splat(c.pairs, limit), y)
        return b.select(b.icmp_signed("<", y, splat(c.pairs, -limit)), splat(c.pairs, -limit), y)

    even_half, odd_half = c.halves()
    low_count = b.and_(n, splat(c.pairs, 0xFFFFFFFF))
    even = half(lambda v: b.ashr(b.shl(v, high), high), low_count, even_half)
    odd = half(lambda v: b.ashr(v, high), b.lshr(n, high), odd_half)
    return b.add(c.join(even, odd, part=0), zero_point)


def up(b: Builder, lanes: int, total: Value, address: Value, distance: int) -> Value:
    """((total * q + A) >> s) + z in 64-bit lanes, limited to 2^24 like `double`."""
    c = Constants(b, lanes, address, distance)
    packed = c.load(c.words, "shift")
    zero_point = b.ashr(packed, splat(c.words, 6))
    n = b.bitcast(b.and_(packed, splat(c.words, 63)), c.pairs)
    x, q = b.bitcast(total, c.pairs), c.load(c.pairs, "multiplier")
    high, limit = splat(c.pairs, 32), 1 << 24
    counts = b.and_(n, splat(c.pairs, 0xFFFFFFFF)), b.lshr(n, high)
    factors = [
        (b.ashr(b.shl(x, high), high), b.ashr(b.shl(q, high), high)),
        (b.ashr(x, high), b.ashr(q, high)),
    ]
    halves = []
    for (a, factor), rounding, count in zip(factors, c.halves(), counts, strict=True):
        y = b.ashr(b.add(b.mul(a, factor), rounding), count)
        y = b.select(b.icmp_signed(">", y, splat(c.pairs, limit)), splat(c.pairs, limit), y)
        halves.append(
            b.select(b.icmp_signed("<", y, splat(c.pairs, -limit)), splat(c.pairs, -limit), y)
        )
    return b.add(c.join(halves[0], halves[1], part=0), zero_point)


def float32(b: Builder, lanes: int, total: Value, address: Value, distance: int) -> Value:
    """round_half_even(f32(total) * scale) + z, limited to 2^30 before it is an integer again."""
    c = Constants(b, lanes, address, distance)
    floats = vector(F32, lanes)
    product = b.fmul(b.sitofp(total, floats), c.load(floats, "multiplier"))
    for order, limit in (("<", float(1 << 30)), (">", -float(1 << 30))):
        most = splat(floats, limit)
        product = b.select(b.fcmp_ordered(order, product, most), product, most)
    rounded = call(b, f"llvm.rint.v{lanes}f32", floats, product)
    return b.add(b.fptosi(rounded, c.words), c.load(c.words, "shift"))


def float64(b: Builder, lanes: int, total: Value, address: Value, distance: int) -> Value:
    """round_half_away(double(total) * scale) + z."""
    c = Constants(b, lanes, address, distance)
    doubles = vector(F64, lanes)
    product = b.fmul(b.sitofp(total, doubles), c.load(doubles, "multiplier"))
    rounded = call(b, f"llvm.round.v{lanes}f64", doubles, product)
    return b.add(b.fptosi(rounded, c.words), c.load(c.words, "shift"))


def q15(b: Builder, lanes: int, total: Value, address: Value, distance: int) -> Value:
    """(x * m16 + 2^(s-1)) >> s on 64-bit accumulators, the low 32 bits of each."""
    c = Constants(b, lanes, address, distance)
    one = splat(c.pairs, 1)
    n = b.bitcast(c.load(c.words, "shift"), c.pairs)
    counts = b.and_(n, splat(c.pairs, 0xFFFFFFFF)), b.lshr(n, splat(c.pairs, 32))
    halves = []
    for x, factor, count in zip(wide_sums(c, total), c.halves(), counts, strict=True):
        half = b.shl(one, b.sub(count, one))
        halves.append(b.ashr(b.add(b.mul(x, factor), half), count))
    return c.join(halves[0], halves[1], part=0)


def float64_wide(b: Builder, lanes: int, total: Value, address: Value, distance: int) -> Value:
    """round_half_away(double(x) * scale) on 64-bit accumulators."""
    c = Constants(b, lanes, address, distance)
    doubles = vector(F64, lanes // 2)
    halves = []
    for x, factor in zip(wide_sums(c, total), c.halves(), strict=True):
        product = b.fmul(b.sitofp(x, doubles), b.bitcast(factor, doubles))
        rounded = call(b, f"llvm.round.v{lanes // 2}f64", doubles, product)
        halves.append(b.fptosi(rounded, c.pairs))
    return c.join(halves[0], halves[1], part=0)


def wide_sums(c: Constants, total: Value) -> tuple[Value, Value]:
    """The 32-bit sums of even and odd lanes plus their 64-bit bias."""
    b, high = c.b, splat(c.pairs, 32)
    x = b.bitcast(total, c.pairs)
    even_bias, odd_bias = c.load(c.pairs, "multiplier"), c.load(c.pairs, "multiplier", skip=4)
    return b.add(b.ashr(b.shl(x, high), high), even_bias), b.add(b.ashr(x, high), odd_bias)


FORMS: dict[str, Callable[..., Value]] = {
    "fast": partial(fast, sign="always"),
    "mixed": partial(fast, sign="shifted"),
    "unsigned": partial(fast, sign="never"),
    "laned": partial(fast, sign="flagged"),
    "linear": partial(linear, shifted=False),
    "linear_shifted": partial(linear, shifted=True),
    "double": double,
    "up": up,
    "float32": float32,
    "float64": float64,
    "q15": q15,
    "float64_wide": float64_wide,
}
