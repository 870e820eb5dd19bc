"""The Fourier transform of real numbers in fixed point, and back, as kissfft computes it.

Every stage first divides by its radix, in fixed point, and then turns and adds, so that sums stay
small and the result is the transform divided by the length. What does not fit 16 bits all the same
wraps; in 32 bits C leaves it undefined and it is reported.

Semantics: kissfft 130 (`kiss_fft.c`, `_kiss_fft_guts.h`, `tools/kiss_fftr.c`) with the patch of
tflite-micro, which leaves radices other than 2, 3, 4 and 5 without memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from refint8.numerics.accumulator import overflow_error
from refint8.numerics.fixedpoint import Ints

Complex = tuple[Ints, Ints]
"""Real and imaginary parts."""

LONGEST: Final = 1 << 16


def radices(length: int) -> tuple[int, ...]:
    """The stages of a complex transform, outermost first: fours, then 2, 3 and 5.

    Empty when the length has another prime factor, or is 1: no transform is defined.
    """
    found, left = [], length
    for radix in (4, 2, 3, 5):
        while left > 1 and left % radix == 0:
            found.append(radix)
            left //= radix
    return tuple(found) if left == 1 else ()


@dataclass(frozen=True)
class Fixed:
    """Signed numbers of `bits` bits, all but one of them behind the point."""

    bits: int

    @property
    def largest(self) -> int:
        """The largest number."""
        return (1 << (self.bits - 1)) - 1

    def narrow(self, exact: Ints) -> Ints:
        """What a register of 16 bits keeps. Raises DomainError for what leaves 32 bits."""
        if self.bits == 16:
            return self.low_bits(exact)
        if exact.size and (exact.min() < -self.largest - 1 or exact.max() > self.largest):
            raise overflow_error("a sum of the transform", exact)
        return exact

    def low_bits(self, exact: Ints) -> Ints:
        """The low bits as a signed number."""
        half = 1 << (self.bits - 1)
        wrapped: Ints = ((exact + half) & (2 * half - 1)) - half
        return wrapped

    def rounded(self, product: Ints) -> Ints:
        """A product back to one point, ties up."""
        fraction = self.bits - 1
        return self.low_bits((product + (1 << (fraction - 1))) >> fraction)

    def divided(self, z: Complex, by: int) -> Complex:
        """z / by: times a reciprocal that is rounded down."""
        reciprocal = self.largest // by
        return self.rounded(z[0] * reciprocal), self.rounded(z[1] * reciprocal)

    def times(self, z: Complex, w: Complex) -> Complex:
        """z * w, each part rounded once."""
        return (
            self.rounded(z[0] * w[0] - z[1] * w[1]),
            self.rounded(z[0] * w[1] + z[1] * w[0]),
        )

    def plus(self, a: Complex, b: Complex) -> Complex:
        """a + b."""
        return self.narrow(a[0] + b[0]), self.narrow(a[1] + b[1])

    def minus(self, a: Complex, b: Complex) -> Complex:
        """a - b."""
        return self.narrow(a[0] - b[0]), self.narrow(a[1] - b[1])


def real_transform(x: Ints, bits: int) -> Ints:
    """[..., n] to n // 2 + 1 frequencies, [..., n + 2]: real and imaginary parts in turn.

    n is even, `radices(n // 2)` is not empty. Raises DomainError where 32 bits overflow.
    """
    fixed = Fixed(bits)
    half = x.shape[-1] // 2
    z = transform((x[..., 0::2], x[..., 1::2]), fixed, -1)
    out = np.zeros((*x.shape[:-1], half + 1, 2), np.int64)
    real, imaginary = fixed.divided((z[0][..., 0], z[1][..., 0]), 2)
    out[..., 0, 0] = fixed.narrow(real + imaginary)
    out[..., half, 0] = fixed.narrow(real - imaginary)
    # Frequencies k and half - k come from one pair. The middle one is its own partner; what it is
    # written last counts.
    k = np.arange(1, half // 2 + 1)
    here = fixed.divided((z[0][..., k], z[1][..., k]), 2)
    there = fixed.divided((z[0][..., half - k], fixed.narrow(-z[1][..., half - k])), 2)
    even = fixed.plus(here, there)
    odd = fixed.times(fixed.minus(here, there), half_turns(half, bits, -1))
    out[..., k, 0] = _half(even[0] + odd[0], fixed)
    out[..., k, 1] = _half(even[1] + odd[1], fixed)
    out[..., half - k, 0] = _half(even[0] - odd[0], fixed)
    out[..., half - k, 1] = _half(odd[1] - even[1], fixed)
    return out.reshape(*x.shape[:-1], 2 * half + 2)


def real_inverse(x: Ints, bits: int) -> Ints:
    """[..., n + 2] frequencies, as `real_transform` gives them, to n numbers, divided by n again.

    What the first and last frequency have for imaginary parts is not looked at. Raises DomainError
    where 32 bits overflow.
    """
    fixed = Fixed(bits)
    half = x.shape[-1] // 2 - 1
    real, imaginary = x[..., 0::2], x[..., 1::2]
    z = np.zeros((2, *x.shape[:-1], half), np.int64)
    first, last = real[..., 0], real[..., half]
    ends = fixed.narrow(first + last), fixed.narrow(first - last)
    z[0, ..., 0], z[1, ..., 0] = fixed.divided(ends, 2)
    k = np.arange(1, half // 2 + 1)
    here = fixed.divided((real[..., k], imaginary[..., k]), 2)
    there = fixed.divided((real[..., half - k], fixed.narrow(-imaginary[..., half - k])), 2)
    even = fixed.plus(here, there)
    odd = fixed.times(fixed.minus(here, there), half_turns(half, bits, 1))
    z[0][..., k], z[1][..., k] = fixed.plus(even, odd)
    z[0][..., half - k], below = fixed.minus(even, odd)
    z[1][..., half - k] = fixed.narrow(-below)
    made = transform((z[0], z[1]), fixed, 1)
    return np.stack(made, axis=-1).reshape(*x.shape[:-1], 2 * half)


def transform(z: Complex, fixed: Fixed, sign: int) -> Complex:
    """The complex transform over the last dimension, divided by its length; sign 1: back."""
    length = z[0].shape[-1]
    return _stages(z, radices(length), turns(length, fixed.bits, sign), 1, fixed)


@lru_cache(maxsize=16)
def turns(length: int, bits: int, sign: int) -> Complex:
    """exp(sign * 2 pi i k / length) for k below length; the reals behind it are doubles."""
    return _unit([sign * 2 * math.pi * k / length for k in range(length)], bits)


@lru_cache(maxsize=16)
def half_turns(half: int, bits: int, sign: int) -> Complex:
    """exp(sign * pi i (k / half + 1/2)) for k from 1 to half // 2."""
    return _unit([sign * math.pi * (k / half + 0.5) for k in range(1, half // 2 + 1)], bits)


def _unit(phases: Sequence[float], bits: int) -> Complex:
    largest = (1 << (bits - 1)) - 1

    def part(function: Callable[[float], float]) -> Ints:
        # The C library's functions, not NumPy's, which differ in the last place.
        return np.array([math.floor(0.5 + largest * function(p)) for p in phases], np.int64)

    return part(math.cos), part(math.sin)


def _half(total: Ints, fixed: Fixed) -> Ints:
    """Half of a sum, rounded down; the sum is an `int`."""
    exact = fixed.narrow(total) if fixed.bits == 32 else total
    return exact >> 1


def _stages(
    z: Complex, stages: tuple[int, ...], unit: Complex, stride: int, fixed: Fixed
) -> Complex:
    """Transforms of every radix-th element, and a butterfly that puts them together."""
    if not stages:
        return z
    radix = stages[0]
    size = z[0].shape[-1] // radix
    # [..., size, radix] to [..., radix, size]: part q has the elements q, q + radix, ...
    real, imaginary = (
        np.swapaxes(part.reshape(*part.shape[:-1], size, radix), -1, -2) for part in z
    )
    parts = _stages((real, imaginary), stages[1:], unit, stride * radix, fixed)
    inner = np.arange(size) * stride
    given = [fixed.divided((parts[0][..., q, :], parts[1][..., q, :]), radix) for q in range(radix)]
    turned = [
        fixed.times(part, (unit[0][q * inner], unit[1][q * inner]))
        for q, part in enumerate(given[1:], 1)
    ]
    roots = [(unit[0][stride * size * q], unit[1][stride * size * q]) for q in range(radix)]
    made = BUTTERFLIES[radix](given[0], turned, roots, fixed)
    joined = [np.stack(part, axis=-2) for part in zip(*made, strict=True)]
    real, imaginary = (part.reshape(*part.shape[:-2], -1) for part in joined)
    return real, imaginary


def _two(
    a: Complex, turned: Sequence[Complex], _: Sequence[Complex], fixed: Fixed
) -> list[Complex]:
    (b,) = turned
    return [fixed.plus(a, b), fixed.minus(a, b)]


def _three(
    a: Complex, turned: Sequence[Complex], roots: Sequence[Complex], fixed: Fixed
) -> list[Complex]:
    b, c = turned
    total, difference = fixed.plus(b, c), fixed.minus(b, c)
    sine = roots[1][1]
    side = fixed.rounded(difference[0] * sine), fixed.rounded(difference[1] * sine)
    middle = fixed.minus(a, (total[0] >> 1, total[1] >> 1))
    across = -side[1], side[0]
    return [fixed.plus(a, total), fixed.plus(middle, across), fixed.minus(middle, across)]


def _four(
    a: Complex, turned: Sequence[Complex], roots: Sequence[Complex], fixed: Fixed
) -> list[Complex]:
    b, c, d = turned
    outer, inner = fixed.minus(a, c), fixed.plus(a, c)
    total, difference = fixed.plus(b, d), fixed.minus(b, d)
    across = difference[1], -difference[0]
    ahead, behind = fixed.plus(outer, across), fixed.minus(outer, across)
    if roots[1][1] > 0:  # a quarter turn the other way
        ahead, behind = behind, ahead
    return [fixed.plus(inner, total), ahead, fixed.minus(inner, total), behind]


def _five(
    a: Complex, turned: Sequence[Complex], roots: Sequence[Complex], fixed: Fixed
) -> list[Complex]:
    b, c, d, e = turned
    near, near_difference = fixed.plus(b, e), fixed.minus(b, e)
    far, far_difference = fixed.plus(c, d), fixed.minus(c, d)

    def pair(first: Complex, second: Complex, sign: int) -> tuple[Complex, Complex]:
        def cosines(part: int) -> Ints:
            turned_near = fixed.rounded(near[part] * first[0])
            return fixed.narrow(a[part] + turned_near + fixed.rounded(far[part] * second[0]))

        def sines(part: int) -> Ints:
            turned_near = fixed.rounded(near_difference[part] * first[1])
            return turned_near + sign * fixed.rounded(far_difference[part] * second[1])

        middle = cosines(0), cosines(1)
        across = fixed.narrow(sines(1)), fixed.narrow(-sines(0))
        return fixed.minus(middle, across), fixed.plus(middle, across)

    second, fifth = pair(roots[1], roots[2], 1)
    third, fourth = pair(roots[2], roots[1], -1)
    first = fixed.narrow(a[0] + near[0] + far[0]), fixed.narrow(a[1] + near[1] + far[1])
    return [first, second, third, fourth, fifth]


BUTTERFLIES: Final = {2: _two, 3: _three, 4: _four, 5: _five}
