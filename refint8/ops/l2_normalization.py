"""L2_NORMALIZATION: x divided by the square root of the sum of its squares, over the last axis.

d = x - zp_in;  (m, e) = inverse square root of sum(d^2)      `numerics/inverse_square_root.py`
out = clamp(requantize(d, by m * 2^(e + 7)))                       int8
out = clamp(128 + RDBPOT(SRDHM(128 * d, m), -e), 0, 255)           uint8

A row of zeros stays 0: the inverse root of sums up to 1 is 1. The input's scale does not matter.

C1  the input has rank 1 or more
C2  the output has scale 1/128 and zero point 0, uint8 128
C3  there is no fused activation

Semantics: LiteRT `kernels/l2norm.cc`, `reference/integer_ops/l2normalization.h`, ai-edge-litert
2.3.0; TFLM `micro/kernels/l2norm.cc` (CORRECTIONS item 35).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from refint8.model.types import NUMPY_DTYPE
from refint8.native.lowering import Site
from refint8.numerics.accumulator import Accumulator
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.fixedpoint import as_int64, clamp
from refint8.numerics.inverse_square_root import inverse_square_root
from refint8.numerics.recording import note
from refint8.numerics.requantize import DoubleRounding
from refint8.ops._dtypes import rows
from refint8.ops._l2_normalization_kernel import l2_rows
from refint8.ops._op import Array, Node, Record, check, operator

OUTPUT_SCALE = 1 / 128
OUTPUT_ZERO_POINT = {"INT8": 0, "UINT8": 128}


@operator("L2_NORMALIZATION", versions=range(1, 3), dtypes=rows("{T}->{T}", OUTPUT_ZERO_POINT))
@dataclass(frozen=True, eq=False, kw_only=True)
class L2Normalization(Record):
    """The integer record."""

    input_zero_point: int
    accumulator: Accumulator
    dtype: str

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3."""
        x, out = node.input(0), node.output
        check(x.shape and x.shape[-1] > 0, "C1", f"input {x.shape} has no last axis to sum over")
        zero_point = OUTPUT_ZERO_POINT[out.dtype]
        check(
            out.scale == OUTPUT_SCALE and out.zero_point == zero_point,
            "C2",
            f"output scale {out.scale} and zero point {out.zero_point} must be 1/128 and"
            f" {zero_point}",
        )
        activation = node.options.get("fused_activation_function", "NONE")
        check(activation == "NONE", "C3", f"the fused activation {activation}")
        return cls(
            shapes=(x.shape,),
            input_zero_point=x.zero_point,
            accumulator=Accumulator(node.rules.accumulator),
            dtype=out.dtype,
        )

    def spec(self, x: Array) -> Array:
        """x [..., depth] to the same shape."""
        d = as_int64(x) - self.input_zero_point
        note("x - zero point", "x - zp", d, x=x, zp=self.input_zero_point)
        total = self.accumulator((d * d).sum(axis=-1, keepdims=True))
        note("sum of squares", "over the last axis", total, row=d * d)
        multiplier, shift = inverse_square_root(total)
        # The left shift of int8 stays below 2^31, as d does not exceed the root of the sum.
        if self.dtype == "INT8":
            steps = DoubleRounding(multiplier, shift + 7, "wrap")(d)
        else:
            steps = 128 + DoubleRounding(multiplier, shift)(128 * d)
        return clamp(steps, *DTYPE_RANGE[self.dtype]).astype(NUMPY_DTYPE[self.dtype])

    def lower(self, site: Site) -> None:
        """Row by row."""
        x = site.read(0)
        depth = x.shape[-1]
        wraps = int(self.accumulator.overflow == "wrap")
        site.call(
            l2_rows(self.dtype),
            x.offset,
            site.output.offset,
            x.size // depth,
            depth,
            self.input_zero_point,
            wraps,
            site.alarm,
        )
