"""RSQRT: 1 / sqrt(x).

int8, and int16 under the rule `rsqrt_int16` = "integer", with d = x - zp_in:
(m, e) = inverse square root of d                               `numerics/inverse_square_root.py`
y      = requantize(1, by m * 2^(e + 20 - 31))
out    = clamp(requantize(y, by 2^-20 / (sqrt(s_in) * s_out)) + zp_out)
and the dtype's highest value where d = 0; root and product in the precision of the rule
`quotient_scale`

int16, "table": 513 entries in **float32**, interpolated (`numerics/tables.py`):
out = lut16(x), of 1 / sqrt(t) for t > 0, else the highest value that the output can express

A negative value is a DomainError, the engine refuses to run.

C1  int16 has zero points 0

Semantics: LiteRT `kernels/elementwise.cc`, ai-edge-litert 2.3.0; TFLM
`micro/kernels/elementwise.cc`, tflite-micro 0.dev20261023 (CORRECTIONS items 30, 35).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.errors import DomainError
from refint8.native.lowering import Site
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.elementary import Floats
from refint8.numerics.fixedpoint import as_int64
from refint8.numerics.inverse_square_root import inverse_square_root
from refint8.numerics.multiplier import quantize_multiplier
from refint8.numerics.requantize import DoubleRounding, Requantizer
from refint8.ops._dtypes import rows
from refint8.ops._elementwise import Finish, check_symmetric
from refint8.ops._guarded_lookup import lower_from_zero_point
from refint8.ops._lookup import Table16
from refint8.ops._op import Array, Node, Operand, Record, operator
from refint8.ops._sigmoid import Curve

FRACTION_BITS = 20
"""Bits behind the point of the inverse root before it is scaled."""


@dataclass(frozen=True, eq=False)
class InverseRoot:
    """By Newton's iteration in integers."""

    input_zero_point: int
    requantize: Requantizer
    finish: Finish

    @classmethod
    def of(cls, node: Node) -> Self:
        """The multiplier of 1 / (sqrt(s_in) * s_out), root and product by rule."""
        x, out = node.input(0), node.output
        real = np.dtype(node.rules.quotient_scale).type
        with np.errstate(all="ignore"):
            product = np.sqrt(real(x.scale)) * real(out.scale)
            multiplier, shift = quantize_multiplier(float(1 / np.float64(product)))
        return cls(
            input_zero_point=x.zero_point,
            requantize=DoubleRounding(
                as_int64(multiplier), as_int64(shift - FRACTION_BITS), node.rules.left_shift
            ),
            finish=Finish.of(node, "NONE"),
        )

    def __call__(self, x: Array) -> Array:
        """Elementwise; no value lies below the zero point."""
        d = as_int64(x) - self.input_zero_point
        multiplier, shift = inverse_square_root(d)
        root = DoubleRounding(multiplier, shift + FRACTION_BITS)(np.ones_like(d))
        out = self.finish(self.requantize(root))
        highest = out.dtype.type(DTYPE_RANGE[self.finish.dtype][1])
        return np.where(d == 0, highest, out)


@operator("RSQRT", versions=range(1, 4), dtypes=rows("{T}->{T}", ("INT8", "INT16")))
@dataclass(frozen=True, eq=False, kw_only=True)
class Rsqrt(Record):
    """The integer record: one of the two arithmetics above."""

    input_zero_point: int
    curve: Curve

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1, multiplier or table by dtype and rule."""
        x, out = node.input(0), node.output
        check_symmetric((x, out), "C1")
        by_table = x.dtype == "INT16" and node.rules.rsqrt_int16 == "table"
        curve = _table(node, out) if by_table else InverseRoot.of(node)
        return cls(shapes=(x.shape,), input_zero_point=x.zero_point, curve=curve)

    def spec(self, x: Array) -> Array:
        """Any shape, elementwise."""
        below = as_int64(x) < self.input_zero_point
        if below.any():
            raise DomainError(f"the inverse square root of {int(below.sum())} negative values")
        return self.curve(x)

    def lower(self, site: Site) -> None:
        """A table of all inputs that are not negative."""
        lower_from_zero_point(site, self.spec, self.input_zero_point)


def _table(node: Node, out: Operand) -> Table16:
    with np.errstate(all="ignore"):
        highest = np.float32(DTYPE_RANGE["INT16"][1]) * np.float32(out.scale)

    def inverse_root(t: Floats) -> Floats:
        return np.where(t <= 0, highest, np.float32(1) / np.sqrt(np.maximum(t, np.float32(0))))

    return Table16.of(node, inverse_root)
