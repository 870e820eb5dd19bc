"""From accumulator to output scale: the requantization families of NUMERICS §2.

A requantizer is the integer (or, for one family, double) factor with its rounding. It is called
with an int64 array of accumulators, channels last, and returns int64 values before the zero point
is added. An operator picks the family by the accumulator's width and the rules, never by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from refint8.errors import DomainError, UsageError
from refint8.numerics.accumulator import overflow_error
from refint8.numerics.fixedpoint import (
    INT32_MAX,
    INT32_MIN,
    Ints,
    as_int64,
    round_half_away,
    rounding_divide_by_pot,
    rounding_divide_by_pot_x86,
    saturating_rounding_doubling_high_mul,
    wrap32,
)
from refint8.numerics.float32_rounding import Float32Rounding
from refint8.numerics.left_shift import MAXIMUM_SHIFT, check_shift, shifted_left
from refint8.numerics.multiplier import (
    divide_multiplier,
    quantize_multiplier,
    quantize_multipliers,
)
from refint8.numerics.recording import note, recorded
from refint8.numerics.rounding_up import DoubleRoundingUp, SingleRounding
from refint8.numerics.rules import Rules


class Requantizer(Protocol):
    """Anything that maps accumulators (int64, channels last) to output steps (int64)."""

    def __call__(self, accumulator: Ints) -> Ints:
        """Requantize; the zero point is not added and nothing is clamped."""
        ...


@dataclass(frozen=True, eq=False)
class DoubleRounding:
    """Family D: RDBPOT(SRDHM(x * 2^max(shift, 0), multiplier), max(-shift, 0)).

    Two roundings, the first with ties up, the second with ties away from zero. `multiplier` and
    `shift` have shape [] or [channels]. A left shift that leaves int32 wraps or is reported, by
    the rule `left_shift`. Source: MultiplyByQuantizedMultiplier(int32), LiteRT `common.h`.
    """

    multiplier: Ints
    shift: Ints
    left_shift: str = "report"

    def __post_init__(self) -> None:
        check_shift(self.shift)

    @recorded(
        "requantize",
        "RDBPOT(SRDHM(x * 2^max(shift, 0), multiplier), max(-shift, 0))",
    )
    def __call__(self, accumulator: Ints) -> Ints:
        """Accumulators must fit int32."""
        shifted = shifted_left(accumulator, self.shift, self.left_shift)
        high = saturating_rounding_doubling_high_mul(shifted, self.multiplier)
        return rounding_divide_by_pot(high, np.maximum(-self.shift, 0))


@dataclass(frozen=True, eq=False)
class RightShiftRounding:
    """RDBPOT(SRDHM(x, multiplier), -shift): double rounding that knows no left shift.

    The kernels of ADD, SUB, DIV and the comparisons use it on multipliers that they take to be
    below 1. From 1 on the count is negative: refused, or what x86 makes of it, by the rule
    `shift_domain`. There a scalar shift takes the count modulo 32 and a vector shift fills with
    the sign, so the result depends on the element's place: `lanes` is the width of the vectors
    in the kernel's loop (1: none), whose last size % lanes elements are scalar. Source:
    MultiplyByQuantizedMultiplierSmallerThanOneExp, LiteRT `common.h` (CORRECTIONS item 6; vectors
    measured on LiteRT 2.3.0).
    """

    multiplier: Ints
    shift: Ints
    shift_domain: str = "report"
    lanes: int = 1

    def __post_init__(self) -> None:
        if self.shift_domain == "report" and np.any(self.shift > 0):
            raise DomainError(
                f"a multiplier of 2^{int(np.max(self.shift)) - 1} or more asks for a right shift"
                " by a negative count",
                hint="the output's scale is far too fine for the inputs; calibrate again",
            )

    @recorded("requantize", "RDBPOT(SRDHM(x, multiplier), -shift)")
    def __call__(self, accumulator: Ints) -> Ints:
        """Accumulators must fit int32."""
        high = saturating_rounding_doubling_high_mul(accumulator, self.multiplier)
        scalar = rounding_divide_by_pot_x86(high, -self.shift)
        in_vectors = np.arange(high.size).reshape(high.shape) < high.size // self.lanes * self.lanes
        filled = in_vectors & (self.shift > 0) & (self.lanes > 1)
        return np.where(filled, np.where(high >= 0, 1, -1), scalar)


@dataclass(frozen=True, eq=False)
class ReducedMultiplier:
    """Family Q15: (x * m16 + 2^(14-shift)) >> (15-shift), for 64-bit accumulators.

    m16 is the multiplier rounded to 16 bits (ties up, at most 0x7FFF), which costs up to 2^-16 of
    relative precision. `multiplier` here is the full one. The result is cast to int32 and wraps.
    Source: MultiplyByQuantizedMultiplier(int64), LiteRT `quantization_util.cc`.
    """

    multiplier: Ints
    shift: Ints

    def __post_init__(self) -> None:
        if np.any(self.shift > 7) or np.any(self.shift < -31):
            raise DomainError(
                f"the 16-bit multiplier takes shifts in [-31, 7], not {np.max(self.shift)}"
            )

    @property
    def reduced(self) -> Ints:
        """The 16-bit multiplier."""
        return np.where(
            self.multiplier < 0x7FFF0000, (self.multiplier + (1 << 15)) >> 16, np.int64(0x7FFF)
        )

    @recorded("requantize", "(x * m16 + 2^(14 - shift)) >> (15 - shift)")
    def __call__(self, accumulator: Ints) -> Ints:
        """Accumulators must fit 48 bits, as the engine asserts."""
        accumulator = as_int64(accumulator)
        limit = 1 << 47
        if accumulator.size and (accumulator.min() < -limit or accumulator.max() >= limit):
            raise overflow_error("a 64-bit accumulator", accumulator, bits=48)
        half = np.int64(1) << (14 - self.shift)
        m16, right = self.reduced, 15 - self.shift
        note("multiplier of 16 bits", "(multiplier + 2^15) >> 16", m16, multiplier=self.multiplier)
        return wrap32(_rounded_product(accumulator, m16, right, half))


@dataclass(frozen=True, eq=False)
class Float64Rounding:
    """Family F64: round_half_away(double(x) * scale) cast to int32.

    LiteRT's reference FULLY_CONNECTED since 1.3 (CORRECTIONS item 13). `scale` is float64, shape
    [] or [channels]. IEEE double multiplication is the same on every CPU, so this stays
    reproducible. The cast follows the rule `float_to_int`.
    """

    scale: NDArray[np.float64]
    float_to_int: str = "saturate"

    @recorded("requantize", "round_half_away(double(x) * scale), cast to int32")
    def __call__(self, accumulator: Ints) -> Ints:
        """Accumulators must be exact in double, that is below 2^53."""
        product = as_int64(accumulator).astype(np.float64) * self.scale
        note("product", "double(x) * scale", product, x=accumulator, scale=self.scale)
        return float_to_int32(round_half_away(product), self.float_to_int)


@recorded(
    "product, shifted right",
    "(x * m16 + 2^(right - 1)) >> right, ties up",
    lambda o: Fraction(o["x"] * o["m16"], 1 << o["right"]),
)
def _rounded_product(x: Ints, m16: Ints, right: Ints, half: Ints) -> Ints:
    product: Ints = (x * m16 + half) >> right
    return product


@recorded("cast to int32", "what is outside int32 by the rule float_to_int")
def float_to_int32(rounded: NDArray[np.float64], rule: str) -> Ints:
    """Cast whole floats to int32; what is outside, and NaN, by the rule `float_to_int`.

    "x86": cvttsd2si gives -2^31 for all of them. "saturate": AArch64's fcvtzs, NaN gives 0.
    """
    inside = (rounded >= INT32_MIN) & (rounded <= INT32_MAX)
    if rule == "x86":
        return np.where(inside, np.where(inside, rounded, 0.0), INT32_MIN).astype(np.int64)
    return np.clip(np.nan_to_num(rounded, nan=0.0), INT32_MIN, INT32_MAX).astype(np.int64)


def double_rounding(effective_scales: float | Iterable[float], rules: Rules) -> DoubleRounding:
    """Family D from one real factor (shape []) or one per channel (shape [channels])."""
    multiplier, shift = _multipliers(effective_scales)
    return DoubleRounding(multiplier, _counted(shift, rules), rules.left_shift)


def right_shift_rounding(
    effective_scale: float, rules: Rules, *, lanes: int = 1
) -> RightShiftRounding:
    """Double rounding without left shift, from one real factor that should be below 1."""
    multiplier, shift = _multipliers(effective_scale)
    return RightShiftRounding(multiplier, shift, rules.shift_domain, lanes)


def reduced_multiplier(
    effective_scales: float | Iterable[float], _rules: Rules
) -> ReducedMultiplier:
    """Family Q15 from one real factor or one per channel."""
    return ReducedMultiplier(*_multipliers(effective_scales))


def float64_rounding(effective_scales: float | Iterable[float], rules: Rules) -> Float64Rounding:
    """Family F64 from one real factor or one per channel."""
    return Float64Rounding(np.asarray(effective_scales, dtype=np.float64), rules.float_to_int)


def double_rounding_up(effective_scales: float | Iterable[float], rules: Rules) -> DoubleRoundingUp:
    """Family Dup from one real factor or one per channel."""
    multiplier, shift = _multipliers(effective_scales)
    return DoubleRoundingUp(multiplier, _counted(shift, rules), rules.left_shift)


def single_rounding(effective_scales: float | Iterable[float], rules: Rules) -> SingleRounding:
    """Family S from one real factor or one per channel; a shift above 30 becomes the largest.

    Source: QuantizeMultiplier under TFLITE_SINGLE_ROUNDING.
    """
    multiplier, shift = _multipliers(effective_scales)
    multiplier = np.where(shift > LARGEST_SINGLE[1], LARGEST_SINGLE[0], multiplier)
    return SingleRounding(multiplier, np.minimum(shift, LARGEST_SINGLE[1]), rules.left_shift)


LARGEST_SINGLE: Final = (INT32_MAX, 30)
"""Multiplier and shift of the largest factor that single rounding has."""


def float32_rounding(effective_scales: float | Iterable[float], _rules: Rules) -> Float32Rounding:
    """Family F32E from one real factor or one per channel."""
    with np.errstate(all="ignore"):
        return Float32Rounding(np.asarray(effective_scales, np.float64).astype(np.float32))


REQUANTIZE_32: Final = {
    "double": double_rounding,
    "double_up": double_rounding_up,
    "single": single_rounding,
    "float32": float32_rounding,
}
"""Alternatives of the rule `requantize` and of those that replace it for some operators."""

READY_32: Final[Mapping[str, Callable[[Ints, Ints, str], Requantizer]]] = {
    "double": DoubleRounding,
    "double_up": DoubleRoundingUp,
    "single": SingleRounding,
}
"""The same, from a ready multiplier and shift, as far as they have one."""

REQUANTIZE_64: Final = {"q15": reduced_multiplier}
"""Alternatives of the rule `requantize_wide`: 64-bit accumulators."""


def requantizer(
    effective_scales: float | Iterable[float],
    rules: Rules,
    *,
    wide: bool = False,
    family: str | None = None,
) -> Requantizer:
    """The requantizer that the rules name for a 32-bit or (`wide`) 64-bit accumulator.

    `family` is what a more particular rule says about 32 bits instead of the rule `requantize`.
    """
    families: Mapping[str, object] = REQUANTIZE_64 if wide else REQUANTIZE_32
    made = families[rules.requantize_wide if wide else family or rules.requantize]
    assert callable(made)
    result: Requantizer = made(effective_scales, rules)
    return result


def ready_requantizer(
    multiplier: Ints, shift: Ints, rules: Rules, *, wide: bool = False
) -> Requantizer:
    """The requantizer that the rules name, from a multiplier and a shift: the raw layer's way.

    Both are int64 of shape [] or [channels]. Raises UsageError where the family has none.
    """
    if wide:
        return ReducedMultiplier(multiplier, shift)
    if rules.requantize not in READY_32:
        raise UsageError(f"requantize={rules.requantize} takes a scale, not a multiplier")
    return READY_32[rules.requantize](multiplier, shift, rules.left_shift)


def mean_requantizer(effective_scale: float, count: int, rules: Rules) -> Requantizer:
    """The requantizer of a sum of `count` accumulated values that divides by `count` as well.

    The division is folded into the integer multiplier. In float32 the scale is divided.
    """
    if rules.requantize == "float32":
        return Float32Rounding(np.asarray(np.float32(effective_scale) / np.float32(count)))
    multiplier, shift = divide_multiplier(*quantize_multiplier(effective_scale), count)
    counted = _counted(as_int64(shift), rules)
    return READY_32[rules.requantize](as_int64(multiplier), counted, rules.left_shift)


def over_channels(
    requantize: Requantizer, choose: Callable[[NDArray[Any]], NDArray[Any]]
) -> Requantizer:
    """The requantizer whose channels are `choose` of these; factors without an axis serve all."""
    assert is_dataclass(requantize)
    per_channel = {
        f.name: choose(value)
        for f in fields(requantize)
        if isinstance(value := getattr(requantize, f.name), np.ndarray) and value.ndim
    }
    chosen: Requantizer = replace(requantize, **per_channel)
    return chosen


def _counted(shift: Ints, rules: Rules) -> Ints:
    """The shift as x86 takes it where nothing is reported: a count above 31 modulo 32.

    Measured on LiteRT 2.3.0 and tflite-micro in MUL, QUANTIZE, PRELU, LEAKY_RELU, RELU, MEAN and
    the convolutions, whose loops shift scalars.
    """
    if rules.left_shift == "report":
        return shift
    return np.where(shift > MAXIMUM_SHIFT, shift % (MAXIMUM_SHIFT + 1), shift)


def _multipliers(effective_scales: float | Iterable[float]) -> tuple[Ints, Ints]:
    if isinstance(effective_scales, (int, float)):
        multiplier, shift = quantize_multipliers([effective_scales])
        return multiplier[0], shift[0]
    return quantize_multipliers(effective_scales)
