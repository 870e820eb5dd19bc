"""LOGISTIC and TANH: a table for 8 bits, gemmlowp's fixed point for int8, a table or
gemmlowp's fixed point for int16."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np

from refint8.errors import DomainError
from refint8.model.types import NUMPY_DTYPE
from refint8.numerics.accumulator import Accumulator
from refint8.numerics.fixedpoint import INT32_MAX, Ints, as_int64, rounding_divide_by_pot, saturate
from refint8.numerics.recording import note, taken
from refint8.numerics.requantize import Requantizer, float_to_int32, requantizer
from refint8.numerics.rules import Rules
from refint8.numerics.scales import power_of_two_exponent
from refint8.numerics.tables import TableFunction, lut8_lookup, lut8_table
from refint8.ops._elementwise import Finish, check_symmetric
from refint8.ops._op import Array, Node, Operand, check

GEMMLOWP_INTEGER_BITS = 4
INT16_INTEGER_BITS = 3
OUTPUT_EXPONENT_INT16 = -15


class Curve(Protocol):
    """One of the arithmetics below: an array to an array of the same shape and dtype."""

    def __call__(self, x: Array) -> Array:
        """Apply to every element."""
        ...


@dataclass(frozen=True, eq=False)
class Table8:
    """256 entries computed in float32 when the operator is prepared, lowest input first."""

    table: Ints
    dtype: str

    @classmethod
    def of(cls, node: Node, function: TableFunction) -> Self:
        """The function's table between the scales of input and output."""
        x, out = node.input(0), node.output
        table = lut8_table(
            function,
            x.dtype,
            x.scale,
            x.zero_point,
            out.scale,
            out.zero_point,
            node.rules.lut8_overflow,
            node.rules.table_rounding,
        )
        return cls(table, x.dtype)

    def __call__(self, x: Array) -> Array:
        """Look up."""
        return lut8_lookup(x, self.table, self.dtype).astype(NUMPY_DTYPE[self.dtype])


@dataclass(frozen=True, eq=False)
class FixedPoint8:
    """gemmlowp's function on 4 integer bits; saturated where |x - zp| reaches `radius`.

    The output's scale is not read: it is 2^-fraction_bits.
    """

    function: Callable[[Ints, int], Ints]
    input_zero_point: int
    rescale: Requantizer
    radius: int
    fraction_bits: int
    finish: Finish

    @classmethod
    def of(
        cls,
        x: Operand,
        rules: Rules,
        function: Callable[[Ints, int], Ints],
        *,
        fraction_bits: int,
        zero_point: int,
    ) -> Self:
        """radius = floor((2^4 - 1) * 2^27 / 2^shift), shift that of s_in * 2^27.

        Source: CalculateInputRadius, LiteRT `kernels/internal/quantization_util.cc`.
        """
        real = x.scale * 2 ** (31 - GEMMLOWP_INTEGER_BITS)
        _, shift = math.frexp(real)
        largest = (2**GEMMLOWP_INTEGER_BITS - 1) * 2 ** (31 - GEMMLOWP_INTEGER_BITS)
        radius = math.floor(math.ldexp(largest, -shift))
        if radius > INT32_MAX:
            raise DomainError(
                f"at the input scale {x.scale} the function saturates {radius} steps from its zero"
                " point, outside int32",
                hint="the input's scale is far too fine; calibrate again",
            )
        return cls(
            function=function,
            input_zero_point=x.zero_point,
            rescale=requantizer(real if radius else 0.0, rules),
            radius=radius,
            fraction_bits=fraction_bits,
            finish=Finish(zero_point, (-128, 127), "INT8"),
        )

    def __call__(self, x: Array) -> Array:
        """Rescale to Q4.27, apply, round to `fraction_bits`."""
        d = as_int64(x) - self.input_zero_point
        inside = np.abs(d) < self.radius
        note("x - zero point", "x - zp", d, x=x, zp=self.input_zero_point)
        with taken(inside):
            raw = self.function(self.rescale(np.where(inside, d, 0)), GEMMLOWP_INTEGER_BITS)
            rounded = rounding_divide_by_pot(raw, 31 - self.fraction_bits)
        beyond = np.where(d <= -self.radius, -(1 << 9), 1 << 9)
        return self.finish(np.where(inside, rounded, beyond))


@dataclass(frozen=True, eq=False)
class FixedPoint16:
    """gemmlowp's function on 3 integer bits, of x * 2^shift, saturated."""

    function: Callable[[Ints, int], Ints]
    shift: int

    def __call__(self, x: Array) -> Array:
        """Apply to int16 values."""
        raw = saturate(as_int64(x) << self.shift, 16)
        return self.function(raw, INT16_INTEGER_BITS).astype(np.int16)


@dataclass(frozen=True, eq=False)
class Table16:
    """u = (x * multiplier + half) >> shift, then interpolation in the table of sigmoid(i / 24)."""

    interpolate: Callable[[Ints], Ints]
    multiplier: int
    shift: int
    accumulator: Accumulator

    @classmethod
    def of(cls, node: Node, interpolate: Callable[[Ints], Ints], shift: int | None) -> Self:
        """The multiplier of s_in * 3 * 2^12: exactly for a scale of 2^(shift - 12).

        Other scales: doubled up to 31 times until above 32767 / 2, then truncated.
        """
        x = node.input(0)
        accumulator = Accumulator(node.rules.accumulator)
        if shift is not None:
            return cls(interpolate, 3 << shift, 0, accumulator)
        real, doubled = x.scale * 4096 * 3, 0
        while real <= 32767 / 2 and doubled <= 30:
            real, doubled = real * 2, doubled + 1
        multiplier = int(float_to_int32(np.array(math.trunc(real), float), node.rules.float_to_int))
        return cls(interpolate, multiplier, doubled, accumulator)

    def __call__(self, x: Array) -> Array:
        """Rescale, interpolate; the result fits int16."""
        half = (1 << self.shift) >> 1
        u = self.accumulator(as_int64(x) * self.multiplier + half) >> self.shift
        operands: dict[str, Any] = {"x": x, "multiplier": self.multiplier, "shift": self.shift}
        note("table steps", "(x * multiplier + half) >> shift", u, **operands)
        return self.interpolate(u).astype(np.int16)


def int16_curve(
    node: Node,
    interpolate: Callable[[Ints], Ints],
    fixed_point: Callable[[Ints, int], Ints],
    *,
    shifts: tuple[int, ...],
    label: str,
) -> Curve:
    """The arithmetic on int16, by the rule `sigmoid_int16` for scales 2^(n - 12), n in `shifts`.

    Checks under `label` that both zero points are 0 and the output's scale counts as 2^-15.
    """
    x, out = node.input(0), node.output
    check_symmetric((x, out), label)
    check(
        power_of_two_exponent(out.scale) == OUTPUT_EXPONENT_INT16,
        label,
        f"the output's scale on int16 must be 2^-15, not {out.scale}",
    )
    exponent = power_of_two_exponent(x.scale)
    shift = None if exponent is None or exponent + 12 not in shifts else exponent + 12
    if shift is not None and node.rules.sigmoid_int16 == "gemmlowp":
        return FixedPoint16(fixed_point, shift)
    return Table16.of(node, interpolate, shift)
