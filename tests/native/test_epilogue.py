"""Every form of the fused requantization against its definition: steps, ties and extremes."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import numpy as np
import pytest

from refint8.native.cpu import TIERS, Tier, runnable
from refint8.native.epilogue import parameters, requantize
from refint8.native.epilogue_constants import LANE_BYTES
from refint8.native.lang import Kernel, Primitive, i64
from refint8.native.lowering import NotFastError
from refint8.native.memory import Constants
from refint8.native.store import shared
from refint8.numerics.float32_rounding import Float32Rounding
from refint8.numerics.lanes import ChannelLanes
from refint8.numerics.multiplier import quantize_multipliers
from refint8.numerics.requantize import (
    DoubleRounding,
    Float64Rounding,
    ReducedMultiplier,
    Requantizer,
)
from refint8.numerics.rounding_up import DoubleRoundingUp, SingleRounding

HERE = [tier for tier in TIERS if runnable(tier)]
CHANNELS = 16
INT8 = (-128, 127)


@cache
def apply_kernel(tier: Tier, form: str) -> Kernel:
    """out[row][channel] = requantize(bias[channel] + acc[row][channel]), int32 rows."""

    def emit(b: Any, constants: Any, acc: Any, out: Any) -> None:
        from refint8.native.ir import I32, load, store, vector

        words = vector(I32, tier.lanes)
        for part in range(CHANNELS // tier.lanes):
            at = part * LANE_BYTES * tier.lanes
            total = b.add(load(b, words, acc, part * 4 * tier.lanes), load(b, words, constants, at))
            value = requantize(b, tier, form, total, constants, at)
            store(b, value, out, part * 4 * tier.lanes)

    row_at = Primitive("row_at", 3, emit)

    def make() -> Any:
        def rows(params: int, arena: int) -> None:
            p = i64(params)
            for row in range(p[3]):
                row_at(p[0], p[1] + row * 4 * CHANNELS, p[2] + row * 4 * CHANNELS)

        return rows

    return Kernel(f"test_epilogue_{form}_{tier.name}", make)


def run(
    tier: Tier,
    rounding: Requantizer,
    bias: np.ndarray,
    interval: tuple[np.ndarray, np.ndarray],
    sums: np.ndarray,
    zero_point: int = 0,
    clamp: tuple[int, int] = INT8,
    wide: bool = False,
) -> tuple[str, np.ndarray]:
    """The form chosen, and its values for `sums` [rows, channels] without the bias."""
    chosen = parameters(rounding, bias, interval, zero_point, clamp, wide=wide)
    order = np.arange(CHANNELS).reshape(-1, tier.lanes)
    kept = Constants()
    constants = kept.add(chosen.block(order))
    acc = np.ascontiguousarray(sums.astype(np.int64).astype(np.uint32))
    out = np.zeros(sums.shape, np.int32)
    words = np.array([constants, acc.ctypes.data, out.ctypes.data, len(sums)], np.int64)
    kernel = apply_kernel(tier, chosen.form)
    address = shared().addresses([kernel])[kernel.name]
    ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64)(address)(words.ctypes.data, 0)
    return chosen.form, out.astype(np.int64)


def accumulators(rounding: Requantizer, low: int, high: int, seed: int) -> np.ndarray:
    """[rows, channels]: both sides of every step of 300 output values, ends, random ones.

    A step is found by bisection on the definition, so no formula is shared with the kernels.
    """
    targets = np.arange(-150, 151)[:, np.newaxis]
    lower = np.full((len(targets), CHANNELS), low, np.int64)
    upper = np.full((len(targets), CHANNELS), high, np.int64)
    while np.any(lower < upper):
        middle = (lower + upper) >> 1
        reached = rounding(middle) >= targets
        upper = np.where(reached, middle, upper)
        lower = np.where(reached, lower, middle + 1)
    around = np.concatenate([lower + d for d in (-2, -1, 0, 1)])
    rng = np.random.default_rng(seed)
    others = rng.integers(low, high + 1, (500, CHANNELS))
    ends = np.array([[low], [high], [0], [-1], [1]]) + np.zeros((1, CHANNELS), np.int64)
    return np.clip(np.concatenate([around, others, ends]), low, high)


def double(scales: Any) -> DoubleRounding:
    return DoubleRounding(*quantize_multipliers(scales), "wrap")


def spread(low: float, high: float, seed: int) -> np.ndarray:
    return np.exp(np.random.default_rng(seed).uniform(np.log(low), np.log(high), CHANNELS))


CASES = [
    # scales, half width of the interval, zero point, clamp, forms that may be chosen
    (spread(1e-3, 2e-2, 1), 1 << 20, 3, INT8, {"fast"}),
    (spread(1e-3, 2e-2, 2), 1 << 20, -128, INT8, {"linear", "linear_shifted", "unsigned"}),
    (spread(1e-5, 1e-3, 3), 1 << 24, -7, (-7, 100), {"linear", "linear_shifted", "unsigned"}),
    (spread(1e-7, 1e-6, 4), 1 << 29, -128, INT8, {"linear_shifted", "unsigned", "double"}),
    (spread(0.3, 0.99, 5), 1 << 10, 5, INT8, {"mixed"}),
    (spread(0.3, 0.99, 6), 1 << 10, -128, INT8, {"linear", "linear_shifted", "unsigned"}),
    (spread(1.5, 40.0, 7), 1 << 12, 9, INT8, {"double"}),
    (spread(1e-3, 1e-2, 8), (1 << 31) - 1, 9, INT8, {"double"}),
    (np.full(CHANNELS, 2.0**-8), 1 << 20, 0, INT8, {"fast", "linear", "linear_shifted"}),
    (np.full(CHANNELS, 2.0**-1), 1 << 10, -3, INT8, {"fast", "mixed"}),
    (2.0 ** -np.arange(1, 17), 1 << 22, -128, INT8, {"linear", "linear_shifted", "unsigned"}),
    (spread(1e-9, 1e-8, 9), 1 << 20, -20, INT8, {"fast", "mixed", "double"}),
]


@pytest.mark.parametrize("tier", HERE, ids=[tier.name for tier in HERE])
@pytest.mark.parametrize("case", range(len(CASES)))
def test_double_rounding(tier, case):
    scales, width, zero_point, clamp, forms = CASES[case]
    rounding = double(scales)
    bias = np.arange(CHANNELS) * 37 - 200
    low, high = -width + (width == (1 << 31) - 1) - 0, width
    acc = accumulators(rounding, low, high, case)
    interval = (np.full(CHANNELS, low), np.full(CHANNELS, high))
    form, values = run(tier, rounding, bias, interval, acc - bias, zero_point, clamp)
    assert form in forms
    expected = np.clip(rounding(acc) + zero_point, *clamp)
    assert np.array_equal(np.clip(values, *clamp), expected)


@pytest.mark.parametrize("tier", HERE, ids=[tier.name for tier in HERE])
def test_channels_of_every_kind_together(tier):
    """Dead channels, one-sided intervals and ordinary ones under a RELU."""
    rounding = double([1e-9, 1e-9, 3e-3, 3e-3, 0.4, 0.4, 1e-4, 1e-4, *spread(1e-3, 1e-2, 3)[:8]])
    low = np.array([-5, 3, 100, -90000, 0, -300, -(10**6), 0, *[-40000] * 8])
    high = np.array([7, 3, 90000, -100, 255, 0, 10**6, 10**6, *[40000] * 8])
    acc = np.clip(accumulators(rounding, -(10**6), 10**6, 1), low, high)
    bias = np.zeros(CHANNELS, np.int64)
    for zero_point, clamp in ((-128, INT8), (4, (4, 90)), (4, INT8)):
        _, values = run(tier, rounding, bias, (low, high), acc, zero_point, clamp)
        expected = np.clip(rounding(acc) + zero_point, *clamp)
        assert np.array_equal(np.clip(values, *clamp), expected)


@pytest.mark.parametrize("tier", HERE, ids=[tier.name for tier in HERE])
def test_float64(tier):
    rounding = Float64Rounding(np.array([2.0**-6, 2.0**-9, 1e-3, *spread(1e-5, 0.5, 2)[3:]]))
    acc = accumulators(rounding, -(1 << 20), 1 << 20, 4)
    interval = (np.full(CHANNELS, -(1 << 20)), np.full(CHANNELS, 1 << 20))
    form, values = run(tier, rounding, np.zeros(CHANNELS, np.int64), interval, acc, 11)
    assert form == "float64"
    assert np.array_equal(values, rounding(acc) + 11)


@pytest.mark.parametrize("tier", HERE, ids=[tier.name for tier in HERE])
@pytest.mark.parametrize("rounding", [ReducedMultiplier, Float64Rounding])
def test_wide_accumulators(tier, rounding):
    scales = spread(1e-8, 1e-3, 5)
    chosen: Requantizer
    if rounding is ReducedMultiplier:
        chosen = ReducedMultiplier(*quantize_multipliers(scales))
    else:
        chosen = Float64Rounding(scales / 64)
    bias = (np.arange(CHANNELS) - 8) * (1 << 28)
    width = 1 << 30
    acc = accumulators(chosen, -width, width, 6)
    interval = (np.full(CHANNELS, -width), np.full(CHANNELS, width))
    form, values = run(tier, chosen, bias, interval, acc, 0, (-32768, 32767), wide=True)
    assert form == ("q15" if rounding is ReducedMultiplier else "float64_wide")
    assert np.array_equal(values, chosen(acc + bias))


def test_no_form_is_claimed_beyond_int32():
    rounding = double([0.01] * CHANNELS)
    interval = (np.full(CHANNELS, -(1 << 31)), np.full(CHANNELS, 1 << 31))
    with pytest.raises(NotFastError, match="may leave int32"):
        parameters(rounding, np.zeros(CHANNELS, np.int64), interval, 0, INT8)
    shifted = double([8.0] * CHANNELS)
    interval = (np.full(CHANNELS, -(1 << 29)), np.full(CHANNELS, 1 << 29))
    with pytest.raises(NotFastError, match="left shift may leave int32"):
        parameters(shifted, np.zeros(CHANNELS, np.int64), interval, 0, INT8)


UP_CASES = [
    # scales, half width of the interval, zero point, the form chosen
    (spread(1e-3, 2e-2, 1), 1 << 20, 3, "unsigned"),
    (spread(1e-5, 1e-3, 3), 1 << 24, -128, "unsigned"),
    (spread(0.3, 0.99, 5), 1 << 10, 5, "unsigned"),
    (np.full(CHANNELS, 2.0**-8), 1 << 20, 0, "unsigned"),
    (2.0 ** -np.arange(1, 17), 1 << 22, -128, "unsigned"),
    (spread(1.5, 40.0, 7), 1 << 12, 9, "up"),
    (spread(0.01, 40.0, 7), 1 << 12, -9, "up"),
    (spread(1e-3, 1e-2, 8), (1 << 31) - 1, 9, "up"),
    (spread(1e-8, 1e-7, 8), (1 << 31) - 1, 9, "up"),
]


@pytest.mark.parametrize("tier", HERE, ids=[tier.name for tier in HERE])
@pytest.mark.parametrize("family", [DoubleRoundingUp, SingleRounding])
@pytest.mark.parametrize("case", range(len(UP_CASES)))
def test_rounding_with_ties_up(tier, family, case):
    scales, width, zero_point, form = UP_CASES[case]
    rounding = family(*quantize_multipliers(scales), "wrap")
    bias = np.arange(CHANNELS) * 37 - 200
    acc = accumulators(rounding, -width, width, case)
    interval = (np.full(CHANNELS, -width), np.full(CHANNELS, width))
    chosen, values = run(tier, rounding, bias, interval, acc - bias, zero_point)
    under_clamp = zero_point == -128 and family is DoubleRoundingUp  # where it is family D
    assert chosen in ({form, "linear", "linear_shifted"} if under_clamp else {form})
    expected = np.clip(rounding(acc) + zero_point, *INT8)
    assert np.array_equal(np.clip(values, *INT8), expected)


@pytest.mark.parametrize("tier", HERE, ids=[tier.name for tier in HERE])
@pytest.mark.parametrize("scale", [2.0**-6, 1e-3, 3.0, 1e12])
def test_float32(tier, scale):
    rounding = Float32Rounding((scale * spread(1, 2, 5)).astype(np.float32))
    rounding.scale[:4] = np.float32(scale)
    width = (1 << 31) - 1
    acc = accumulators(rounding, -width, width, 4)
    interval = (np.full(CHANNELS, -width), np.full(CHANNELS, width))
    form, values = run(tier, rounding, np.zeros(CHANNELS, np.int64), interval, acc, 11)
    assert form == "float32"
    assert np.array_equal(values, rounding(acc) + 11)


def test_an_infinite_float32_scale_has_no_form():
    interval = (np.zeros(1, np.int64), np.ones(1, np.int64))
    with pytest.raises(NotFastError, match="infinite"):
        rounding = Float32Rounding(np.array([np.inf], np.float32))
        parameters(rounding, np.zeros(1, np.int64), interval, 0, INT8)


@pytest.mark.parametrize("tier", HERE, ids=[tier.name for tier in HERE])
@pytest.mark.parametrize("ups", [0, 8, 16])
@pytest.mark.parametrize("zero_point", [3, -128])
def test_lanes_of_channels(tier, ups, zero_point):
    factor = quantize_multipliers([*(2.0 ** -np.arange(1, 9)), *spread(1e-3, 0.5, 3)[8:]])
    rounding = ChannelLanes(*factor, np.arange(CHANNELS) < ups, "wrap")
    width = 1 << 18
    acc = accumulators(DoubleRoundingUp(*factor), -width, width, 5)
    interval = (np.full(CHANNELS, -width), np.full(CHANNELS, width))
    bias = np.arange(CHANNELS) * 11
    form, values = run(tier, rounding, bias, interval, acc - bias, zero_point)
    assert form == "laned" or zero_point == -128
    expected = np.clip(rounding(acc) + zero_point, *INT8)
    assert np.array_equal(np.clip(values, *INT8), expected)


def test_lanes_of_channels_have_no_form_for_left_shifts():
    rounding = ChannelLanes(*quantize_multipliers([4.0] * 2), np.array([True, False]), "wrap")
    interval = (np.full(2, -100), np.full(2, 100))
    with pytest.raises(NotFastError, match="no form"):
        parameters(rounding, np.zeros(2, np.int64), interval, 0, INT8)
