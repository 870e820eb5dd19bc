"""Integers and scales as hypothesis strategies: extremes and rounding borders included."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1


def signed(bits):
    """Any value of a signed register; one in three lies next to a power of two or a limit."""
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    powers = st.integers(0, bits - 1).flatmap(
        lambda k: st.sampled_from([s * 2**k + d for s in (-1, 1) for d in (-1, 0, 1)])
    )
    return st.one_of(
        st.integers(low, high), powers.filter(lambda v: low <= v <= high), limits(bits)
    )


def limits(bits):
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    return st.sampled_from([low, low + 1, -1, 0, 1, high - 1, high])


def multipliers():
    """Mantissas as QuantizeMultiplier makes them, round ones among them."""
    low, high = 2**30, INT32_MAX
    return st.one_of(
        st.integers(low, high),
        st.sampled_from([low, low + 1, 3 * 2**29, 5 * 2**28, high - 1, high]),
    )


def next_to(border):
    """The integers around a fraction or a whole border."""
    return st.sampled_from([int(border // 1) + d for d in (-1, 0, 1)])


@st.composite
def products_next_to_a_tie(draw, bits):
    """(a, b) with a * b next to an odd multiple of 2^(bits-2): half a unit of the upper half."""
    b = draw(st.one_of(signed(bits), st.sampled_from([2 ** (bits - 2), -(2 ** (bits - 2))])))
    half = draw(st.integers(-(2 ** (bits - 2)), 2 ** (bits - 2) - 1)) * 2 + 1
    a = draw(next_to(half * 2 ** (bits - 2) / b if b else 0))
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    return min(max(a, low), high), b


def float32s(low=2.0**-126, high=3.4e38):
    """Positive float32 of any magnitude, powers of two among them."""
    smallest, largest = float(np.float32(low)), float(np.float32(high))
    return st.one_of(
        st.floats(smallest, largest, width=32),
        st.integers(-126, 127).map(lambda k: 2.0**k).filter(lambda v: smallest <= v <= largest),
    )
