"""Lookup tables that engines compute in floating point when they load a model.

Every operation rounds to the table's precision, in the engine's order; the functions behind them
come from `elementary`, so a table is the same on every CPU. A table is data once it is made: what
reads it is integer arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import numpy as np

from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.elementary import Floats
from refint8.numerics.fixedpoint import (
    Ints,
    as_int64,
    round_half_away,
    round_half_even,
    wrap16,
)
from refint8.numerics.recording import note, recorded
from refint8.numerics.requantize import float_to_int32

TableFunction = Callable[[Floats], Floats]
"""Whole array in, whole array out, of the same dtype: float32 or float64."""

STEPS: Final = 512
"""Intervals of an int16 table: the upper 9 bits choose one, the lower 7 interpolate."""


def lut8_table(
    function: TableFunction,
    dtype: str,
    input_scale: float,
    input_zero_point: int,
    output_scale: float,
    output_zero_point: int,
    overflow: str = "saturate",
    rounding: str = "half_away",
) -> Ints:
    """The 256 outputs of a function on "INT8" or "UINT8", lowest input first; read by lut8_lookup.

    y = function(input_scale * (q - input_zero_point)); the entry is
    clamp(int32(round_half_away(y * (1 / output_scale)) + output_zero_point)), all in float32.
    `overflow` is the rule `lut8_overflow`: the cast of what leaves int32 is undefined, and the
    compiler merges it with the clamp or does not (LiteRT 2.3.0 saturates int8 but not uint8).
    Source: LUTPopulateInt8, LiteRT `kernels/internal/common.h` (CORRECTIONS item 29; EXP, GELU
    and ELU at overflowing scales, measured).

    `rounding` is the rule `table_rounding`. Under "half_even" the entry is
    clamp(round_half_even(f32(y * (1 / output_scale)) + output_zero_point)), the sum in float32,
    NaN gives 0. Source: XNNPACK `reference/unary-elementwise.cc`, `reference-utils.h`.
    """
    low, high = DTYPE_RANGE[dtype]
    with np.errstate(all="ignore"):
        inverse = np.float32(1) / np.float32(output_scale)
        steps = np.arange(low, high + 1) - input_zero_point
        real = np.float32(input_scale) * steps.astype(np.float32)
        note("real input", "f32(scale * (x - zp))", real, scale=input_scale, steps=steps)
        y = note("function", "in float32", function(real), real=real)
        quotient = y * inverse
        note("in output steps", "f32(y * f32(1 / scale))", quotient, y=y, inverse=inverse)
        if rounding == "half_even":
            moved = np.nan_to_num(quotient + np.float32(output_zero_point), nan=0.0)
            note("+ zero point", "f32(y + zp)", moved, y=quotient, zp=output_zero_point)
            whole = round_half_even(moved)
            even: Ints = np.clip(whole, low, high).astype(np.int64)
            return note("table entry", "clamped to the dtype", even, entry=whole)
        whole = round_half_away(quotient).astype(np.float32)
        rounded = whole + np.float32(output_zero_point)
        note("+ zero point", "f32(x + zp)", rounded, x=whole, zp=output_zero_point)
    x86 = overflow == "x86" or (overflow == "x86_uint8" and dtype == "UINT8")
    entries = float_to_int32(rounded.astype(np.float64), "x86" if x86 else "saturate")
    table: Ints = np.clip(entries, low, high)
    return note("table entry", "clamped to the dtype", table, entry=entries)


@recorded("table of 256", "the entry of x")
def lut8_lookup(x: Ints, table: Ints, dtype: str) -> Ints:
    """The entries of x, an array of `dtype`."""
    entries: Ints = table[as_int64(x) - DTYPE_RANGE[dtype][0]]
    return entries


def lut16_table(
    function: TableFunction,
    input_scale: float,
    input_zero_point: int,
    output_scale: float,
    output_zero_point: int,
    precision: Literal["float64", "float32"] = "float32",
) -> Ints:
    """513 samples of a function on int16, for interpolation by lut16_lookup.

    Sample i is taken at input -32768 + i * 65535/512, though it is read as that of -32768 + 128*i.
    It is moved by half of the error that linear interpolation would make in the middle of its
    interval, so that the error spreads to both sides; the last sample is not. With R =
    round_half_away, s the output's steps per unit, v, m and w the function at the interval's
    start, middle and end:

        middle = R((w*s + R(v*s)) / 2)        entry = clamp(R(v*s) - R((middle - R(m*s)) / 2))

    A NaN (an infinity minus an infinity) is stored as 0. Every operation rounds to `precision`,
    which is also the dtype the function sees. Source: LUTPopulateInt16, LiteRT `kernels/internal/
    common.h` (CORRECTIONS item 30); the converter's outputs have zero point 0.
    """
    real = np.dtype(precision).type
    low, high = DTYPE_RANGE["INT16"]

    def rounded(values: Floats) -> Floats:
        return round_half_away(values).astype(real)

    with np.errstate(all="ignore"):
        first = real(input_scale) * real(low - input_zero_point)
        last = real(input_scale) * real(high - input_zero_point)
        step = (last - first) / real(STEPS)
        lowest = real(output_scale) * real(low - output_zero_point)
        highest = real(output_scale) * real(high - output_zero_point)
        per_unit = real(high - low + 1) / (highest - lowest)
        borders = first + np.arange(STEPS + 1).astype(real) * step
        at_borders = function(borders) * per_unit
        at_middles = function(borders[:-1] + step / real(2)) * per_unit
        starts = rounded(at_borders[:-1])
        middles = rounded((at_borders[1:] + starts) / real(2))
        bias = rounded((middles - rounded(at_middles)) / real(2))
        end = rounded(function(np.array([last])) * per_unit)
        samples = np.concatenate([starts - bias, end])
        clamped = np.clip(samples, real(low), real(high))
    table: Ints = np.where(np.isnan(clamped), 0, clamped).astype(np.int64)
    return table


@recorded("table of 513", "T[i] + ((T[i+1] - T[i]) * fraction + 64 >> 7), i = 256 + (x >> 7)")
def lut16_lookup(x: Ints, table: Ints) -> Ints:
    """Interpolate in a table of lut16_table; x are raw int16 values.

    i = 256 + (x >> 7); y = T[i] + ((int16(T[i+1] - T[i]) * (x & 127) + 64) >> 7), cast to int16.
    Source: LUTLookup, LiteRT `kernels/internal/common.h`.
    """
    x = as_int64(x)
    index = STEPS // 2 + (x >> 7)
    base = table[index]
    slope = wrap16(table[index + 1] - base)
    note("entry", "T[i]", base, i=index)
    note("slope", "int16(T[i+1] - T[i])", slope, following=table[index + 1], entry=base)
    return wrap16(base + ((slope * (x & 127) + 64) >> 7))
