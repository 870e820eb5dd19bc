"""The four arithmetics that ADD and SUB share; `sign` is +1 or -1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np

from refint8.errors import DomainError
from refint8.numerics.fixedpoint import (
    Ints,
    as_int64,
    rounding_divide_by_pot_16,
    rounding_shift_right,
    saturate,
)
from refint8.numerics.multiplier import quantize_multiplier
from refint8.numerics.recording import note
from refint8.numerics.requantize import Requantizer, requantizer, right_shift_rounding
from refint8.numerics.scales import power_of_two_exponent, ratio_float32, ratio_float64
from refint8.ops._elementwise import Finish, RawFinish, check_symmetric, check_zero_points
from refint8.ops._fused_clamp import fused_clamp
from refint8.ops._op import Array, Node, Shape, check

LEFT_SHIFT = {"INT8": 20, "UINT8": 20, "INT16": 15}
"""Bits of headroom that the inputs are shifted into before they are rescaled."""

SUB_LANES = 4
"""Elements per vector of LiteRT's loop over equal shapes; the one that broadcasts is scalar."""


class Sum(Protocol):
    """One of the arithmetics below: two arrays that broadcast to the output array."""

    def __call__(self, a: Array, b: Array) -> Array:
        """Add, or subtract b from a."""
        ...


@dataclass(frozen=True, eq=False)
class ScaledSum:
    """General scales: both inputs to 2^-left_shift of twice the larger scale, then to the output's.

    Neither the shifted inputs nor their sum can leave int32.
    """

    sign: int
    left_shift: int
    zero_points: tuple[int, int]
    rescale: tuple[Requantizer, Requantizer]
    requantize: Requantizer
    finish: Finish

    def __call__(self, a: Array, b: Array) -> Array:
        """Shift left, rescale each, add, requantize."""
        first, second = (self._common(k, x) for k, x in enumerate((a, b)))
        total = first + self.sign * second
        note("sum", "x1 + sign * x2", total, x1=first, x2=second, sign=self.sign)
        return self.finish(self.requantize(total))

    def _common(self, k: int, x: Array) -> Ints:
        """An operand on the common scale."""
        shifted = (as_int64(x) - self.zero_points[k]) << self.left_shift
        operands: dict[str, Any] = {"x": x, "zp": self.zero_points[k], "left": self.left_shift}
        note(f"x{k + 1} shifted", "(x - zp) << left", shifted, **operands)
        return self.rescale[k](shifted)


@dataclass(frozen=True, eq=False)
class CommonShiftSum:
    """8 bits: (d1 * f1 + d2 * f2 + 2^(shift - 1)) >> shift, ties up, with d = x - zero point.

    The sign of a subtraction is part of f2. The larger factor has 21 bits, and with ratios of
    scales below 2^8 the sum stays inside int32. Source: XNNPACK `microparams-init.c`
    (qs8_add_minmax) and `qs8-vadd`; ai-edge-litert 2.3.0 (NUMERICS §3).
    """

    zero_points: tuple[int, int]
    factors: tuple[int, int]
    shift: int
    finish: Finish

    @classmethod
    def of(cls, node: Node, sign: int) -> Self:
        """shift = 20 - floor(log2(larger ratio)), f_k = round_half_even(ratio_k * 2^shift)."""
        a, b, out = node.input(0), node.input(1), node.output
        ratios = [ratio_float32(x.scale, out.scale) for x in (a, b)]
        check(
            2.0**-10 <= max(ratios) < 2.0**8,
            "C6",
            f"the larger input scale is {max(ratios)} output scales, which leaves 2^-10 to 2^8",
        )
        shift = 20 - (math.frexp(max(ratios))[1] - 1)
        first, second = (round(ratio * 2.0**shift) for ratio in ratios)
        finish = Finish(out.zero_point, fused_clamp(node), out.dtype)
        return cls((a.zero_point, b.zero_point), (first, sign * second), shift, finish)

    def __call__(self, a: Array, b: Array) -> Array:
        """One rounding."""
        first, second = (self._weighted(k, x) for k, x in enumerate((a, b)))
        note("sum", "x1 + x2", first + second, x1=first, x2=second)
        return self.finish(rounding_shift_right(first + second, self.shift))

    def _weighted(self, k: int, x: Array) -> Ints:
        """An operand's difference from its zero point, times its factor."""
        product = (as_int64(x) - self.zero_points[k]) * self.factors[k]
        operands: dict[str, Any] = {"x": x, "zp": self.zero_points[k], "factor": self.factors[k]}
        note(f"x{k + 1} weighted", "(x - zp) * factor", product, **operands)
        return product


@dataclass(frozen=True, eq=False)
class PowerOfTwoSum:
    """int16 with power-of-two scales: round-shift right to the output's scale, add, saturate."""

    sign: int
    shifts: tuple[int, int]
    finish: Finish

    def __call__(self, a: Array, b: Array) -> Array:
        """RDBPOT in 16 bits on each input."""
        first, second = (
            rounding_divide_by_pot_16(x, shift)
            for x, shift in zip((a, b), self.shifts, strict=True)
        )
        return self.finish(saturate(first + self.sign * second, 16))


@dataclass(frozen=True)
class RawSum:
    """Integers without quantization: modulo the width of their dtype."""

    sign: int
    finish: RawFinish

    def __call__(self, a: Array, b: Array) -> Array:
        """int64 arithmetic wraps by itself."""
        with np.errstate(over="ignore"):
            total: Ints = as_int64(a) + self.sign * as_int64(b)
        return self.finish(total)


def sum_of(node: Node, sign: int) -> Sum:
    """The arithmetic of an ADD (sign 1) or SUB (sign -1); conditions C2 to C6 of both."""
    a, b, out = node.input(0), node.input(1), node.output
    raw_int16 = out.dtype == "INT16" and sign > 0 and not out.quantized
    if out.dtype in ("INT32", "INT64") or raw_int16:
        return RawSum(sign, RawFinish.of(node))
    check_symmetric((a, b, out), "C2")
    if out.dtype == "INT16" and _honours_powers_of_two(node):
        exponents = [power_of_two_exponent(operand.scale) for operand in (a, b, out)]
        if None not in exponents:
            return _power_of_two_sum(node, sign, [e for e in exponents if e is not None])
    check_zero_points((a, b, out), "C3")
    if node.rules.addition == "common_shift" and out.dtype != "INT16":
        return CommonShiftSum.of(node, sign)
    left_shift = LEFT_SHIFT[out.dtype]
    twice_larger = 2 * max(a.scale, b.scale)
    real = ratio_float64(twice_larger, (1 << left_shift) * out.scale)
    return ScaledSum(
        sign=sign,
        left_shift=left_shift,
        zero_points=(a.zero_point, b.zero_point),
        rescale=(
            _input_requantizer(node, ratio_float64(a.scale, twice_larger)),
            _input_requantizer(node, ratio_float64(b.scale, twice_larger)),
        ),
        requantize=_output_requantizer(node, sign, real),
        finish=Finish.of(node),
    )


def _honours_powers_of_two(node: Node) -> bool:
    option = bool(node.options.get("pot_scale_int16", True))
    return option and node.rules.add_int16_pot == "honoured"


def _input_requantizer(node: Node, real: float) -> Requantizer:
    """At most 1/2; 0 or NaN with a degenerate scale, on which the kernel aborts."""
    if not real > 0:
        raise DomainError(
            f"an input multiplier is {real}, the kernel takes positive ones", label="C4"
        )
    return requantizer(real, node.rules)


def _output_requantizer(node: Node, sign: int, real: float) -> Requantizer:
    """Below 1 as the rules say; above 1 SUB alone goes on, with a negative right shift."""
    _, shift = quantize_multiplier(real)
    if real > 0 and shift <= 0:
        return requantizer(real, node.rules)
    if sign > 0 or real <= 1 or node.rules.shift_domain == "report":
        raise DomainError(
            f"the output multiplier is {real}, the kernel is made for multipliers below 1",
            label="C4",
            hint="the output's scale is far too fine for the inputs; calibrate again",
        )
    first, second = (_without_leading_ones(node.input(k).shape) for k in (0, 1))
    lanes = SUB_LANES if first == second else 1
    return right_shift_rounding(real, node.rules, lanes=lanes)


def _without_leading_ones(shape: Shape) -> Shape:
    kept = next((k for k, size in enumerate(shape) if size != 1), len(shape))
    return shape[kept:]


def _power_of_two_sum(node: Node, sign: int, exponents: list[int]) -> PowerOfTwoSum:
    first, second = (exponents[2] - exponent for exponent in exponents[:2])
    check(
        min(first, second) == 0 and max(first, second) <= 31,
        "C5",
        f"the output's step is 2^{first} and 2^{second} steps of the inputs; one of them must be"
        " 2^0, the other 2^0 to 2^31",
        "clear pot_scale_int16, or give an input the output's scale",
    )
    return PowerOfTwoSum(sign, (first, second), Finish.of(node))
