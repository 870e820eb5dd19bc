"""The signal library in unbounded Python integers, element by element, as C would run it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal, localcontext

Pair = tuple[int, int]


def signed(value: int, bits: int) -> int:
    """The low bits of a number as a signed one."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def window(x: Sequence[int], weights: Sequence[int], shift: int) -> list[int]:
    return [
        max(-32768, min(32767, (value * weights[i % len(weights)]) >> shift))
        for i, value in enumerate(x)
    ]


def auto_scale(x: Sequence[int]) -> tuple[list[int], int]:
    largest = 0
    for value in x:
        if value > largest:
            largest = value
        elif -value > largest:
            largest = signed(-value, 16)
    # A count of the bits of 0 and of a negative number gives 32.
    length = largest.bit_length() if largest > 0 else 32
    bits = max(15 - length, 0)
    return [signed(value << bits, 16) for value in x], bits


class Transform:
    """kissfft's recursion over lists of pairs."""

    def __init__(self, bits: int, sign: int = -1) -> None:
        self.bits, self.largest, self.sign = bits, (1 << (bits - 1)) - 1, sign

    def scaled(self, value: int) -> int:
        fraction = self.bits - 1
        return signed((value + (1 << (fraction - 1))) >> fraction, self.bits)

    def divide(self, a: Pair, by: int) -> Pair:
        return self.scaled(a[0] * (self.largest // by)), self.scaled(a[1] * (self.largest // by))

    def multiply(self, a: Pair, b: Pair) -> Pair:
        return self.scaled(a[0] * b[0] - a[1] * b[1]), self.scaled(a[0] * b[1] + a[1] * b[0])

    def unit(self, phase: float) -> Pair:
        return (
            math.floor(0.5 + self.largest * math.cos(phase)),
            math.floor(0.5 + self.largest * math.sin(phase)),
        )

    def complex(self, x: list[Pair], unit: list[Pair] | None = None) -> list[Pair]:
        n = len(x)
        if n == 1:
            return x
        unit = unit or [self.unit(self.sign * 2 * math.pi * i / n) for i in range(n)]
        radix = next(r for r in (4, 2, 3, 5) if n % r == 0)
        m, step = n // radix, len(unit) // n
        parts = [self.complex(x[q::radix], unit) for q in range(radix)]
        out: list[Pair] = [(0, 0)] * n
        for u in range(m):
            s = [self.divide(part[u], radix) for part in parts]
            t = [s[0], *(self.multiply(s[q], unit[q * u * step]) for q in range(1, radix))]
            for q, value in enumerate(
                self.butterfly(t, [unit[q * m * step] for q in range(radix)])
            ):
                out[q * m + u] = signed(value[0], self.bits), signed(value[1], self.bits)
        return out

    def butterfly(self, t: list[Pair], roots: list[Pair]) -> list[Pair]:
        (ar, ai), s = t[0], self.scaled
        if len(t) == 2:
            ((br, bi),) = t[1:]
            return [(ar + br, ai + bi), (ar - br, ai - bi)]
        if len(t) == 3:
            (br, bi), (cr, ci) = t[1:]
            pr, pi = signed(br + cr, self.bits), signed(bi + ci, self.bits)
            dr = s(signed(br - cr, self.bits) * roots[1][1])
            di = s(signed(bi - ci, self.bits) * roots[1][1])
            mr, mi = ar - (pr >> 1), ai - (pi >> 1)
            return [(ar + pr, ai + pi), (mr - di, mi + dr), (mr + di, mi - dr)]
        if len(t) == 4:
            (br, bi), (cr, ci), (dr, di) = t[1:] if self.sign < 0 else t[:0:-1]
            return [
                (ar + cr + br + dr, ai + ci + bi + di),
                (ar - cr + bi - di, ai - ci - br + dr),
                (ar + cr - br - dr, ai + ci - bi - di),
                (ar - cr - bi + di, ai - ci + br - dr),
            ]
        (br, bi), (cr, ci), (dr, di), (er, ei) = t[1:]

        def low(value: int) -> int:
            return signed(value, self.bits)

        y, z = roots[1], roots[2]
        p7, p8 = (low(br + er), low(bi + ei)), (low(cr + dr), low(ci + di))
        p10, p9 = (low(br - er), low(bi - ei)), (low(cr - dr), low(ci - di))
        p5 = [(ar, ai)[k] + s(p7[k] * y[0]) + s(p8[k] * z[0]) for k in (0, 1)]
        p6 = s(p10[1] * y[1]) + s(p9[1] * z[1]), -s(p10[0] * y[1]) - s(p9[0] * z[1])
        p11 = [(ar, ai)[k] + s(p7[k] * z[0]) + s(p8[k] * y[0]) for k in (0, 1)]
        p12 = -s(p10[1] * z[1]) + s(p9[1] * y[1]), s(p10[0] * z[1]) - s(p9[0] * y[1])
        return [
            (ar + p7[0] + p8[0], ai + p7[1] + p8[1]),
            (p5[0] - p6[0], p5[1] - p6[1]),
            (p11[0] + p12[0], p11[1] + p12[1]),
            (p11[0] - p12[0], p11[1] - p12[1]),
            (p5[0] + p6[0], p5[1] + p6[1]),
        ]

    def real(self, x: Sequence[int]) -> list[int]:
        half = len(x) // 2
        z = self.complex([(x[2 * i], x[2 * i + 1]) for i in range(half)])
        out: list[Pair] = [(0, 0)] * (half + 1)
        real, imaginary = self.divide(z[0], 2)
        out[0], out[half] = (real + imaginary, 0), (real - imaginary, 0)
        for k in range(1, half // 2 + 1):
            a = self.divide(z[k], 2)
            b = self.divide((z[half - k][0], signed(-z[half - k][1], self.bits)), 2)
            plus = signed(a[0] + b[0], self.bits), signed(a[1] + b[1], self.bits)
            minus = signed(a[0] - b[0], self.bits), signed(a[1] - b[1], self.bits)
            turned = self.multiply(minus, self.unit(-math.pi * (k / half + 0.5)))
            out[k] = (plus[0] + turned[0]) >> 1, (plus[1] + turned[1]) >> 1
            out[half - k] = (plus[0] - turned[0]) >> 1, (turned[1] - plus[1]) >> 1
        return [signed(part, self.bits) for pair in out for part in pair]

    def inverse(self, x: Sequence[int]) -> list[int]:
        f = list(zip(x[::2], x[1::2], strict=True))
        half = len(f) - 1
        first, last = f[0][0], f[half][0]
        ends = signed(first + last, self.bits), signed(first - last, self.bits)
        z: list[Pair] = [self.divide(ends, 2)] + [(0, 0)] * (half - 1)
        for k in range(1, half // 2 + 1):
            a = self.divide(f[k], 2)
            b = self.divide((f[half - k][0], signed(-f[half - k][1], self.bits)), 2)
            plus = signed(a[0] + b[0], self.bits), signed(a[1] + b[1], self.bits)
            minus = signed(a[0] - b[0], self.bits), signed(a[1] - b[1], self.bits)
            turned = self.multiply(minus, self.unit(math.pi * (k / half + 0.5)))
            total = plus[0] + turned[0], plus[1] + turned[1]
            z[k] = signed(total[0], self.bits), signed(total[1], self.bits)
            other = signed(plus[0] - turned[0], self.bits), signed(plus[1] - turned[1], self.bits)
            z[half - k] = other[0], signed(-other[1], self.bits)
        return [part for pair in self.complex(z) for part in pair]


def bank(
    x: Sequence[int],
    weights: Sequence[int],
    unweights: Sequence[int],
    bands: Sequence[tuple[int, int, int]],
) -> list[int]:
    """`bands` are (first of x, first weight, width)."""
    out, carried = [], 0
    for first, weight, width in bands:
        places = range(max(width, 0))
        out.append(carried + sum(weights[weight + j] * x[first + j] for j in places))
        carried = sum(unweights[weight + j] * x[first + j] for j in places)
    return [value % (1 << 64) for value in out[1:]]


def root(x: int) -> int:
    low = math.isqrt(x)
    most = (1 << 16) - 1 if x < 1 << 32 else (1 << 32) - 1
    return low + (x - low * low > low and low != most)


def gain(noise: int, table: Sequence[int]) -> int:
    if noise <= 2:
        return table[noise]
    length = noise.bit_length()
    first, slope, curve = table[4 * length - 6 : 4 * length - 3]
    fraction = (noise << 11 >> length) & 0x3FF
    value = (((curve * fraction) >> 5) + (slope << 5)) * fraction
    return signed(((value + (1 << 14)) >> 15) + first, 16)


def pcan(x: int, noise: int, table: Sequence[int], shift: int) -> int:
    ratio = ((x * (gain(noise, table) % (1 << 32))) >> shift) % (1 << 32)
    return ratio * ratio >> 20 if ratio < 8192 else (ratio >> 6) - 64


def log_point(segment: int) -> int:
    """What the interpolation adds to a straight line, times 65536."""
    with localcontext() as context:
        context.prec = 40
        share = Decimal(segment) / 128
        exact = (1 + share).ln() / Decimal(2).ln() - share
        return int((exact * 65536).to_integral_value())


def log(x: int, scale: int) -> int:
    whole = x.bit_length() - 1
    fraction = (x << 16 >> whole) - (1 << 16)
    here, there = log_point(fraction >> 9), log_point((fraction >> 9) + 1)
    log2 = (whole << 16) + fraction + here + ((there - here) * (fraction & 511) >> 16)
    natural = (45426 * log2 + 32768) >> 16
    return ((scale * natural + 32768) % (1 << 32)) >> 16


def channel_log(x: int, up: int, scale: int) -> int:
    scaled = (x << up) % (1 << 32)
    return min(log(scaled, scale % (1 << 32)), 32767) if scaled > 1 else 0


def subtract(
    x: int, noise: int, factors: Pair, least: int, up: int, bits: int, *, clamping: bool
) -> Pair:
    """(output, noise) of one channel."""
    signal = (x << up) % (1 << 32)
    noise = ((signal * factors[0] + noise * factors[1]) % (1 << 64) >> bits) % (1 << 32)
    known = min(noise, signal)
    floor = ((x * least) >> bits) % (1 << 32)
    return max((signal - known) >> up, floor), known if clamping else noise
