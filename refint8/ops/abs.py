"""ABS: the absolute value.

int8, and int16 with scales:
out = clamp(requantize(|x - zp_in|, by s_in / s_out) + zp_out)
without the requantization where both scales are equal

The precision of s_in / s_out is the rule `quotient_scale`.

int32, and int16 without scales: |x| modulo 2^bits, so that the lowest value stays what it is.

C1  int16 has zero points 0

Semantics: LiteRT `kernels/elementwise.cc`, ai-edge-litert 2.3.0; TFLM
`micro/kernels/elementwise.cc`, tflite-micro 0.dev20261023 (CORRECTIONS item 12).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.native.raw_unary import raw_unary
from refint8.numerics.fixedpoint import as_int64
from refint8.numerics.recording import note
from refint8.numerics.requantize import Requantizer, requantizer
from refint8.numerics.scales import RATIO
from refint8.ops._dtypes import rows
from refint8.ops._elementwise import Finish, check_symmetric
from refint8.ops._lookup_kernel import lower_lookup
from refint8.ops._op import Array, Node, Record, operator


@operator("ABS", versions=range(1, 6), dtypes=rows("{T}->{T}", ("INT8", "INT16", "INT32")))
@dataclass(frozen=True, eq=False, kw_only=True)
class Abs(Record):
    """The integer record; plain integers have no `finish`, equal scales no `requantize`."""

    input_zero_point: int
    requantize: Requantizer | None
    finish: Finish | None

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1, requantizer."""
        x, out = node.input(0), node.output
        if x.dtype == "INT32" or (x.dtype == "INT16" and not x.quantized):
            return cls(shapes=(x.shape,), input_zero_point=0, requantize=None, finish=None)
        check_symmetric((x, out), "C1")
        ratio = RATIO[node.rules.quotient_scale](x.scale, out.scale)
        return cls(
            shapes=(x.shape,),
            input_zero_point=x.zero_point,
            requantize=None if x.scale == out.scale else requantizer(ratio, node.rules),
            finish=Finish.of(node, "NONE"),
        )

    def spec(self, x: Array) -> Array:
        """Any shape, elementwise."""
        if self.finish is None:
            return np.asarray(np.abs(x))
        distance = np.abs(as_int64(x) - self.input_zero_point)
        note("distance", "|x - zp|", distance, x=x, zp=self.input_zero_point)
        return self.finish(distance if self.requantize is None else self.requantize(distance))

    def lower(self, site: Site) -> None:
        """A table of all inputs; plain integers in a loop."""
        if self.finish is not None:
            lower_lookup(site, 0, self.spec)
            return
        x = site.read(0)
        site.call(raw_unary("absolute", x.dtype.name.upper()), x.offset, site.output.offset, x.size)
