"""QUANTIZE: real values to steps, or steps of one scale to steps of another.

From float32, in **float32** (c the channel where the output has a scale per channel):
out = clamp(int32(round_half_away(x / s_out[c])) + zp_out[c], lowest, highest)

From integers:
out = clamp(requantize(x - zp_in, by s_in / s_out) + zp_out, lowest, highest)

s_in / s_out is taken in double. A float that leaves int32 is cast by the rule `float_to_int`
("x86": to -2^31, and the sum with a negative zero point wraps); an integer difference that does
is treated by the rule `accumulator`.

On 8 bits per tensor under the rule quantize_float=reciprocal nothing leaves int32, NaN counts as
infinity, and from 8 bits to the same dtype the rule `quantize_8bit` may name a factor with 8
fractional bits, round_half_even(256 * f32(s_in / s_out)), instead of the double:
out = clamp(round_half_even(x * (1 / s_out)) + zp_out, lowest, highest)

Under the rules quantize_float=vectors and quantize_lanes=vectors the elements of whole vectors are
rounded otherwise than the rest: `FromFloatInVectors`, `numerics/lanes.py`.

C1  int16 to int16: zero points are 0
C2  per channel: an 8- or 16-bit output, one scale for each position of its quantized dimension

Semantics: LiteRT `kernels/quantize.cc`, `reference/quantize.h`, `reference/requantize.h`,
ai-edge-litert 2.3.0 (CORRECTIONS items 8, 17); int8 to int32 as TFLM.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from refint8.model.types import NUMPY_DTYPE
from refint8.native.lowering import NotFastError, Site
from refint8.numerics.accumulator import Accumulator
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.eight_fraction_bits import EightFractionBits
from refint8.numerics.fixedpoint import (
    Ints,
    as_int64,
    clamp,
    round_half_away,
    round_half_even,
    wrap32,
)
from refint8.numerics.lanes import FlatLanes, in_whole_vectors
from refint8.numerics.recording import note, taken
from refint8.numerics.requantize import Requantizer, double_rounding, float_to_int32, requantizer
from refint8.numerics.scales import ratio_float32, ratio_float64
from refint8.ops._elementwise import Finish, check_symmetric, per_channel
from refint8.ops._float_kernel import lower_by_reciprocal, lower_from_float
from refint8.ops._lookup_kernel import lower_lookup, lower_lookup_in_vectors
from refint8.ops._op import Array, Node, Record, operator
from refint8.ops._wide_kernel import lower_from_int32

STEP_VECTOR, FLOAT_VECTOR = 16, 8


class Conversion(Protocol):
    """One of the arithmetics below: an array to an array of the same shape."""

    def __call__(self, x: Array) -> Array:
        """Convert every element."""
        ...


@dataclass(frozen=True, eq=False)
class FromFloat:
    """float32 to steps; `scale` (float32) and `zero_point` are one or arrays that broadcast."""

    scale: NDArray[Any]
    zero_point: int | Ints
    float_to_int: str
    dtype: str

    def __call__(self, x: Array) -> Array:
        """One float32 division, one rounding; where casts are x86's, the sum wraps as well."""
        with np.errstate(all="ignore"):
            quotient = x / self.scale
        note("quotient", "f32(x / scale)", quotient, x=x, scale=self.scale)
        rounded = round_half_away(quotient)
        steps = float_to_int32(rounded, self.float_to_int) + self.zero_point
        if self.float_to_int == "x86":
            steps = wrap32(steps)
        note("+ zero point", "x + zp", steps, x=rounded, zp=self.zero_point)
        return clamp(steps, *DTYPE_RANGE[self.dtype]).astype(NUMPY_DTYPE[self.dtype])


@dataclass(frozen=True, eq=False)
class FromFloatInVectors:
    """float32 to steps with one scale; the last size % FLOAT_VECTOR elements round otherwise."""

    scale: np.float32
    zero_point: int
    float_to_int: str
    dtype: str

    def __call__(self, x: Array) -> Array:
        """In whole vectors a float32 product, ties to even; else a quotient in double."""
        with np.errstate(all="ignore"):
            product = x * (np.float32(1) / self.scale)
            quotient = x.astype(np.float64) / np.float64(self.scale)
        whole = in_whole_vectors(x.size, FLOAT_VECTOR).reshape(x.shape)
        with taken(whole):
            note("product", "f32(x * f32(1 / scale))", product, x=x, scale=self.scale)
            inside = round_half_even(product)
        with taken(~whole):
            note("quotient", "double(x) / double(scale)", quotient, x=x, scale=self.scale)
            rest = round_half_away(quotient)
        rounded = np.where(whole, inside.astype(np.float64), rest)
        steps = float_to_int32(rounded, self.float_to_int) + self.zero_point
        if self.float_to_int == "x86":
            steps = wrap32(steps)
        note("+ zero point", "x + zp", steps, x=rounded, zp=self.zero_point)
        return clamp(steps, *DTYPE_RANGE[self.dtype]).astype(NUMPY_DTYPE[self.dtype])


@dataclass(frozen=True, eq=False)
class ByReciprocal:
    """float32 to 8-bit steps; `reciprocal` is that of the one scale, float32."""

    reciprocal: np.float32
    zero_point: int
    dtype: str

    def __call__(self, x: Array) -> Array:
        """One float32 product, one rounding; clamped so far out that no zero point brings it back.

        A NaN counts as too large: the kernels take a minimum with a constant that survives it.
        Source: XNNPACK `f32-qs8-vcvt` for x86 (NUMERICS §3).
        """
        with np.errstate(all="ignore"):
            product = np.nan_to_num(x * self.reciprocal, nan=np.inf)
        note("product", "f32(x * reciprocal)", product, x=x, reciprocal=self.reciprocal)
        whole = round_half_even(np.clip(product, *DTYPE_RANGE["INT16"])).astype(np.int64)
        steps = whole + self.zero_point
        note("+ zero point", "x + zp", steps, x=whole, zp=self.zero_point)
        return clamp(steps, *DTYPE_RANGE[self.dtype]).astype(NUMPY_DTYPE[self.dtype])


@dataclass(frozen=True, eq=False)
class FromSteps:
    """Steps of the input's scale to steps of the output's."""

    input_zero_point: int
    accumulator: Accumulator
    requantize: Requantizer
    finish: Finish

    def __call__(self, x: Array) -> Array:
        """The difference is an int32."""
        difference = self.accumulator(as_int64(x) - self.input_zero_point)
        note("x - zero point", "x - zp", difference, x=x, zp=self.input_zero_point)
        return self.finish(self.requantize(difference))


@operator(
    "QUANTIZE",
    versions=range(1, 7),
    dtypes=(
        "FLOAT32->UINT8|INT8|INT16|INT4|UINT4",
        "UINT8->UINT8|INT8|INT16",
        "INT8->UINT8|INT8|INT16|INT32",
        "INT16->INT8|INT16|INT32",
        "INT32->INT8|INT16",
    ),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Quantize(Record):
    """The integer record: one of the two arithmetics above."""

    conversion: Conversion

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 and C2, scales or requantizer."""
        x = node.input(0)
        conversion = _from_float(node) if x.dtype == "FLOAT32" else _from_steps(node)
        return cls(shapes=(x.shape,), conversion=conversion)

    def spec(self, x: Array) -> Array:
        """Any shape, elementwise."""
        return self.conversion(x)

    def lower(self, site: Site) -> None:
        """Floats as they are defined, 8 and 16 bits by a table, int32 step by step."""
        c = self.conversion
        if isinstance(c, ByReciprocal):
            lower_by_reciprocal(site, c.reciprocal, c.zero_point, c.dtype)
        elif isinstance(c, FromFloat):
            lower_from_float(site, c.scale, c.zero_point, c.float_to_int, c.dtype)
        elif isinstance(c, FromSteps) and isinstance(c.requantize, FlatLanes):
            lanes = c.requantize
            inside, rest = (replace(c, requantize=part) for part in (lanes.inside, lanes.rest))
            lower_lookup_in_vectors(site, inside, rest, lanes.lanes)
        elif site.input(0).dtype.itemsize <= 2:
            lower_lookup(site, 0, self.spec)
        elif isinstance(c, FromSteps):
            lower_from_int32(site, c.input_zero_point, c.accumulator, c.requantize, c.finish)
        else:
            raise NotFastError(f"{type(c).__name__} has no kernel")


def _from_float(node: Node) -> Conversion:
    out, rules = node.output, node.rules
    small = out.dtype in ("INT8", "UINT8") and not out.per_channel
    if rules.quantize_float == "reciprocal" and small:
        with np.errstate(all="ignore"):
            return ByReciprocal(np.float32(1) / np.float32(out.scale), out.zero_point, out.dtype)
    scale, zero_point = per_channel(out, node.input(0).shape, ("UINT8", "INT8", "INT16"), "C2")
    in_vectors = rules.quantize_float == "vectors" and out.dtype in ("UINT8", "INT8", "INT16")
    if in_vectors and not out.per_channel:
        return FromFloatInVectors(
            np.float32(out.scale), out.zero_point, rules.float_to_int, out.dtype
        )
    return FromFloat(scale, zero_point, rules.float_to_int, out.dtype)


def _from_steps(node: Node) -> FromSteps:
    x, out = node.input(0), node.output
    if x.dtype == out.dtype:
        check_symmetric((x, out), "C1")
    ratio = ratio_float64(x.scale, out.scale)
    chosen = _eight_bits(node) or _in_vectors(ratio, node)
    return FromSteps(
        input_zero_point=x.zero_point,
        accumulator=Accumulator(node.rules.accumulator),
        requantize=chosen or requantizer(ratio, node.rules),
        finish=Finish.of(node),
    )


def _eight_bits(node: Node) -> EightFractionBits | None:
    """From 8 bits to the same dtype, by the rule `quantize_8bit`."""
    x, out = node.input(0), node.output
    same = x.dtype == out.dtype and x.dtype in ("INT8", "UINT8")
    if node.rules.quantize_8bit == "general" or not same:
        return None
    return EightFractionBits.of(ratio_float32(x.scale, out.scale))


def _in_vectors(ratio: float, node: Node) -> FlatLanes | None:
    """Between 8-bit tensors, by the rule `quantize_lanes`."""
    both = (node.input(0).dtype, node.output.dtype)
    if node.rules.quantize_lanes == "general" or not set(both) <= {"INT8", "UINT8"}:
        return None
    factor = double_rounding(ratio, node.rules)
    return FlatLanes(factor.multiplier, factor.shift, STEP_VECTOR, factor.left_shift)
