"""LOGISTIC: 1 / (1 + e^-x).

8 bits, rule `logistic_int8` = "table": 256 entries, in **float32** with a correctly rounded e^x:
out = clamp(round_half_away(y * (1 / s_out)) + zp_out),  y = 1 / (1 + exp(-(s_in * (x - zp_in))))
"table_float64": y = float32(e / (1 + e)), e = exp(s_in * (x - zp_in)) in double, and any output
scale. How entries are rounded is the rule `table_rounding`.

8 bits, "gemmlowp" (d = x - zp_in; radius = floor(15 * 2^27 / 2^shift), shift that of s_in * 2^27):
out = clamp(RDBPOT(logistic(requantize(d, by s_in * 2^27) in Q4.27), 23) - 128); -128 where
d <= -radius, 127 where d >= radius

int16, with (m, n) the multiplier of s_in * 3 * 2^12: exactly (3, 0) for s_in = 2^-12, else doubled
n times until above 32767 / 2 and truncated:
out = interpolate_logistic((x * m + (2^n >> 1)) >> n)                    `sigmoid_table.py`

C1  8 bits by float32 table: the output's scale is 1/256
C2  int16: zero points are 0 and the output's scale is 2^-15
C3  8 bits by gemmlowp: the dtype is int8, the output's zero point -128

Semantics: LiteRT `kernels/activations.cc` (SigmoidPrepare), ai-edge-litert 2.3.0; TFLM
`micro/kernels/logistic_common.cc`, tflite-micro 0.dev20261023 (CORRECTIONS items 29, 31).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.numerics import gemmlowp, gemmlowp16
from refint8.numerics.elementary import Floats, exp
from refint8.numerics.sigmoid_table import interpolate_logistic
from refint8.ops._dtypes import rows
from refint8.ops._lookup_kernel import lower_lookup
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._sigmoid import Curve, FixedPoint8, Table8, int16_curve


def logistic(x: Floats) -> Floats:
    """1 / (1 + e^-x), every operation rounded to float32."""
    y: Floats = np.float32(1) / (np.float32(1) + exp(-x))
    return y


def logistic_float64(x: Floats) -> Floats:
    """e^x / (1 + e^x) in double, rounded to float32; 0 and 1 beyond -100 and 100.

    Source: XNNPACK `reference/unary-elementwise.cc`.
    """
    e = exp(np.clip(x, -100, 100).astype(np.float64))
    y: Floats = (e / (1 + e)).astype(np.float32)
    return y


@operator("LOGISTIC", versions=range(1, 4), dtypes=rows("{T}->{T}", ("UINT8", "INT8", "INT16")))
@dataclass(frozen=True, eq=False, kw_only=True)
class Logistic(Record):
    """The integer record: one of the three arithmetics above."""

    curve: Curve

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, the table or the multiplier."""
        return cls(shapes=(node.input(0).shape,), curve=_curve(node))

    def spec(self, x: Array) -> Array:
        """Any shape, elementwise."""
        return self.curve(x)

    def lower(self, site: Site) -> None:
        """A table of all inputs."""
        lower_lookup(site, 0, self.spec)


def _curve(node: Node) -> Curve:
    x, out = node.input(0), node.output
    if x.dtype == "INT16":
        return int16_curve(node, interpolate_logistic, gemmlowp16.logistic, shifts=(0,), label="C2")
    if node.rules.logistic_int8 == "table":
        check(out.scale == 1 / 256, "C1", f"the output's scale must be 1/256, not {out.scale}")
        return Table8.of(node, logistic)
    if node.rules.logistic_int8 == "table_float64":
        return Table8.of(node, logistic_float64)
    check(
        x.dtype == "INT8" and out.zero_point == -128,
        "C3",
        f"{x.dtype} with output zero point {out.zero_point}; the fixed-point function takes INT8"
        " and -128",
    )
    return FixedPoint8.of(x, node.rules, gemmlowp.logistic, fraction_bits=8, zero_point=-128)
