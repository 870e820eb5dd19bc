"""ADD and SUB in unbounded Python integers, one pair at a time."""

from __future__ import annotations

from fractions import Fraction

from tests.ops.python_integers import clamp, float32, requantize_double, round_half_away


def scaled_sum(x1, x2, sign, scales, zero_points, headroom, low, high):
    """General scales: `scales` and `zero_points` of both inputs and the output."""
    s1, s2, out = (float32(s) for s in scales)
    twice = 2 * max(s1, s2)
    a = requantize_double((x1 - zero_points[0]) * 2**headroom, s1 / twice)
    b = requantize_double((x2 - zero_points[1]) * 2**headroom, s2 / twice)
    total = requantize_double(a + sign * b, twice / (2**headroom * out))
    return clamp(total + zero_points[2], low, high)


def shifted_sum(x1, x2, sign, shifts, low=-32768, high=32767):
    """int16 with power-of-two scales."""
    a, b = (round_half_away(Fraction(x, 2**n)) for x, n in zip((x1, x2), shifts, strict=True))
    return clamp(clamp(a + sign * b, -32768, 32767), low, high)


def wrapped(value, bits):
    return (value + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)
