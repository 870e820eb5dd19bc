"""SUM: the sum over some axes.

8 and 16 bits: out = clamp(requantize(sum(in) - N * zp_in) + zp_out), N elements in each sum,
requantized by scale_in / scale_out.

8 bits under the rule reduction=float32, in **float32**, whatever the rule sum says:
out = clamp(round_half_even(sum(in) * k + z)), k = scale_in / scale_out,
z = zp_out - (N * zp_in) * k

int32 and int64: plain sums that wrap; no scales.

Under the rule sum=float32, with s = f32(s_in / s_out):
out = clamp(round_half_away(f32(f32(sum(in) * s) + f32(f32(-zp_in * s) * N))) + zp_out)

Under the rule sum=uint8_bytes, the engine's mistake: whatever their dtype, the input's bytes are
read as uint8 and the output is clamped to 0..255 and stored as bytes, zero points unchanged.

C1  axes lie within the input's rank
C2  int16 activations have zero point 0
C3  under the rule sum=uint8_bytes the dtype has 8 bits, as half of an int16 output stays unwritten

Semantics: LiteRT `kernels/reduce.cc`, QuantizedMeanOrSum in `reference/reduce.h`,
ai-edge-litert 2.3.0; TFLM `kernels/reduce_common.cc` (CORRECTIONS item 19).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from refint8.errors import DomainError
from refint8.model.types import NUMPY_DTYPE
from refint8.native.lowering import Site
from refint8.numerics.accumulator import Accumulator
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.fixedpoint import clamp
from refint8.numerics.recording import note
from refint8.numerics.requantize import Requantizer, requantizer
from refint8.numerics.rescale import Float32Line
from refint8.numerics.scales import ratio_float64
from refint8.ops._convolution import check_symmetric_int16
from refint8.ops._op import Array, Node, Record, operator
from refint8.ops._reduce import Reduction, sum_in_float32
from refint8.ops._reduce_kernel import lower_integer_sum, lower_requantized_sum


@operator(
    "SUM",
    versions=range(1, 3),
    dtypes=(
        "UINT8,INT32->UINT8",
        "INT8,INT32->INT8",
        "INT16,INT32->INT16",
        "INT32,INT32->INT32",
        "INT64,INT32->INT64",
    ),
    values=(1,),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Sum(Record):
    """The integer record; `requantize` is None for plain integers. `dtype` is the tensors',
    `computed_as` the one the engine takes them for.
    """

    reduction: Reduction
    requantize: Requantizer | None
    accumulator: Accumulator
    input_zero_point: int
    output_zero_point: int
    computed_as: str
    dtype: str

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, axes, requantizer."""
        x, out = node.input(0), node.output
        reduction = Reduction.of(node, "C1")
        check_symmetric_int16(x, out, "C2")
        plain = x.dtype in ("INT32", "INT64")
        in_float32 = sum_in_float32(node, reduction.count, mean=False)
        own_dtype = plain or in_float32 is not None or node.rules.sum != "uint8_bytes"
        computed_as = x.dtype if own_dtype else "UINT8"
        if computed_as == "UINT8" and x.dtype == "INT16":
            raise DomainError(
                "the engine sums the bytes of int16 values and leaves half of the output unwritten",
                label="C3",
                hint="a profile that sums in the tensor's own dtype computes what was meant",
            )
        raw = plain or in_float32 is not None
        return cls(
            shapes=(reduction.shape,),
            reduction=reduction,
            requantize=None if plain else in_float32 or _requantizer(node, reduction.count),
            accumulator=Accumulator(node.rules.accumulator),
            input_zero_point=0 if raw or node.rules.sum == "float32" else x.zero_point,
            output_zero_point=0 if raw else out.zero_point,
            computed_as=computed_as,
            dtype=out.dtype,
        )

    def spec(self, x: Array, _axes: Array | None = None) -> Array:
        """x of any shape to the reduced shape."""
        if self.requantize is None:
            return self.reduction(np.add, x)
        values = x.astype(NUMPY_DTYPE[self.computed_as]).astype(np.int64)
        total = self.reduction(np.add, values)
        note("sum", "of the raw values", total)
        centred = total - self.reduction.count * self.input_zero_point
        operands: dict[str, Any] = {
            "sum": total,
            "count": self.reduction.count,
            "zp": self.input_zero_point,
        }
        note("- count * zero point", "sum - count * zp", centred, **operands)
        scaled = self.requantize(self.accumulator(centred))
        steps = self.accumulator(scaled + self.output_zero_point)
        note("+ zero point", "x + zp", steps, x=scaled, zp=self.output_zero_point)
        clamped = clamp(steps, *DTYPE_RANGE[self.computed_as])
        out: Array = clamped.astype(NUMPY_DTYPE[self.dtype])
        return note("stored as", "a byte of the output's dtype", out, x=clamped, if_changed="x")

    def lower(self, site: Site) -> None:
        """Sums, as they are or requantized."""
        x = site.read(0)
        if self.requantize is None:
            lower_integer_sum(site, x, self.reduction, self.dtype, 1)
            return
        zero_points = (self.input_zero_point, self.output_zero_point)
        lower_requantized_sum(
            site,
            x,
            self.reduction,
            self.computed_as,
            self.requantize,
            self.accumulator,
            zero_points,
        )


def _requantizer(node: Node, count: int) -> Requantizer:
    x, out, rules = node.input(0), node.output, node.rules
    if rules.sum == "float32":
        return Float32Line.of_sum((x.scale, out.scale), x.zero_point, count, rules)
    return requantizer(ratio_float64(x.scale, out.scale), rules)
