"""BATCH_MATMUL: matrix products over broadcast batches, either matrix transposed by an option.

acc = sum over k of (x1[..., i, k] - zp1) * (x2[..., k, j] - zp2)
out = clamp(requantize(acc, by float32(s1 * s2) / s_out) + zp_out)

On int8 the rule `product` may name a requantization in float32, with f32(f32(s1 * s2) / s_out).
int8 is summed in 32 bits, int16 in 64. int8 to int32 is acc itself, with both zero points left
out, whatever they are.

An operand with several scales follows the rule `several_scales`: the kernel reads one.

C1  both inputs have rank 2 or more
C2  inner sizes are equal and batch axes broadcast
C3  zero points are values of their dtype, those next to int16 are 0

Semantics: LiteRT `kernels/batch_matmul.cc`, `reference/batch_matmul.h`, ai-edge-litert 2.3.0;
TFLM `micro/kernels/batch_matmul.cc`, tflite-micro 0.dev20261023 (CORRECTIONS item 15).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.numerics.accumulator import Accumulator
from refint8.numerics.fixedpoint import as_int64
from refint8.numerics.recording import note
from refint8.numerics.requantize import Requantizer, requantizer
from refint8.numerics.scales import PRODUCT_RATIO
from refint8.ops._batch_product_kernel import lower_batch_product
from refint8.ops._elementwise import Finish, check_zero_points
from refint8.ops._gemm import matmul
from refint8.ops._op import Array, Node, Operand, Record, Shape, check, operator, refuse
from refint8.ops._parameters import one_scale, one_zero_point


@operator(
    "BATCH_MATMUL",
    versions=range(1, 5),
    dtypes=("INT8,INT8->INT8|INT32", "INT16,INT16|INT8->INT16"),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class BatchMatmul(Record):
    """The integer record. Without `requantize` the accumulator is the output, as int32;
    without `accumulator` it has 64 bits.
    """

    transposed: tuple[bool, bool]
    zero_points: tuple[int, int]
    accumulator: Accumulator | None
    requantize: Requantizer | None
    finish: Finish | None

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, requantizer by dtypes and rules."""
        x1, x2, out = node.input(0), node.input(1), node.output
        transposed = bool(node.options.get("adj_x")), bool(node.options.get("adj_y"))
        shape = _product_shape(x1, x2, transposed)
        wide = out.dtype == "INT16"
        check_zero_points([x for x in (x1, x2, out) if x.dtype != "INT32"], "C3")
        if wide:
            for x in (x1, x2, out):
                check(x.zero_point == 0, "C3", f"tensor {x.index} has zero point {x.zero_point}")
        accumulator = None if wide else Accumulator(node.rules.accumulator)
        if out.dtype == "INT32":
            return cls(
                shapes=(shape,),
                transposed=transposed,
                zero_points=(0, 0),
                accumulator=accumulator,
                requantize=None,
                finish=None,
            )
        rule = node.rules.several_scales
        family = None if wide or node.rules.product == "general" else node.rules.product
        precision = "float32" if family == "float32" else "mixed"
        ratio = PRODUCT_RATIO[precision](one_scale(x1, rule), one_scale(x2, rule), out.scale)
        return cls(
            shapes=(shape,),
            transposed=transposed,
            zero_points=(one_zero_point(x1, rule), one_zero_point(x2, rule)),
            accumulator=accumulator,
            requantize=requantizer(ratio, node.rules, wide=wide, family=family),
            finish=Finish.of(node, "NONE"),
        )

    def spec(self, x1: Array, x2: Array) -> Array:
        """x1 [..., i, k] and x2 [..., k, j] to [..., i, j]; transposed ones the other way."""
        a, b = (
            as_int64(x.swapaxes(-1, -2) if transposed else x) - zero_point
            for x, transposed, zero_point in zip(
                (x1, x2), self.transposed, self.zero_points, strict=True
            )
        )
        acc = note("sum of products", "of the differences from the zero points", matmul(a, b))
        if self.accumulator is not None:
            acc = self.accumulator(acc)
        if self.requantize is None or self.finish is None:
            return acc.astype(np.int32)
        return self.finish(self.requantize(acc))

    def lower(self, site: Site) -> None:
        """Both operands packed, then dot products."""
        lower_batch_product(
            site,
            self.transposed,
            self.zero_points,
            self.accumulator,
            self.requantize,
            self.finish,
        )


def _product_shape(x1: Operand, x2: Operand, transposed: tuple[bool, bool]) -> Shape:
    for x in (x1, x2):
        check(len(x.shape) >= 2, "C1", f"tensor {x.index} of shape {x.shape} is no matrix")
    (rows, inner), (inner2, columns) = (
        x.shape[:-3:-1] if swap else x.shape[-2:]
        for x, swap in zip((x1, x2), transposed, strict=True)
    )
    check(inner == inner2, "C2", f"{x1.shape} and {x2.shape} have inner sizes {inner} and {inner2}")
    try:
        return (*np.broadcast_shapes(x1.shape[:-2], x2.shape[:-2]), rows, columns)
    except ValueError:
        refuse("C2", f"the batches of {x1.shape} and {x2.shape} do not broadcast")
