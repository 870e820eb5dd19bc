"""What SOFTMAX and LOG_SOFTMAX derive from scales: multipliers, the cut-off, the int16 tables."""

from __future__ import annotations

from functools import cache
from typing import Final, Literal

import numpy as np

from refint8.numerics.elementary import Floats, exp
from refint8.numerics.fixedpoint import Ints
from refint8.numerics.multiplier import quantize_multiplier
from refint8.numerics.recording import note, recorded
from refint8.numerics.tables import lut16_table

INTEGER_BITS: Final = 5
"""Differences are scaled to Q5.26 before gemmlowp's exponential."""

LARGEST_MULTIPLIER: Final = (1 << 31) - 1

TABLE_RANGE: Final = 10.0
"""The int16 table of exp covers -10 to 0."""

TABLE_STEPS: Final = 65535


def softmax_multiplier(beta: float, input_scale: float) -> tuple[int, int, int]:
    """(multiplier, left shift, smallest difference) for 8-bit input.

    The factor is min(beta * input_scale * 2^26, 2^31 - 1) in double and must exceed 1. A
    difference below the third value, -floor(31 * 2^26 / 2^shift), would leave the fixed-point
    range. Source: PreprocessSoftmaxScaling and CalculateInputRadius, LiteRT
    `kernels/internal/quantization_util.cc`.
    """
    factor = beta * input_scale * (1 << (31 - INTEGER_BITS))
    note("real factor", "double: beta * scale * 2^26", factor, beta=beta, scale=input_scale)
    multiplier, left_shift = quantize_multiplier(min(factor, float(LARGEST_MULTIPLIER)))
    radius = ((1 << INTEGER_BITS) - 1 << 31 - INTEGER_BITS) >> left_shift
    return multiplier, left_shift, -radius


def softmax_table(beta: float, input_scale: float) -> Floats:
    """exp(f32(f32(-input_scale * beta) * steps)) of 0 to 255 steps, float32, correctly rounded.

    Source: PopulateSoftmaxLookupTable, LiteRT `kernels/internal/optimized/optimized_ops.h`.
    """
    with np.errstate(all="ignore"):
        factor = -np.float32(input_scale) * np.float32(beta)
        return exp(factor * np.arange(256, dtype=np.float32))


@recorded("real factor", "input_scale * beta / (10 / 65535)")
def softmax_int16_scale(beta: float, input_scale: float, precision: str) -> float:
    """beta * input_scale in steps of the exp table; the product in `precision` ("float32" or
    "float64"), the division in double.
    """
    real = np.dtype(precision).type
    product = float(real(input_scale) * real(beta))
    return product / (TABLE_RANGE / TABLE_STEPS)


@cache
def softmax_int16_tables(rule: str) -> tuple[Ints, Ints]:
    """exp on -10..0 and 1/(1+x) on 0..1, both with outputs in steps of 2/65535, by the rule
    `softmax_int16_table`: computed in "float64" or "float32".
    """
    precision: Literal["float64", "float32"] = "float64" if rule == "float64" else "float32"
    real = np.dtype(precision).type

    def one_over_one_plus(x: Floats) -> Floats:
        y: Floats = real(1) / (real(1) + x)
        return y

    step = float(real(2) / real(TABLE_STEPS))
    exponentials = lut16_table(
        exp, float(real(TABLE_RANGE) / real(TABLE_STEPS)), 32767, step, 0, precision
    )
    reciprocals = lut16_table(
        one_over_one_plus, float(real(1) / real(TABLE_STEPS)), -32768, step, 0, precision
    )
    return exponentials, reciprocals
