"""SUB: x1 - x2 with broadcasting, each operand with its own scale.

General scales (t = 2 * max(s1, s2), h = 20 for 8 bits, 15 for int16):
a_k = requantize((x_k - zp_k) << h, by s_k / t)                          k = 1, 2
out = clamp(requantize(a_1 - a_2, by t / (2^h * s_out)) + zp_out, low, high)

8 bits under the rule addition=common_shift (r_k = f32(s_k / s_out), n = 20 - floor(log2(max r_k)),
f_k = round_half_even(r_k * 2^n)):
out = clamp((((x_1 - zp_1) * f_1 - (x_2 - zp_2) * f_2 + 2^(n - 1)) >> n) + zp_out, low, high)

int16 with `pot_scale_int16` (set by default) and three scales that count as powers of two, where
the rule `add_int16_pot` honours it (n_k = log2(s_out) - log2(s_k)):
out = clamp(RDBPOT(x_1, n_1) - RDBPOT(x_2, n_2), low, high)

int32 and int64: modulo 2^bits, then the fused activation's bounds.

C1  the shapes broadcast
C2  int16 operands have zero point 0
C3  zero points are values of their dtype
C4  s_k / t is above 0, t / (2^h * s_out) between 0 and 1; above 1 the kernel shifts right by a
    negative count, which the rule `shift_domain` refuses (outside the domain) or reproduces
C5  power-of-two scales: the output's step is 2^0 to 2^31 steps of each input and 2^0 of one
C6  under the rule addition=common_shift the larger r_k is at least 2^-10 and below 2^8

Semantics: LiteRT `kernels/sub.cc`, `reference/sub.h`, ai-edge-litert 2.3.0 (NUMERICS §1;
CORRECTIONS items 6, 10, 11).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from refint8.native.lowering import Site
from refint8.ops._addition import Sum, sum_of
from refint8.ops._addition_kernel import lower_sum
from refint8.ops._elementwise import broadcast_shape
from refint8.ops._op import Array, Node, Record, operator


@operator(
    "SUB",
    versions=range(1, 6),
    dtypes=(
        "UINT8,UINT8->UINT8",
        "INT8,INT8->INT8",
        "INT16,INT16->INT16",
        "INT32,INT32->INT32",
        "INT64,INT64->INT64",
    ),
    dtype_of=1,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Sub(Record):
    """The integer record: one of the four arithmetics above."""

    arithmetic: Sum

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C6, the arithmetic by dtype, scales and rules."""
        shape = broadcast_shape(node.input(0), node.input(1), "C1")
        return cls(shapes=(shape,), arithmetic=sum_of(node, sign=-1))

    def spec(self, x1: Array, x2: Array) -> Array:
        """Arrays that broadcast to their difference."""
        return self.arithmetic(x1, x2)

    def lower(self, site: Site) -> None:
        """Bytes as one verified linear function, words in three stages, integers as they are."""
        lower_sum(site, self.arithmetic)
