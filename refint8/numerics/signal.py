"""Integer functions of the signal library: bit lengths, roots, logarithm, gain.

Semantics: tflite-micro `signal/src` (`square_root_32.cc`, `square_root_64.cc`, `log.cc`,
`pcan_argc_fixed.cc`, `max_abs.cc`), compiled by a compiler that knows `__builtin_clz`.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from refint8.numerics.fixedpoint import Ints, count_leading_zeros_32, wrap16

Words = NDArray[np.uint64]

MASK_32: Final = np.uint64(0xFFFFFFFF)

LOG_2: Final = 45426
"""ln(2) with 16 fraction bits."""
SEGMENT_BITS: Final = 7
GAIN_ENTRIES: Final = 125
"""First value, slope and curvature for every bit length of 32 bits, from 2 on."""
SNR_BITS: Final = 12
SHRUNK_BITS: Final = 6


def bit_length(x: Ints) -> Ints:
    """The position of the highest set bit of 0 < x < 2^32, counted from 1."""
    return 32 - count_leading_zeros_32(x)


def largest_magnitude(x: Ints) -> int:
    """The largest |x| of int16 numbers, found one after the other in an int16.

    -32768 has no magnitude there: it stays negative, and what comes behind it begins anew with
    whatever is above it. The result is negative when nothing has taken it back.
    """
    lowest = np.flatnonzero(x == -32768)
    if not lowest.size:
        return int(np.abs(x).max(initial=0))
    rest = x[lowest[-1] + 1 :]
    # While numbers rise below 0 each is the maximum; the first other one counts by its magnitude.
    falls = np.concatenate(([False], rest[1:] <= rest[:-1]))[: rest.size]
    begins = np.flatnonzero((rest >= 0) | falls)
    if begins.size:
        return int(np.abs(rest[begins[0] :]).max())
    return int(rest[-1]) if rest.size else -32768


def root_64(x: Words) -> Words:
    """The square root of uint64 numbers to the nearest integer.

    One that would round up to 2^16 (x below 2^32) or to 2^32 is rounded down.
    """
    root, rest = np.zeros_like(x), x.copy()
    for position in range(62, -1, -2):
        bit = np.uint64(1 << position)
        fits = rest >= root + bit
        rest = np.where(fits, rest - (root + bit), rest)
        root = (root >> np.uint64(1)) + np.where(fits, bit, np.uint64(0))
    most = np.where(x >> np.uint64(32) == 0, np.uint64(0xFFFF), MASK_32)
    nearest: Words = root + ((rest > root) & (root != most))
    return nearest


@cache
def log_table() -> Ints:
    """65536 * (log2(1 + s / 128) - s / 128), rounded; none is near a tie. For s = 0..128."""
    one = 1 << SEGMENT_BITS
    exact = (65536 * (math.log2(1 + s / one) - s / one) for s in range(one + 1))
    return np.array([round(value) for value in exact], np.int64)


def log_32(x: Ints, scale: int) -> Ints:
    """ln(x) * scale for 0 < x < 2^32, rounded to nearest, in the low 32 bits; 0 <= scale < 2^32.

    log2 is interpolated between 128 points, the slope shifted too far to the right to show.
    """
    whole = bit_length(x) - 1
    above = x - (np.int64(1) << whole)
    fraction = np.where(
        whole < 16,
        above << np.maximum(16 - whole, 0),
        above >> np.maximum(whole - 16, 0),
    )
    table = log_table()
    segment = fraction >> (16 - SEGMENT_BITS)
    inside = fraction & ((1 << (16 - SEGMENT_BITS)) - 1)
    rise = table[segment + 1] - table[segment]
    log2 = (whole << 16) + fraction + table[segment] + ((rise * inside) >> 16)
    natural = (LOG_2 * log2 + (1 << 15)) >> 16
    scaled: Ints = ((scale * natural + (1 << 15)) & 0xFFFFFFFF) >> 16
    return scaled


def gain_of(noise: Ints, table: Ints) -> Ints:
    """A piecewise quadratic of 0 <= noise < 2^32, as int16: one piece for every bit length.

    The table has the values at 0, 1 and 2, then (first value, slope, curvature) in steps of four.
    The first value and the curvature lie in int16, so nothing overflows before the last sum, of
    which the low 16 bits are kept.
    """
    length = np.maximum(bit_length(np.maximum(noise, 1)), 2)
    first = 4 * length - 6
    fraction = np.where(
        length < 11, noise << np.maximum(11 - length, 0), noise >> np.maximum(length - 11, 0)
    )
    fraction = fraction & 0x3FF
    slope = ((table[first + 2] * fraction) >> 5) + (table[first + 1] << 5)
    piece = ((slope * fraction + (1 << 14)) >> 15) + table[first]
    return wrap16(np.where(noise <= 2, table[np.minimum(noise, 2)], piece))


def shrink(snr: Ints) -> Ints:
    """x^2 / 4 below 2, x - 1 from there on; 12 fraction bits in, 6 out; 0 <= snr < 2^32."""
    dropped = SNR_BITS - SHRUNK_BITS
    low = np.minimum(snr, 2 << SNR_BITS)
    square = (low * low) >> (2 + 2 * SNR_BITS - SHRUNK_BITS)
    return np.where(snr < 2 << SNR_BITS, square, (snr >> dropped) - (1 << SHRUNK_BITS))


def unsigned_32(x: NDArray[Any]) -> Words:
    """Numbers modulo 2^32, in uint64."""
    return x.astype(np.uint64) & MASK_32
