"""MUL: x1 * x2 with broadcasting, each operand with its own scale.

out = clamp(requantize((x1 - zp1) * (x2 - zp2), by s1 * s2 / s_out) + zp_out, low, high)

The precision of s1 * s2 / s_out is the rule `mul_scale`; on 8 bits the rule `product` names the
requantization. An 8-bit tensor times itself is by the rule square=table, in **float32**:
out = clamp(round_half_even(t * t * (1 / s_out) + zp_out)),  t = s1 * (x1 - zp1)

int16 inputs, 8-bit output (fractions of 2^15, whatever the scales say):
out = clamp(RDBPOT(SRDHM16(x1, x2), 8) + zp_out, low, high)

int32, int64, uint32, and int16 without quantization: modulo 2^bits, then the fused activation's
bounds.

C1  the shapes broadcast
C2  int16 operands have zero point 0
C3  int16 to 8 bits: both shapes are the same
C4  uint32 is not clamped at a negative bound

Semantics: LiteRT `kernels/mul.cc`, `reference/mul.h`, `reference/integer_ops/mul.h`,
ai-edge-litert 2.3.0 (NUMERICS §1; CORRECTIONS item 12).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from refint8.model.types import NUMPY_DTYPE
from refint8.native.lowering import NotFastError, Site
from refint8.native.raw_pairs import fraction_products, raw_pairs
from refint8.numerics.fixedpoint import (
    Ints,
    as_int64,
    rounding_divide_by_pot_16,
    saturating_rounding_doubling_high_mul_16,
)
from refint8.numerics.recording import note
from refint8.numerics.requantize import Requantizer, requantizer
from refint8.numerics.scales import PRODUCT_RATIO
from refint8.numerics.tables import lut8_lookup, lut8_table
from refint8.ops._broadcast_kernel import broadcast_runs
from refint8.ops._elementwise import Finish, RawFinish, broadcast_shape, check_symmetric
from refint8.ops._fused_clamp import fused_clamp
from refint8.ops._lookup_kernel import lower_lookup
from refint8.ops._op import Array, Node, Operand, Record, check, operator
from refint8.ops._scaled_product_kernel import lower_scaled_product


class Product(Protocol):
    """One of the arithmetics below: two arrays that broadcast to the output array."""

    def __call__(self, a: Array, b: Array) -> Array:
        """Multiply."""
        ...


@dataclass(frozen=True, eq=False)
class ScaledProduct:
    """General scales."""

    zero_points: tuple[int, int]
    requantize: Requantizer
    finish: Finish

    def __call__(self, a: Array, b: Array) -> Array:
        """The product of two 8-bit or symmetric 16-bit differences fits int32."""
        first, second = as_int64(a) - self.zero_points[0], as_int64(b) - self.zero_points[1]
        product = note("product", "(x1 - zp1) * (x2 - zp2)", first * second, a=first, b=second)
        return self.finish(self.requantize(product))


@dataclass(frozen=True, eq=False)
class Square:
    """8 bits times themselves: 256 entries computed in float32, lowest input first."""

    table: Ints
    dtype: str

    def __call__(self, a: Array, b: Array) -> Array:
        """Look up; both are the same."""
        return lut8_lookup(a, self.table, self.dtype).astype(NUMPY_DTYPE[self.dtype])


@dataclass(frozen=True, eq=False)
class FractionProduct:
    """int16 fractions to 8 bits."""

    finish: Finish

    def __call__(self, a: Array, b: Array) -> Array:
        """The upper 8 of the product's 16 bits."""
        fraction = saturating_rounding_doubling_high_mul_16(a, b)
        return self.finish(rounding_divide_by_pot_16(fraction, 8))


@dataclass(frozen=True)
class RawProduct:
    """Integers without quantization."""

    finish: RawFinish

    def __call__(self, a: Array, b: Array) -> Array:
        """int64 arithmetic wraps by itself."""
        with np.errstate(over="ignore"):
            return self.finish(np.asarray(as_int64(a) * as_int64(b)))


@operator(
    "MUL",
    versions=range(1, 9),
    dtypes=(
        "UINT8,UINT8->UINT8",
        "INT8,INT8->INT8",
        "INT16,INT16->INT16|INT8|UINT8",
        "INT32,INT32->INT32",
        "INT64,INT64->INT64",
        "UINT32,UINT32->UINT32",
    ),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Mul(Record):
    """The integer record: one of the arithmetics above."""

    arithmetic: Product

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C4, the arithmetic by dtypes, scales and rules."""
        shape = broadcast_shape(node.input(0), node.input(1), "C1")
        return cls(shapes=(shape,), arithmetic=_product_of(node))

    def spec(self, x1: Array, x2: Array) -> Array:
        """Arrays that broadcast to their product."""
        return self.arithmetic(x1, x2)

    def lower(self, site: Site) -> None:
        """Products of differences in vectors, squares by a table; others in plain loops."""
        product = self.arithmetic
        if isinstance(product, Square):
            lower_lookup(site, 0, lambda x: product(x, x))
        elif isinstance(product, ScaledProduct):
            lower_scaled_product(
                site, product.zero_points, product.requantize, product.finish, product
            )
        elif isinstance(product, FractionProduct):
            finish = product.finish
            for runs in broadcast_runs(site):
                kernel = fraction_products(finish.dtype, runs.scalar)
                site.call(kernel, *runs.words, finish.zero_point, *finish.clamp)
        elif isinstance(product, RawProduct):
            raw = product.finish
            for runs in broadcast_runs(site):
                site.call(raw_pairs("mul", raw.dtype, runs.scalar), *runs.words, *raw.clamp)
        else:
            raise NotFastError(f"{type(product).__name__} has no kernel")


def _product_of(node: Node) -> Product:
    a, b, out = node.input(0), node.input(1), node.output
    raw_int16 = out.dtype == "INT16" and not out.quantized
    if out.dtype in ("INT32", "INT64", "UINT32") or raw_int16:
        finish = RawFinish.of(node)
        check(
            out.dtype != "UINT32" or finish.clamp[0] >= 0,
            "C4",
            f"{node.options.get('fused_activation_function')} clamps UINT32 at {finish.clamp[0]}",
        )
        return RawProduct(finish)
    if a.dtype == "INT16" and out.dtype != "INT16":
        check(a.shape == b.shape, "C3", f"shapes {a.shape} and {b.shape} differ")
        return FractionProduct(Finish.of(node))
    check_symmetric((a, b, out), "C2")
    rules, small = node.rules, out.dtype != "INT16"
    if small and a.index == b.index and rules.square == "table":
        return Square(_square_table(a, out, fused_clamp(node)), out.dtype)
    ratio = PRODUCT_RATIO[rules.mul_scale](a.scale, b.scale, out.scale)
    family = rules.product if small and rules.product != "general" else None
    return ScaledProduct(
        zero_points=(a.zero_point, b.zero_point),
        requantize=requantizer(ratio, rules, family=family),
        finish=Finish(out.zero_point, fused_clamp(node), out.dtype),
    )


def _square_table(x: Operand, out: Operand, clamp: tuple[int, int]) -> Ints:
    """Source: XNNPACK `subgraph.c` (mul(x, x) becomes sqr(x)), `reference/unary-elementwise.cc`."""
    scales = (x.scale, x.zero_point, out.scale, out.zero_point)
    table: Ints = np.clip(
        lut8_table(lambda t: t * t, x.dtype, *scales, rounding="half_even"), *clamp
    )
    return table
