"""From int32 accumulators to output bytes or words, in vectors: the fused requantization.

Forms, all equal to the definition in `numerics.requantize` wherever they are used:

fast     family D collapsed into one multiplication. With q the multiplier, n >= 0 the right shift
         and z the zero point, D is
             h = floor((acc*q + 2^30) / 2^31),  y = floor((h + half - (h<0)) / 2^n) + z,
             half = 2^(n-1) or 0.
         Nested floors collapse: with u = acc + 2^31 as unsigned (free, folded into the bias)
             y = (high32(u * 2q + K) + (u >>> 31)) >> n,
             K = 2^31 + (half + (z << n) - 1 - q) * 2^32        (n = 0: without the sign term)
         for all accumulators with |acc| + half + |z| * 2^n + 2 < 2^31. (h<0) may be replaced by
         (acc<0): they differ only for acc = -1 and q = 2^30, where both give 0. Under a clamp at
         or above z, negative results are clamped anyway and the sign term is dropped.
linear   under a clamp at or above z, D is a step function of the accumulator alone, so one
         multiplication is enough where its steps fall on the same integers:
             y = (high32((acc + b) * M) + k) >> e   (signed; e = 0, else "linear_shifted")
         M, b and k are found, and proved, from the steps themselves (`_linear`).
double   family D as it is written, in 64-bit lanes, for any multiplier, shift and accumulator.
float64  family F64: LiteRT's reference FULLY_CONNECTED, in double lanes.
q15      family Q15 on 64-bit accumulators: the tile's 32-bit sum of products plus a 64-bit bias.
float64_wide  family F64 on such accumulators.
float32  family F32E: XNNPACK, in float lanes.

Families Dup and S have forms of their own (`rounding_up`).

`Parameters` packs the constants of each channel once; `requantize` emits the code that uses them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from refint8.native.cpu import Tier
from refint8.native.epilogue_constants import Parameters, zero_point_and_shift
from refint8.native.lowering import NotFastError
from refint8.native.rounding_up import channel_lanes, rounding_up
from refint8.numerics.fixedpoint import Ints
from refint8.numerics.float32_rounding import Float32Rounding
from refint8.numerics.lanes import ChannelLanes
from refint8.numerics.requantize import (
    DoubleRounding,
    Float64Rounding,
    ReducedMultiplier,
    Requantizer,
    over_channels,
)
from refint8.numerics.rounding_up import DoubleRoundingUp, SingleRounding


def parameters(
    requantize: Requantizer,
    bias: Ints,
    interval: tuple[Ints, Ints],
    zero_point: int,
    clamp: tuple[int, int],
    *,
    wide: bool = False,
    channels: slice = slice(None),
) -> Parameters:
    """Constants of the best form that is exact for accumulators inside `interval`.

    For 64-bit accumulators (`wide`) the interval is that of the sum of products alone. `channels`
    are those of the requantizer that `bias` and `interval` speak of.

    `bias` is what the accumulator starts from (offsets of zero points folded in), `interval` the
    lowest and highest accumulator of each channel as the definition sees it. Raises NotFastError
    when no form is proved: then the definition has to run.
    """
    low, high = interval
    most = np.maximum(np.abs(low), np.abs(high))
    if int(most.max(initial=0)) >= 1 << 31:
        raise NotFastError("an accumulator may leave int32")
    requantize = over_channels(requantize, lambda values: values[channels])
    if wide:
        return _wide(requantize, bias, zero_point)
    if isinstance(requantize, Float64Rounding):
        return _float64(requantize, bias, most, zero_point)
    if isinstance(requantize, Float32Rounding):
        return _float32(requantize, bias, zero_point)
    if isinstance(requantize, (DoubleRoundingUp, ChannelLanes)) and clamp[0] >= zero_point:
        # Only negative ties tell it from family D, and they end at the clamp.
        requantize = DoubleRounding(requantize.multiplier, requantize.shift, requantize.left_shift)
    if isinstance(requantize, ChannelLanes):
        return channel_lanes(requantize, bias, (low, high), zero_point)
    if isinstance(requantize, (DoubleRoundingUp, SingleRounding)):
        return rounding_up(requantize, bias, (low, high), zero_point)
    if not isinstance(requantize, DoubleRounding):
        raise NotFastError(f"{type(requantize).__name__} has no vector form")
    q = np.broadcast_to(requantize.multiplier, bias.shape)
    shift = np.broadcast_to(requantize.shift, bias.shape)
    left = np.maximum(shift, 0)
    if bool(np.any((most << left) >= 1 << 31)):
        raise NotFastError("a left shift may leave int32")
    if clamp[0] >= zero_point:
        linear = _linear(requantize, bias, (low, high), zero_point, clamp)
        if linear is not None:
            return linear
    fast = _fast(requantize, bias, low, high, zero_point, relu=clamp[0] >= zero_point)
    if fast is not None:
        return fast
    half = np.where(shift < 0, np.int64(1) << np.maximum(-shift - 1, 0), 0)
    return Parameters(
        form="double",
        bias=bias,
        multiplier=q.astype(np.int32),
        constant=half.astype(np.uint64),
        shift=zero_point_and_shift(zero_point, shift),
    )


def _linear(
    requantize: DoubleRounding,
    bias: Ints,
    interval: tuple[Ints, Ints],
    zero_point: int,
    clamp: tuple[int, int],
) -> Parameters | None:
    """Constants of the "linear" form; None where no M, b and k are exact for every channel.

    The first accumulator of step t > z is T(t) = ceil((h*2^31 - 2^30) / q), where
    h = (2*(t-z) - 1) * 2^(n-1) for n > 0 and t - z for n = 0. With c = b*M + k*2^32 the form has
    the same steps if, for every t that the clamp leaves and the interval reaches,
        T(t) * M + c >= t * 2^(32+e) > (T(t) - 1) * M + c,
    which bounds c from both sides; with M odd, any such c has its b = c / M (mod 2^32).
    """
    q = np.broadcast_to(requantize.multiplier, bias.shape)
    n = -np.broadcast_to(requantize.shift, bias.shape)
    if np.any(q <= 0) or np.any(n < 0) or np.any(n > 22) or clamp[1] <= zero_point:
        return None
    step = np.arange(max(clamp[0], zero_point) + 1, clamp[1] + 1, dtype=np.int64)[:, np.newaxis]
    above = step - zero_point
    h = np.where(n > 0, (2 * above - 1) << np.maximum(n - 1, 0), above)
    first = -((-(h << 31) + (1 << 30)) // q)
    for bits in (np.zeros(bias.shape, np.int64), np.clip(n - 1, 0, MOST_EXTRA_BITS)):
        solved = _solve_channels(q, n, first, step, interval, bits)
        if solved is not None:
            factor, shift, offset = solved
            # A channel whose steps all lie outside its interval is constant.
            constant = factor == 0
            offset[constant] = _per_channel(requantize, interval[1])[constant] + zero_point
            extra = np.where(constant, 0, bits)
            return Parameters(
                form="linear_shifted" if extra.any() else "linear",
                bias=bias + shift,
                multiplier=factor.astype(np.int32),
                constant=extra.astype(np.int32),
                shift=offset,
            )
    return None


MOST_EXTRA_BITS = 20
"""Bits of M behind the 32 that are dropped anyway, which "linear_shifted" shifts out."""


def _solve_channels(
    q: Ints, n: Ints, first: Ints, step: Ints, interval: tuple[Ints, Ints], extra: Ints
) -> tuple[Ints, Ints, Ints] | None:
    """M, b and k of every channel for M of `extra` more bits; None unless all are found.

    Constant channels have M = 0.
    """
    low, high = interval
    found = np.logical_not(((first > low) & (first <= high)).any(axis=0))
    factor, shift, offset = (np.zeros(q.shape, np.int64) for _ in range(3))
    target = step << (32 + extra)
    scale = np.exp2(np.asarray(1 - n + extra, np.float64)) * q
    for candidate in (0, 2, -2, 4, -4, 6, -6):
        m = (np.floor(scale).astype(np.int64) | 1) + candidate
        at_least = np.where(first <= high, target - first * m, -(1 << 62)).max(axis=0)
        below = np.where(first - 1 >= low, target - (first - 1) * m, 1 << 62).min(axis=0)
        usable = ~found & (m > 0) & (m < 1 << 31) & (at_least < below)
        for channel in np.flatnonzero(usable):
            solved = _solve(
                int(m[channel]),
                range(int(at_least[channel]), int(below[channel])),
                (int(low[channel]), int(high[channel])),
            )
            if solved is not None:
                factor[channel] = m[channel]
                shift[channel], offset[channel] = solved
                found[channel] = True
        if found.all():
            return factor, shift, offset
    return None


TRIES = 64
"""Values of c that `_solve` looks at; one in some thousands has a b that is too large."""


def _solve(factor: int, window: range, interval: tuple[int, int]) -> tuple[int, int] | None:
    """(b, k) with b * factor + k * 2^32 inside the window and accumulator + b inside int32."""
    inverse = pow(factor, -1, 1 << 32)
    low, high = interval
    for c in window[:TRIES]:
        b = (c * inverse + (1 << 31)) % (1 << 32) - (1 << 31)
        k = (c - b * factor) >> 32
        if low + b >= -(1 << 31) and high + b < 1 << 31 and abs(k) < 1 << 31:
            return b, k
    return None


def _fast(
    requantize: DoubleRounding, bias: Ints, low: Ints, high: Ints, zero_point: int, *, relu: bool
) -> Parameters | None:
    q = np.broadcast_to(requantize.multiplier, bias.shape).copy()
    n = -np.broadcast_to(requantize.shift, bias.shape)
    z = np.full(bias.shape, zero_point, np.int64)
    # D is monotone, so equal ends mean a constant channel, exact with multiplier 0 at any shift.
    at_low, at_high = _per_channel(requantize, low), _per_channel(requantize, high)
    dead = at_low == at_high
    z = np.where(dead, z + at_low, z)
    q = np.where(dead, 0, q)
    n = np.where(dead, 1, n)
    if np.any(n < 0) or np.any(q < 0):
        return None
    half = np.where(n > 0, np.int64(1) << np.maximum(n - 1, 0), 0)
    most = np.where(dead, 0, np.maximum(np.abs(low), np.abs(high)))
    if np.any(most + half + (np.abs(z) << n) + 2 >= 1 << 31):
        return None
    form = "unsigned" if relu else ("fast" if np.all(n > 0) else "mixed")
    sign = 0 if relu else (n > 0).astype(np.int64)
    k = (1 << 31) + ((half + (z << n) - sign - q) << 32)
    return Parameters(
        form=form,
        bias=bias + (1 << 31),
        multiplier=(2 * q).astype(np.uint32),
        constant=k.astype(np.uint64),
        shift=n,
    )


def _wide(requantize: Requantizer, bias: Ints, zero_point: int) -> Parameters:
    if zero_point != 0 or int(np.abs(bias).max(initial=0)) >= 1 << 46:
        raise NotFastError("a 64-bit accumulator needs zero point 0 and a bias below 2^46")
    if isinstance(requantize, ReducedMultiplier):
        form = "q15"
        factor = np.broadcast_to(requantize.reduced, bias.shape).astype(np.int64).view(np.uint64)
        shift = 15 - np.broadcast_to(requantize.shift, bias.shape)
    elif isinstance(requantize, Float64Rounding):
        form = "float64_wide"
        scale = np.ascontiguousarray(np.broadcast_to(requantize.scale, bias.shape), np.float64)
        if bool(np.any((np.abs(bias) + (1 << 31)) * np.abs(scale) >= (1 << 31) - 1024)):
            raise NotFastError("a product may leave int32")
        factor, shift = scale.view(np.uint64), np.zeros(bias.shape, np.int64)
    else:
        raise NotFastError(f"{type(requantize).__name__} has no vector form for 64 bits")
    wide_bias = bias.astype(np.int64).view(np.uint64)
    return Parameters(form, np.zeros_like(bias), wide_bias, factor, shift)


def _per_channel(requantize: DoubleRounding, values: Ints) -> Ints:
    return DoubleRounding(requantize.multiplier, requantize.shift, "wrap")(values)


def _float64(requantize: Float64Rounding, bias: Ints, most: Ints, zero_point: int) -> Parameters:
    scale = np.broadcast_to(requantize.scale, bias.shape)
    if bool(np.any(most * np.abs(scale) >= (1 << 31) - 1024)):
        raise NotFastError("a product may leave int32")
    return Parameters(
        form="float64",
        bias=bias,
        multiplier=np.ascontiguousarray(scale, np.float64),
        constant=np.zeros(bias.shape, np.uint64),
        shift=np.full(bias.shape, zero_point, np.int64),
    )


def _float32(requantize: Float32Rounding, bias: Ints, zero_point: int) -> Parameters:
    scale = np.broadcast_to(requantize.scale, bias.shape)
    if not np.all(np.isfinite(scale)):
        raise NotFastError("a scale is infinite")
    return Parameters(
        form="float32",
        bias=bias,
        multiplier=np.ascontiguousarray(scale, np.float32),
        constant=np.zeros(bias.shape, np.uint64),
        shift=np.full(bias.shape, zero_point, np.int64),
    )


def requantize(b: Any, tier: Tier, form: str, total: Any, address: Any, distance: int) -> Any:
    """Accumulators (bias already added) to output steps, int32 lanes, zero point added.

    Emits one form's code; the constants lie at address + distance as `Parameters.block` lays them.
    """
    from refint8.native import _epilogue_ir

    return _epilogue_ir.FORMS[form](b, tier.lanes, total, address, distance)
