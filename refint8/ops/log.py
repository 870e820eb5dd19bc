"""LOG: the natural logarithm, by a table.

int8: 256 entries, in **float32** with a correctly rounded logarithm:
out = clamp(round_half_away(f(s_in * (x - zp_in)) * (1 / s_out)) + zp_out)

int16: 513 entries in **float32**, interpolated:
out = lut16(x)                                                              `numerics/tables.py`

f(t) = log(t) for t > 0, else the lowest value that the output can express.

C1  int16 has zero points 0

Semantics: LiteRT `kernels/elementwise.cc` (LogLUTPrepare), ai-edge-litert 2.3.0 (CORRECTIONS
items 29, 30).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.numerics import elementary
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.elementary import Floats
from refint8.ops._dtypes import rows
from refint8.ops._elementwise import check_symmetric
from refint8.ops._lookup import Table16
from refint8.ops._lookup_kernel import lower_lookup
from refint8.ops._op import Array, Node, Record, operator
from refint8.ops._sigmoid import Curve, Table8


@operator("LOG", versions=range(1, 3), dtypes=rows("{T}->{T}", ("INT8", "INT16")))
@dataclass(frozen=True, eq=False, kw_only=True)
class Log(Record):
    """The integer record: a table."""

    curve: Curve

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1, the table."""
        x, out = node.input(0), node.output
        check_symmetric((x, out), "C1")
        steps = np.float32(DTYPE_RANGE[out.dtype][0] - out.zero_point)
        with np.errstate(all="ignore"):
            lowest = np.float32(steps * np.float32(out.scale))

        def logarithm(t: Floats) -> Floats:
            return np.where(t <= 0, lowest, elementary.log(np.where(t <= 0, np.float32(1), t)))

        table = Table16 if x.dtype == "INT16" else Table8
        return cls(shapes=(x.shape,), curve=table.of(node, logarithm))

    def spec(self, x: Array) -> Array:
        """Any shape, elementwise."""
        return self.curve(x)

    def lower(self, site: Site) -> None:
        """A table of all inputs."""
        lower_lookup(site, 0, self.spec)
