"""SOFTMAX: exp(beta * x) over the last axis, divided by its sum.

8-bit input, d = x - max(row), in gemmlowp's fixed point (`numerics/gemmlowp.py`):
    e   = exp(SRDHM(d << left_shift, multiplier)), Q0 from Q5.26, the factor being
          min(beta * scale_in * 2^26, 2^31 - 1)
    s   = sum of RDBPOT(e, 12) over the row, Q12
    out = clamp(RDBPOT(SRDHM(1/m, e), b + 31 - bits) + lowest),  s = m * 2^b, 1 <= m < 2
Elements with d < smallest_difference do not count in s and give the lowest value.

The same under the rule softmax_int8=float32, in **float32** (s the scales):
    e   = exp(f32(f32(-s_in * beta) * -d)), from a table
    out = clamp(round_half_away(e * (1 / (sum of e * s_out))) + zp_out); uint8: trunc(. + 0.5)

int16 input, with two tables of 513 entries:
    e   = exp_table[saturate16(requantize(d) + 32767)], requantized by
          beta * scale_in / (10/65535): the table covers -10..0
    s   = sum of e over the row, m = s normalised to 17 bits, 1 <= m < 2
    out = clamp((e * reciprocal_table[m - 1] + half) >> (31 - h), 0, 32767), h leading zeros in s

C1  the input has rank 1 or more
C2  output scale and zero point are those the arithmetic implies: 1/256 and -128 for int8 to int8,
    1/32768 and 0 for int16 (scales within 0.1 %); int16 input has zero point 0
C3  beta * scale_in is above 2^-26, unless 8 bits are computed in float32

A sum of 512 or more has no defined result in 8 bits (the engine aborts), nor has one that leaves
32 bits: DomainError.

Semantics: LiteRT `kernels/activations.cc`, `reference/softmax.h`, ai-edge-litert 2.3.0; TFLM
`kernels/softmax_common.cc` (NUMERICS §1, §8; CORRECTIONS items 27, 32).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from refint8.errors import DomainError
from refint8.model.types import NUMPY_DTYPE
from refint8.native.lowering import NotFastError, Site
from refint8.numerics.accumulator import Accumulator
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.elementary import Floats
from refint8.numerics.fixedpoint import (
    Ints,
    clamp,
    count_leading_zeros_32,
    round_half_away,
    rounding_divide_by_pot,
    rounding_shift_right,
    saturate,
    saturating_rounding_doubling_high_mul,
)
from refint8.numerics.gemmlowp import exp_on_negative_values, reciprocal
from refint8.numerics.recording import note, taken
from refint8.numerics.requantize import Requantizer, float_to_int32, requantizer
from refint8.numerics.softmax import (
    softmax_int16_scale,
    softmax_int16_tables,
    softmax_multiplier,
    softmax_table,
)
from refint8.numerics.tables import lut16_lookup
from refint8.ops._op import Array, Node, Operand, Record, check, operator
from refint8.ops._softmax_kernel import softmax_fixed_point, softmax_int16

IMPLIED_OUTPUT = {("INT8", "INT8"): (1 / 256, -128), ("INT16", "INT16"): (1 / 32768, 0)}
"""Output scale and zero point by input and output dtype, where the engine looks at them."""

SUM_REGISTER = Accumulator("report")


@dataclass(frozen=True)
class FixedPointRows:
    """8-bit input: exponentials and reciprocal in gemmlowp's fixed point."""

    multiplier: int
    left_shift: int
    smallest_difference: int
    bits: int

    def exponentials(self, difference: Ints) -> Ints:
        """exp of x - max(row), Q0."""
        counts = difference >= self.smallest_difference
        with taken(counts):
            scaled = saturating_rounding_doubling_high_mul(
                np.where(counts, difference, 0) << self.left_shift, self.multiplier
            )
            e = exp_on_negative_values(scaled)
        return note("exponential", "0 below the smallest difference", np.where(counts, e, 0))

    def __call__(self, difference: Ints) -> Ints:
        """x - max(row) to unsigned output steps of `bits` bits, not yet clamped."""
        e = self.exponentials(difference)
        terms = rounding_divide_by_pot(e, 12)
        total = SUM_REGISTER(terms.sum(axis=-1, keepdims=True))
        note("sum of the row", "of its exponentials in Q12", total, row=terms)
        inverse, over_unit = reciprocal(total, 12)
        exponent = over_unit + 31 - self.bits
        if np.any(exponent > 31):
            raise DomainError(
                f"a row's sum of exponentials is {int(total.max()) / 2**19:.1f}, 512 or more"
                f" leaves the range of the {self.bits}-bit arithmetic",
                hint="too many nearly equal logits in one row; the reference kernels abort",
            )
        return rounding_divide_by_pot(saturating_rounding_doubling_high_mul(inverse, e), exponent)


@dataclass(frozen=True, eq=False)
class TableRows:
    """int16 input: exponentials and reciprocal from tables of 513 entries."""

    requantize: Requantizer
    exponential_table: Ints
    reciprocal_table: Ints

    def exponentials(self, difference: Ints) -> Ints:
        """exp of x - max(row), Q15."""
        steps = saturate(self.requantize(difference) + 32767, 16)
        return lut16_lookup(steps, self.exponential_table)

    def __call__(self, difference: Ints) -> Ints:
        """x - max(row) to output steps, not yet clamped."""
        e = self.exponentials(difference)
        total = SUM_REGISTER(e.sum(axis=-1, keepdims=True))
        note("sum of the row", "of its exponentials", total, row=e)
        zeros = count_leading_zeros_32(total)
        mantissa = rounding_shift_right(total << (zeros - 1), 14)
        inverse = lut16_lookup(
            saturate(mantissa - (1 << 16) - (1 << 15), 16), self.reciprocal_table
        )
        return rounding_shift_right(e * inverse, 31 - zeros)


@dataclass(frozen=True, eq=False)
class FloatRows:
    """8-bit input in **float32**: `table` holds exp of 0, -1, ... -255 input steps."""

    table: Floats
    output_scale: np.float32
    offset: int
    away: bool

    def __call__(self, difference: Ints) -> Ints:
        """x - max(row) to output steps, the sum in the order of the row, not yet clamped."""
        e = self.table[-difference]
        total = np.add.accumulate(e, axis=-1, dtype=np.float32)[..., -1:]
        with np.errstate(all="ignore"):
            steps = e * (np.float32(1) / (total * self.output_scale))
            note("exponential", "the table's, float32", e)
            note("sum of the row", "of its exponentials, float32", total, row=e)
            operands: dict[str, Any] = {"e": e, "sum": total, "scale": self.output_scale}
            note("quotient", "f32(e * f32(1 / f32(sum * scale)))", steps, **operands)
            rounded = round_half_away(steps) if self.away else np.trunc(steps + np.float32(0.5))
            note("rounded", "half away from zero, or + 0.5 truncated", rounded, x=steps)
        return float_to_int32(rounded.astype(np.float64), "x86") + self.offset


@operator(
    "SOFTMAX",
    versions=range(1, 5),
    dtypes=("UINT8->UINT8|INT16", "INT8->INT8|INT16", "INT16->INT16"),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Softmax(Record):
    """The integer record. `lowest` is what an output step of 0 is stored as."""

    rows: FixedPointRows | FloatRows | TableRows
    lowest: int
    clamp: tuple[int, int]
    dtype: str

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, multipliers, tables."""
        x, out = node.input(0), node.output
        check(x.shape and x.shape[-1] > 0, "C1", f"input {x.shape} has no last axis to sum over")
        _check_implied_output(x, out)
        beta, scale = float(node.options["beta"]), x.scale
        in_float = x.dtype != "INT16" and node.rules.softmax_int8 == "float32"
        check(
            in_float or beta * scale * (1 << 26) > 1,
            "C3",
            f"beta {beta} times the input scale {scale} must be above 2^-26",
        )
        rows: FixedPointRows | FloatRows | TableRows
        lowest, highest = DTYPE_RANGE[out.dtype]
        if in_float:
            rows, lowest = _float_rows(beta, scale, out), 0
        elif x.dtype != "INT16":
            bits = NUMPY_DTYPE[out.dtype].itemsize * 8
            rows = FixedPointRows(*softmax_multiplier(beta, scale), bits)
        else:
            factor = softmax_int16_scale(beta, scale, node.rules.softmax_int16_scale)
            tables = softmax_int16_tables(node.rules.softmax_int16_table)
            rows = TableRows(requantizer(factor, node.rules), *tables)
            lowest, highest = 0, 32767
        clamp = DTYPE_RANGE[out.dtype] if in_float else (lowest, highest)
        return cls(shapes=(x.shape,), rows=rows, lowest=lowest, clamp=clamp, dtype=out.dtype)

    def spec(self, x: Array) -> Array:
        """x [..., classes] to the same shape."""
        values = x.astype(np.int64)
        largest = values.max(axis=-1, keepdims=True)
        note("x - largest", "of the row", values - largest, x=values, largest=largest)
        steps = self.rows(values - largest) + self.lowest
        note("+ lowest", "x + lowest", steps, lowest=self.lowest)
        return clamp(steps, *self.clamp).astype(NUMPY_DTYPE[self.dtype])

    def lower(self, site: Site) -> None:
        """Exponentials by a table over all differences that two inputs can have."""
        x, out = site.read(0), site.output
        classes = x.shape[-1]
        if isinstance(self.rows, FloatRows):
            raise NotFastError("the float32 table has no kernel")
        words = (x.offset, out.offset, x.size // classes, classes)
        differences = -np.arange(1 << 8 * x.dtype.itemsize)
        try:
            e = self.rows.exponentials(differences)
        except DomainError as error:
            raise NotFastError(error.reason) from None
        if isinstance(self.rows, FixedPointRows):
            site.call(
                softmax_fixed_point(x.dtype.name.upper(), self.dtype),
                *words,
                site.constant(e.astype(np.int32)),
                site.scratch(4 * classes),
                self.rows.bits,
                *self.clamp,
                site.alarm,
            )
            return
        site.call(
            softmax_int16,
            *words,
            site.constant(e.astype(np.int16)),
            site.scratch(2 * classes),
            site.constant(self.rows.reciprocal_table.astype(np.int32)),
            site.alarm,
        )


def _float_rows(beta: float, scale: float, out: Operand) -> FloatRows:
    """uint8 is rounded half up, without its zero point."""
    away = out.dtype != "UINT8"
    table = softmax_table(beta, scale)
    return FloatRows(table, np.float32(out.scale), out.zero_point if away else 0, away)


def _check_implied_output(x: Operand, out: Operand) -> None:
    implied = IMPLIED_OUTPUT.get((x.dtype, out.dtype))
    if implied is None:
        return
    scale, zero_point = implied
    check(
        abs(out.scale - scale) <= 0.001 * scale and out.zero_point == zero_point,
        "C2",
        f"output scale {out.scale} and zero point {out.zero_point} must be {scale} and"
        f" {zero_point}",
    )
    check(
        x.dtype != "INT16" or x.zero_point == 0,
        "C2",
        f"int16 input has zero point {x.zero_point}, it must be 0",
    )
