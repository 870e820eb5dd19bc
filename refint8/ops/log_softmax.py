"""LOG_SOFTMAX: x minus the logarithm of the sum of exp(x), over the last axis.

d = x - max(row), in fixed point:
    t   = SRDHM(d << left_shift, multiplier), Q5.26, the factor being
          min(scale_in * 2^26, 2^31 - 1)
    s   = sum of RDBPOT(exp(t), 12) over the row, Q12, where d >= smallest_difference
    l   = log(s), Q5.26                                          `numerics/logarithm.py`
    out = clamp(RDBPOT(t - l, 22) + highest)
Elements with d <= max(smallest_difference - 1, (l - 2^31) in input steps) give the lowest value;
`highest` and lowest are the dtype's, so is the output's zero point, its scale is 1/16.

The same under the rule softmax_int8=float32, in **float32** (m the row's highest value):
    l   = log(sum of exp(f32(-s_in * (m - x))))
    out = clamp(rint(f32(s_in / s_out) * x - (s_in * m + l) / s_out) + highest)

C1  the input has rank 1 or more
C2  the output has scale 1/16 and the dtype's highest value as zero point
C3  scale_in is above 2^-26, unless computed in float32

A sum of 4096 or more leaves 32 bits: DomainError.

Semantics: LiteRT `kernels/activations.cc` (LogSoftmaxPrepare), `reference/log_softmax.h`,
ai-edge-litert 2.3.0; TFLM `micro/kernels/log_softmax.cc` (CORRECTIONS item 33).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.model.types import NUMPY_DTYPE
from refint8.native.lowering import NotFastError, Site
from refint8.numerics.accumulator import Accumulator
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.elementary import Floats, log
from refint8.numerics.fixedpoint import (
    Ints,
    clamp,
    round_half_even,
    rounding_divide_by_pot,
    saturating_rounding_doubling_high_mul,
)
from refint8.numerics.gemmlowp import exp_on_negative_values
from refint8.numerics.logarithm import log_of_at_least_1
from refint8.numerics.multiplier import quantize_multiplier
from refint8.numerics.recording import note
from refint8.numerics.requantize import float_to_int32
from refint8.numerics.softmax import softmax_multiplier, softmax_table
from refint8.ops._dtypes import rows
from refint8.ops._log_softmax_kernel import log_softmax_rows
from refint8.ops._op import Array, Node, Record, check, operator

OUTPUT_SCALE = 16 / 256

SUM_REGISTER = Accumulator("report")


@dataclass(frozen=True, eq=False)
class FloatLogarithms:
    """The arithmetic in **float32**: `table` holds exp of 0, -1, ... -255 input steps."""

    table: Floats
    input_scale: np.float32
    output_scale: np.float32

    def __call__(self, values: Ints) -> Ints:
        """x [..., classes] to output steps before the zero point; sums in the row's order."""
        highest = values.max(axis=-1, keepdims=True)
        e = self.table[highest - values]
        total = np.add.accumulate(e, axis=-1, dtype=np.float32)[..., -1:]
        logarithm = log(total)
        with np.errstate(all="ignore"):
            scale = self.input_scale / self.output_scale
            start = (self.input_scale * highest.astype(np.float32) + logarithm) / self.output_scale
            real = scale * values.astype(np.float32) - start
        note("sum of the row", "of its exponentials, float32", total, row=e)
        note("offset", "f32((scale * highest + log(sum)) / out)", start, sum=total)
        note("in output steps", "f32(f32(factor * x) - offset)", real, factor=scale, x=values)
        steps = round_half_even(real)
        return float_to_int32(steps.astype(np.float64), "x86")


@operator("LOG_SOFTMAX", versions=range(1, 3), dtypes=rows("{T}->{T}", ("UINT8", "INT8")))
@dataclass(frozen=True, eq=False, kw_only=True)
class LogSoftmax(Record):
    """The integer record. `reverse_multiplier` and `reverse_shift` lead from Q5.26 back to
    input steps.
    """

    multiplier: int
    left_shift: int
    smallest_difference: int
    reverse_multiplier: int
    reverse_shift: int
    dtype: str
    in_float: FloatLogarithms | None = None

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, multipliers."""
        x, out = node.input(0), node.output
        check(x.shape and x.shape[-1] > 0, "C1", f"input {x.shape} has no last axis to sum over")
        highest = DTYPE_RANGE[out.dtype][1]
        check(
            out.scale == OUTPUT_SCALE and out.zero_point == highest,
            "C2",
            f"output scale {out.scale} and zero point {out.zero_point} must be {OUTPUT_SCALE} and"
            f" {highest}",
        )
        in_float = None
        if node.rules.softmax_int8 == "float32":
            table = softmax_table(1.0, x.scale)
            in_float = FloatLogarithms(table, np.float32(x.scale), np.float32(out.scale))
        check(
            in_float is not None or x.scale * (1 << 26) > 1,
            "C3",
            f"the input scale {x.scale} must be above 2^-26",
        )
        if in_float is not None:
            return cls(
                shapes=(x.shape,),
                multiplier=0,
                left_shift=0,
                smallest_difference=0,
                reverse_multiplier=0,
                reverse_shift=0,
                dtype=out.dtype,
                in_float=in_float,
            )
        multiplier, left_shift, smallest = softmax_multiplier(1.0, x.scale)
        reverse = quantize_multiplier(2.0 ** (31 - left_shift) / multiplier)
        return cls(
            shapes=(x.shape,),
            multiplier=multiplier,
            left_shift=left_shift,
            smallest_difference=smallest,
            reverse_multiplier=reverse[0],
            reverse_shift=reverse[1],
            dtype=out.dtype,
        )

    def spec(self, x: Array) -> Array:
        """x [..., classes] to the same shape."""
        values = x.astype(np.int64)
        lowest, highest = DTYPE_RANGE[self.dtype]
        if self.in_float is not None:
            steps = clamp(self.in_float(values) + highest, lowest, highest)
            return steps.astype(NUMPY_DTYPE[self.dtype])
        difference = values - values.max(axis=-1, keepdims=True)
        counts = difference >= self.smallest_difference
        scaled = self._rescale(np.where(counts, difference, 0))
        terms = rounding_divide_by_pot(exp_on_negative_values(scaled), 12)
        total = SUM_REGISTER(np.where(counts, terms, 0).sum(axis=-1, keepdims=True))
        logarithm = log_of_at_least_1(total)
        step = saturating_rounding_doubling_high_mul(logarithm - (1 << 31), self.reverse_multiplier)
        reach = rounding_divide_by_pot(step, -self.reverse_shift)
        inside = difference > np.maximum(self.smallest_difference - 1, reach)
        steps = rounding_divide_by_pot(scaled - logarithm, 22) + highest
        clamped = clamp(np.where(inside, steps, lowest), lowest, highest)
        return clamped.astype(NUMPY_DTYPE[self.dtype])

    def _rescale(self, difference: Ints) -> Ints:
        return saturating_rounding_doubling_high_mul(difference << self.left_shift, self.multiplier)

    def lower(self, site: Site) -> None:
        """The terms of the sums and the scaled differences by tables over all differences."""
        if self.in_float is not None:
            raise NotFastError("float32 has no kernel")
        x, out = site.read(0), site.output
        difference = -np.arange(256)
        counts = difference >= self.smallest_difference
        scaled = self._rescale(np.where(counts, difference, 0))
        terms = np.where(counts, rounding_divide_by_pot(exp_on_negative_values(scaled), 12), 0)
        classes = x.shape[-1]
        site.call(
            log_softmax_rows(self.dtype),
            x.offset,
            out.offset,
            x.size // classes,
            classes,
            site.constant(terms.astype(np.int32)),
            site.constant(scaled.astype(np.int32)),
            self.smallest_difference,
            self.reverse_multiplier,
            -self.reverse_shift,
            *DTYPE_RANGE[self.dtype],
            site.alarm,
        )
