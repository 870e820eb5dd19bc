"""REDUCE_PROD: the product over some axes.

int8 and int16 with scales, in row-major order over the n elements that meet in one output:
p_1 = x_1 - zp_in
p_k = requantize(p_(k-1) * (x_k - zp_in))                                k = 2 to n
out = clamp(requantize(p_n) + zp_out)
where requantize is by s_in / s_out^(1/n), in double, for 64-bit accumulators.

Under the rule product_of_one=copied, values with scales are copied where n is 1.

Integers without scales: modulo 2^bits, 1 where there is no element.

C1  axes lie within the input's rank
C2  int16 has zero points 0
C3  with scales there is at least one element to multiply
C4  with scales the dtype is int8 or int16

Semantics: LiteRT `kernels/reduce.cc`, QuantizedReduceProd in `reference/reduce.h`, ai-edge-litert
2.3.0 (CORRECTIONS item 20).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.model.types import NUMPY_DTYPE
from refint8.native.lowering import Site
from refint8.numerics.fixedpoint import as_int64
from refint8.numerics.requantize import Requantizer, requantizer
from refint8.numerics.scales import ratio_to_root
from refint8.ops._dtypes import rows
from refint8.ops._elementwise import Finish, check_symmetric
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._reduce import Reduction
from refint8.ops._reduction_kernel import lower_reduction, lower_requantized_product


@operator(
    "REDUCE_PROD",
    versions=range(1, 3),
    dtypes=rows("{T},INT32->{T}", ("INT8", "INT16", "UINT8", "INT32", "INT64")),
    values=(1,),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class ReduceProd(Record):
    """The integer record; `requantize` is None for plain integers."""

    reduction: Reduction
    input_zero_point: int
    requantize: Requantizer | None
    finish: Finish | None

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C4, axes, requantizer."""
        x, out = node.input(0), node.output
        reduction = Reduction.of(node, "C1")
        check_symmetric((x, out), "C2")
        if not x.quantized:
            return cls._plain(reduction)
        check(math.prod(x.shape) > 0, "C3", f"an input of {x.shape} has no element to multiply")
        check(x.dtype in ("INT8", "INT16"), "C4", f"{x.dtype} has scales")
        if reduction.count == 1 and node.rules.product_of_one == "copied":
            return cls._plain(reduction)
        ratio = ratio_to_root(x.scale, out.scale, reduction.count)
        return cls(
            shapes=(reduction.shape,),
            reduction=reduction,
            input_zero_point=x.zero_point,
            requantize=requantizer(ratio, node.rules, wide=True),
            finish=Finish.of(node, "NONE"),
        )

    @classmethod
    def _plain(cls, reduction: Reduction) -> Self:
        """A product of the values as they are."""
        return cls(
            shapes=(reduction.shape,),
            reduction=reduction,
            input_zero_point=0,
            requantize=None,
            finish=None,
        )

    def spec(self, x: Array, _axes: Array | None = None) -> Array:
        """x of any shape to the reduced shape. The order is part of the result, so the elements
        of one product are taken one after the other.
        """
        if self.requantize is None or self.finish is None:
            with np.errstate(over="ignore"):
                return self.reduction(np.multiply, x)
        axes = self.reduction.axes
        last = tuple(range(x.ndim - len(axes), x.ndim))
        ordered = np.moveaxis(as_int64(x), axes, last).reshape(-1, self.reduction.count)
        factors = np.ascontiguousarray(ordered.T) - self.input_zero_point
        product = factors[0]
        for factor in factors[1:]:
            product = self.requantize(product * factor)
        out: Array = self.finish(self.requantize(product)).reshape(self.shapes[0])
        assert out.dtype == NUMPY_DTYPE[self.finish.dtype]
        return out

    def lower(self, site: Site) -> None:
        """One product after the other; plain integers in vectors or runs."""
        if self.requantize is None or self.finish is None:
            lower_reduction(site, self.reduction, "prod")
            return
        lower_requantized_product(
            site, self.reduction, self.input_zero_point, self.requantize, self.finish
        )
