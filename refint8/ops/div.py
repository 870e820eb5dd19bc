"""DIV: x1 / x2 with broadcasting, each operand with its own scale.

8 and 16 bits (n = x1 - zp1, d = x2 - zp2, both negated where d < 0):
(r, b) = reciprocal(d): 1 / d = r * 2^(-31 - b)                    `numerics/gemmlowp.py`
h      = redundant sign bits of n, 31 for 0
out    = clamp(RDBPOT(SRDHM(SRDHM(n << h, r), multiplier), b + h - shift) + zp_out, low, high)
with multiplier and shift of s1 / (s2 * s_out), in the precision of the rule `quotient_scale`

The last shift may exceed 31, for n = 0 among others: rule `far_shift`. Under "x86" the addition
of zp_out then wraps.

int32: out = clamp(x1 / x2, truncated toward zero, within the fused activation's bounds)

FLOAT32, **in float**: out = clamp(x1 / x2), rounded to float32 once, as IEEE 754 has it.

An integer divisor of 0 (x2 = zp2) is a DomainError, the engine refuses to run; so is -2^31 / -1.

C1  the shapes broadcast
C2  zero points are values of their dtype
C3  FLOAT32: the fused activation is known

Semantics: LiteRT `kernels/div.cc`, `reference/div.h`, ai-edge-litert 2.3.0; TFLM
`micro/kernels/div.cc`, tflite-micro 0.dev20261023 (CORRECTIONS items 6, 12, 28).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from refint8.errors import DomainError
from refint8.native.float_edges import quotients_float
from refint8.native.integer_pairs import fixed_point_quotients, truncated_quotients
from refint8.native.lowering import NotFastError, Site
from refint8.numerics.activation import ACTIVATION_BOUNDS, DTYPE_RANGE
from refint8.numerics.far_shift import far_shift
from refint8.numerics.fixedpoint import (
    INT32_MIN,
    Ints,
    as_int64,
    count_leading_zeros_32,
    saturating_rounding_doubling_high_mul,
    truncating_divide,
    wrap32,
)
from refint8.numerics.gemmlowp import reciprocal
from refint8.numerics.multiplier import quantize_multiplier
from refint8.numerics.scales import QUOTIENT_RATIO
from refint8.ops._broadcast_kernel import broadcast_runs
from refint8.ops._elementwise import Finish, RawFinish, broadcast_shape, check_zero_points
from refint8.ops._integer_pairs_kernel import lower_divisor_check
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._pair_kernel import lower_by_pair_table, lower_constant_scalar


class Quotient(Protocol):
    """One of the arithmetics below: two arrays that broadcast to the output array."""

    def __call__(self, a: Array, b: Array) -> Array:
        """Divide."""
        ...


@dataclass(frozen=True, eq=False)
class ScaledQuotient:
    """8 and 16 bits: a product with a fixed-point reciprocal."""

    zero_points: tuple[int, int]
    multiplier: int
    shift: int
    far_shift: str
    finish: Finish

    def __call__(self, a: Array, b: Array) -> Array:
        """The differences fit 17 bits."""
        multiply = saturating_rounding_doubling_high_mul
        numerator, divisor = as_int64(a) - self.zero_points[0], as_int64(b) - self.zero_points[1]
        _check_divisor(divisor, np.asarray(b))
        sign = np.where(divisor < 0, -1, 1)
        numerator, divisor = numerator * sign, divisor * sign
        inverse, bits = reciprocal(divisor, 31)
        headroom = redundant_sign_bits(numerator)
        quotient = multiply(numerator << headroom, inverse)
        scaled = multiply(quotient, self.multiplier)
        steps = far_shift(scaled, bits + headroom - self.shift, self.far_shift)
        if self.far_shift == "x86":
            # A count that wraps to 0 leaves 32 bits, to which int32 adds the zero point.
            steps = wrap32(steps + self.finish.zero_point) - self.finish.zero_point
        return self.finish(steps)


@dataclass(frozen=True)
class RawQuotient:
    """Integers without quantization, as C divides them."""

    finish: RawFinish

    def __call__(self, a: Array, b: Array) -> Array:
        """Toward zero."""
        divisor = as_int64(b)
        _check_divisor(divisor, divisor)
        overflows = (as_int64(a) == INT32_MIN) & (divisor == -1)
        if overflows.any():
            raise DomainError(f"{INT32_MIN} / -1 leaves int32")
        return self.finish(truncating_divide(a, divisor))


@dataclass(frozen=True)
class RealQuotient:
    """FLOAT32, between a DEQUANTIZE and a QUANTIZE; None is no bound."""

    bounds: tuple[float | None, float | None]

    def __call__(self, a: Array, b: Array) -> Array:
        """One rounding, the same on every CPU."""
        low, high = self.bounds
        with np.errstate(all="ignore"):
            quotient = np.divide(a, b, dtype=np.float32)
        if low is not None:
            quotient = np.where(quotient < np.float32(low), np.float32(low), quotient)
        if high is not None:
            quotient = np.where(quotient > np.float32(high), np.float32(high), quotient)
        return quotient


@operator(
    "DIV",
    versions=range(1, 3),
    dtypes=(
        "UINT8,UINT8->UINT8",
        "INT8,INT8->INT8",
        "INT16,INT16->INT16",
        "INT32,INT32->INT32",
        "FLOAT32,FLOAT32->FLOAT32",
    ),
    dtype_of=1,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Div(Record):
    """The record: one of the arithmetics above, integer but for FLOAT32."""

    arithmetic: Quotient

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, the arithmetic by dtype, scales and rules."""
        shape = broadcast_shape(node.input(0), node.input(1), "C1")
        return cls(shapes=(shape,), arithmetic=_quotient_of(node))

    def spec(self, x1: Array, x2: Array) -> Array:
        """Arrays that broadcast to their quotient."""
        return self.arithmetic(x1, x2)

    def lower(self, site: Site) -> None:
        """Once no divisor is 0: bytes by a table of all pairs, the others one by one."""
        quotient = self.arithmetic
        if isinstance(quotient, ScaledQuotient):
            _lower_scaled(site, quotient)
        elif isinstance(quotient, RawQuotient):
            lower_divisor_check(site, 0)
            # The spec tells whether a division by -1 leaves int32.
            lower_divisor_check(site, -1)
            for runs in broadcast_runs(site):
                site.call(truncated_quotients(runs.scalar), *runs.words, *quotient.finish.clamp)
        elif isinstance(quotient, RealQuotient):
            for runs in broadcast_runs(site):
                site.call(quotients_float(runs.scalar), *runs.words, *_bits(quotient.bounds))
        else:
            raise NotFastError(f"{type(quotient).__name__} has no kernel")


def _bits(bounds: tuple[float | None, float | None]) -> tuple[int, ...]:
    """Two bounds of float32 as integers, infinite where there is none."""
    low, high = bounds
    ends = (-np.inf if low is None else low, np.inf if high is None else high)
    return tuple(int(np.float32(end).view(np.int32)) for end in ends)


def _lower_scaled(site: Site, quotient: ScaledQuotient) -> None:
    zero_point = quotient.zero_points[1]
    lower_divisor_check(site, zero_point)
    if site.output.dtype.itemsize == 1:
        safe = zero_point + 1 if zero_point < DTYPE_RANGE[quotient.finish.dtype][1] else 0

        def guarded(a: Array, b: Array) -> Array:
            return quotient(a, np.where(b == zero_point, b.dtype.type(safe), b))

        if not lower_constant_scalar(site, guarded):
            lower_by_pair_table(site, guarded)
        return
    if quotient.far_shift == "report":
        raise NotFastError("a shift past 31 bits is reported")
    for runs in broadcast_runs(site):
        kernel = fixed_point_quotients(quotient.far_shift == "x86", runs.scalar)
        site.call(
            kernel,
            *runs.words,
            *quotient.zero_points,
            quotient.multiplier,
            quotient.shift,
            quotient.finish.zero_point,
            *quotient.finish.clamp,
        )


def redundant_sign_bits(x: Ints) -> Ints:
    """How many bits below the sign of int32 repeat it: 31 for 0 and -1."""
    return count_leading_zeros_32(np.where(x < 0, -1 - x, x)) - 1


def _check_divisor(divisor: Ints, raw: Array) -> None:
    if not divisor.all():
        where = tuple(int(i) for i in np.argwhere(divisor == 0)[0])
        raise DomainError(
            f"a divisor is 0: its raw value is {int(raw[where])} at {where}",
            hint="keep 0 out of the divisor's range, or divide by a shifted value",
        )


def _quotient_of(node: Node) -> Quotient:
    a, b, out = node.input(0), node.input(1), node.output
    if out.dtype == "INT32":
        return RawQuotient(RawFinish.of(node))
    if out.dtype == "FLOAT32":
        activation = node.options.get("fused_activation_function", "NONE")
        check(activation in ACTIVATION_BOUNDS, "C3", f"the activation {activation} is not known")
        return RealQuotient(ACTIVATION_BOUNDS[activation])
    check_zero_points((a, b, out), "C2")
    real = QUOTIENT_RATIO[node.rules.quotient_scale](a.scale, b.scale, out.scale)
    multiplier, shift = quantize_multiplier(real)
    return ScaledQuotient(
        zero_points=(a.zero_point, b.zero_point),
        multiplier=multiplier,
        shift=shift,
        far_shift=node.rules.far_shift,
        finish=Finish.of(node),
    )
