"""Constants of the fused requantization for families whose last rounding takes ties up.

Nested floors collapse: with q the multiplier and n the right shift, both families are
    floor((acc*q + A) / 2^(31+n)),  Dup: A = 2^30 + half * 2^31 (half = 2^(n-1), or 0 for n = 0),
                                    S:   A = 2^(30+n).
A left shift by e is n = -e: SRDHM(acc * 2^e, q) is floor((acc*q + 2^(30-e)) / 2^(31-e)) in both.

unsigned  The "fast" form of `epilogue` without its sign term, which is only there for ties away
          from zero. The 2^30 of Dup and, for n = 0, that of S make its low word's rounding; for
          n > 0 all of S's A lies in the high word.
laned     "fast" whose sign term each channel has or has not (ChannelLanes).
up        In 64-bit lanes, for any multiplier, shift and accumulator.
"""

from __future__ import annotations

import numpy as np

from refint8.native.epilogue_constants import Parameters, zero_point_and_shift
from refint8.native.lowering import NotFastError
from refint8.numerics.fixedpoint import Ints
from refint8.numerics.lanes import ChannelLanes
from refint8.numerics.rounding_up import DoubleRoundingUp, SingleRounding


def rounding_up(
    requantize: DoubleRoundingUp | SingleRounding,
    bias: Ints,
    interval: tuple[Ints, Ints],
    zero_point: int,
) -> Parameters:
    """Constants for accumulators inside the interval. Raises NotFastError."""
    q = np.broadcast_to(requantize.multiplier, bias.shape)
    n = -np.broadcast_to(requantize.shift, bias.shape)
    most = np.maximum(np.abs(interval[0]), np.abs(interval[1]))
    if np.any(most << np.maximum(-n, 0) >= 1 << 31):
        raise NotFastError("a left shift may leave int32")
    if np.any(n < -30):
        raise NotFastError("a left shift by 31 has no vector form")
    half = np.where(n > 0, np.int64(1) << np.maximum(n - 1, 0), 0)
    reach = most + half + (np.abs(np.int64(zero_point)) << np.maximum(n, 0)) + 2
    double = isinstance(requantize, DoubleRoundingUp)
    if np.all(n >= 0) and np.all(q >= 0) and np.all(reach < 1 << 31):
        low_word = np.where(double | (n == 0), np.int64(1 << 31), 0)
        high_word = half + (np.int64(zero_point) << n) - q
        return Parameters(
            form="unsigned",
            bias=bias + (1 << 31),
            multiplier=(2 * q).astype(np.uint32),
            constant=(low_word + (high_word << 32)).astype(np.uint64),
            shift=n,
        )
    rounding = np.where(double & (n > 0), (1 << 30) + (half << 31), np.int64(1) << (30 + n))
    return Parameters(
        form="up",
        bias=bias,
        multiplier=q.astype(np.int32),
        constant=rounding.astype(np.uint64),
        # 31 + n bits are dropped, at most 62; `zero_point_and_shift` counts from -32.
        shift=zero_point_and_shift(zero_point, n - 1),
    )


SIGN_FLAG = 32
"""Set in the shift of a channel of "laned" that takes ties away from zero."""


def channel_lanes(
    requantize: ChannelLanes, bias: Ints, interval: tuple[Ints, Ints], zero_point: int
) -> Parameters:
    """The "laned" form: "fast" with the sign term in some channels. Raises NotFastError."""
    q = np.broadcast_to(requantize.multiplier, bias.shape)
    n = -np.broadcast_to(requantize.shift, bias.shape)
    signed = (~np.broadcast_to(requantize.up, bias.shape) & (n > 0)).astype(np.int64)
    most = np.maximum(np.abs(interval[0]), np.abs(interval[1]))
    half = np.where(n > 0, np.int64(1) << np.maximum(n - 1, 0), 0)
    reach = most + half + (np.abs(np.int64(zero_point)) << np.maximum(n, 0)) + 2
    if np.any(n < 0) or np.any(q < 0) or np.any(reach >= 1 << 31):
        raise NotFastError("lanes of channels have no form for this multiplier")
    high_word = half + (np.int64(zero_point) << n) - signed - q
    return Parameters(
        form="laned",
        bias=bias + (1 << 31),
        multiplier=(2 * q).astype(np.uint32),
        constant=((1 << 31) + (high_word << 32)).astype(np.uint64),
        shift=n + SIGN_FLAG * signed,
    )
