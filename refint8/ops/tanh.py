"""TANH: the hyperbolic tangent.

8 bits, rule `tanh_int8` = "table": 256 entries, in **float32** with a correctly rounded tanh:
out = clamp(round_half_away(tanh(s_in * (x - zp_in)) * (1 / s_out)) + zp_out)

8 bits, "gemmlowp" (d = x - zp_in; radius = floor(15 * 2^27 / 2^shift), shift that of s_in * 2^27);
the output's scale and zero point are not read, they stand for 1/128 and 0:
out = clamp(RDBPOT(tanh(requantize(d, by s_in * 2^27) in Q4.27), 24)); -128 where d <= -radius,
127 where d >= radius

int16, with (m, n) the multiplier of s_in * 3 * 2^12: exactly (3, 0) or (6, 0) for s_in = 2^-12 or
2^-11, else doubled n times until above 32767 / 2 and truncated:
out = interpolate_tanh((x * m + (2^n >> 1)) >> n)                        `sigmoid_table.py`

C1  int16: zero points are 0 and the output's scale is 2^-15
C2  8 bits by gemmlowp: the dtype is int8

Semantics: LiteRT `kernels/activations.cc` (TanhPrepare), ai-edge-litert 2.3.0; TFLM
`micro/kernels/tanh.cc`, tflite-micro 0.dev20261023 (CORRECTIONS items 29, 31).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from refint8.native.lowering import Site
from refint8.numerics import elementary, gemmlowp, gemmlowp16
from refint8.numerics.sigmoid_table import interpolate_tanh
from refint8.ops._dtypes import rows
from refint8.ops._lookup_kernel import lower_lookup
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._sigmoid import Curve, FixedPoint8, Table8, int16_curve


@operator("TANH", versions=range(1, 4), dtypes=rows("{T}->{T}", ("UINT8", "INT8", "INT16")))
@dataclass(frozen=True, eq=False, kw_only=True)
class Tanh(Record):
    """The integer record: one of the three arithmetics above."""

    curve: Curve

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 and C2, the table or the multiplier."""
        return cls(shapes=(node.input(0).shape,), curve=_curve(node))

    def spec(self, x: Array) -> Array:
        """Any shape, elementwise."""
        return self.curve(x)

    def lower(self, site: Site) -> None:
        """A table of all inputs."""
        lower_lookup(site, 0, self.spec)


def _curve(node: Node) -> Curve:
    x = node.input(0)
    if x.dtype == "INT16":
        return int16_curve(node, interpolate_tanh, gemmlowp16.tanh, shifts=(0, 1), label="C1")
    if node.rules.tanh_int8 == "table":
        return Table8.of(node, elementary.tanh)
    check(x.dtype == "INT8", "C2", f"{x.dtype}; the fixed-point function takes INT8")
    return FixedPoint8.of(x, node.rules, gemmlowp.tanh, fraction_bits=7, zero_point=0)
