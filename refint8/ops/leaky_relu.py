"""LEAKY_RELU: x where x >= 0, alpha * x elsewhere, from the input's scale to the output's.

d   = x - zp_in
out = clamp(zp_out + requantize(d, by s_in / s_out))                       where d >= 0
out = clamp(zp_out + sign * requantize(d, by |s_in * alpha / s_out|))      elsewhere

`sign` is alpha's: a negative alpha is taken out before and put back after rounding. The precision
of both ratios is the rule `leaky_relu_scale`. On 8 bits the rule `leaky_relu` may name factors with
8 fractional bits instead, with alpha's sign on the factor: (d * round_half_even(256 * f32(f32(s_in
/ s_out) * alpha)) + 128) >> 8.

C1  int16 has zero points 0

Semantics: LiteRT `kernels/activations.cc` (LeakyReluPrepare), `reference/leaky_relu.h`,
ai-edge-litert 2.3.0 and tflite-micro 0.dev20261023 (NUMERICS §1; CORRECTIONS item 12).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.numerics.eight_fraction_bits import EightFractionBits
from refint8.numerics.fixedpoint import as_int64
from refint8.numerics.recording import note, taken
from refint8.numerics.requantize import Requantizer, requantizer
from refint8.numerics.scales import PRODUCT_RATIO, RATIO, ratio_float32
from refint8.ops._dtypes import rows
from refint8.ops._elementwise import Finish, check_symmetric
from refint8.ops._lookup_kernel import lower_lookup
from refint8.ops._op import Array, Node, Record, operator


@operator("LEAKY_RELU", versions=range(1, 3), dtypes=rows("{T}->{T}", ("UINT8", "INT8", "INT16")))
@dataclass(frozen=True, eq=False, kw_only=True)
class LeakyRelu(Record):
    """The integer record. `sign` is what is taken out of the slope: -1 or 1."""

    input_zero_point: int
    identity: Requantizer
    slope: Requantizer
    sign: int
    finish: Finish

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1, both requantizers."""
        x, out = node.input(0), node.output
        check_symmetric((x, out), "C1")
        alpha = float(np.float32(node.options["alpha"]))
        if node.rules.leaky_relu == "eight_bits" and x.dtype != "INT16":
            ratio = ratio_float32(x.scale, out.scale)
            return cls(
                shapes=(x.shape,),
                input_zero_point=x.zero_point,
                identity=EightFractionBits.of(ratio),
                slope=EightFractionBits.of(float(np.float32(ratio) * np.float32(alpha))),
                sign=1,
                finish=Finish.of(node),
            )
        precision = node.rules.leaky_relu_scale
        slope = PRODUCT_RATIO[precision](x.scale, alpha, out.scale)
        return cls(
            shapes=(x.shape,),
            input_zero_point=x.zero_point,
            identity=requantizer(RATIO[precision](x.scale, out.scale), node.rules),
            slope=requantizer(abs(slope), node.rules),
            sign=-1 if slope < 0 else 1,
            finish=Finish.of(node),
        )

    def spec(self, x: Array) -> Array:
        """Any shape, elementwise."""
        d = as_int64(x) - self.input_zero_point
        note("x - zero point", "x - zp", d, x=x, zp=self.input_zero_point)
        with taken(d >= 0):
            positive = self.identity(np.maximum(d, 0))
        with taken(d < 0):
            negative = self.sign * self.slope(np.minimum(d, 0))
        return self.finish(np.where(d >= 0, positive, negative))

    def lower(self, site: Site) -> None:
        """A table of all inputs."""
        lower_lookup(site, 0, self.spec)
