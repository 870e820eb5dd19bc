"""PRELU: x where x >= 0, alpha * x elsewhere, alpha a tensor that broadcasts to the input.

d   = x - zp_in
out = clamp(zp_out + requantize(d, by s_in / s_out))                                 where d >= 0
out = clamp(zp_out + requantize(d * (alpha - zp_alpha), by s_in * s_alpha / s_out))  elsewhere

The precision of both ratios is the rule `prelu_scale`. int16 activations take an int8 alpha.

C1  alpha broadcasts to the input's shape

Semantics: LiteRT `kernels/activations.cc` (PreluPrepare), `reference/prelu.h`, ai-edge-litert
2.3.0 (NUMERICS §1; CORRECTIONS item 12).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.numerics.fixedpoint import as_int64
from refint8.numerics.recording import note, taken
from refint8.numerics.requantize import Requantizer, requantizer
from refint8.numerics.scales import PRODUCT_RATIO, RATIO
from refint8.ops._elementwise import Finish, broadcast_shape
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._scaled_product_kernel import lower_prelu


@operator(
    "PRELU",
    versions=range(1, 2),
    dtypes=("UINT8,UINT8->UINT8", "INT8,INT8->INT8", "INT16,INT8->INT16"),
    dtype_of=0,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Prelu(Record):
    """The integer record."""

    input_zero_point: int
    alpha_zero_point: int
    identity: Requantizer
    slope: Requantizer
    finish: Finish

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1, both requantizers."""
        x, alpha, out = node.input(0), node.input(1), node.output
        check(
            broadcast_shape(x, alpha, "C1") == x.shape,
            "C1",
            f"alpha {alpha.shape} does not broadcast to the input's shape {x.shape}",
        )
        precision = node.rules.prelu_scale
        slope = PRODUCT_RATIO[precision](x.scale, alpha.scale, out.scale)
        return cls(
            shapes=(x.shape,),
            input_zero_point=x.zero_point,
            alpha_zero_point=alpha.zero_point,
            identity=requantizer(RATIO[precision](x.scale, out.scale), node.rules),
            slope=requantizer(slope, node.rules),
            finish=Finish.of(node),
        )

    def spec(self, x: Array, alpha: Array) -> Array:
        """x of any shape, alpha broadcasts to it."""
        d = as_int64(x) - self.input_zero_point
        note("x - zero point", "x - zp", d, x=x, zp=self.input_zero_point)
        with taken(d >= 0):
            positive = self.identity(np.maximum(d, 0))
        product = np.minimum(d, 0) * (as_int64(alpha) - self.alpha_zero_point)
        with taken(d < 0):
            note("product", "x * (alpha - zp)", product, x=d, alpha=alpha, zp=self.alpha_zero_point)
            negative = self.slope(product)
        return self.finish(np.where(d >= 0, positive, negative))

    def lower(self, site: Site) -> None:
        """Both branches in vectors, then a choice."""
        lower_prelu(
            site,
            (self.input_zero_point, self.alpha_zero_point),
            self.identity,
            self.slope,
            self.finish,
            self.spec,
        )
