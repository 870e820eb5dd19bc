"""GELU: x times the normal distribution's cumulative probability, by a table.

8 bits: 256 entries, in **float32**:
out = clamp(round_half_away(f(s_in * (x - zp_in)) * (1 / s_out)) + zp_out)

int16: 513 entries in **float32**, interpolated:
out = lut16(x)                                                              `numerics/tables.py`

f(t) = 0.5 * t * erfc(t * -sqrt(1/2)), with the option `approximate`
f(t) = 0.5 * t * (1 + tanh(sqrt(2/pi) * (t + 0.044715 * t * t * t))), from left to right.
tanh and erfc are correctly rounded, or glibc's, by the rule `gelu`.

C1  int16 has zero points 0

Semantics: LiteRT `kernels/activations.cc` (GeluPrepare), `reference/gelu.h`, ai-edge-litert 2.3.0
(CORRECTIONS items 29, 30).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from refint8.native.lowering import Site
from refint8.numerics import elementary, fdlibm
from refint8.numerics.elementary import Floats
from refint8.numerics.tables import TableFunction
from refint8.ops._dtypes import rows
from refint8.ops._elementwise import check_symmetric
from refint8.ops._lookup import Table16
from refint8.ops._lookup_kernel import lower_lookup
from refint8.ops._op import Array, Node, Record, operator
from refint8.ops._sigmoid import Curve, Table8

MINUS_SQRT_HALF: Final = np.float32(-math.sqrt(0.5))
SQRT_TWO_OVER_PI: Final = np.float32(2 / math.sqrt(math.pi) * math.sqrt(0.5))
CUBE_FACTOR: Final = np.float32(0.044715)
HALF: Final = np.float32(0.5)
ONE: Final = np.float32(1)


def gelu(error_function: TableFunction) -> TableFunction:
    """By the complementary error function; float32."""

    def of(t: Floats) -> Floats:
        return np.asarray(HALF * t * error_function(t * MINUS_SQRT_HALF))

    return of


def gelu_approximate(tangent: TableFunction) -> TableFunction:
    """By the hyperbolic tangent; float32."""

    def of(t: Floats) -> Floats:
        inner = SQRT_TWO_OVER_PI * (t + CUBE_FACTOR * t * t * t)
        return np.asarray(HALF * t * (ONE + tangent(inner)))

    return of


FUNCTIONS: Final[Mapping[tuple[str, bool], TableFunction]] = {
    ("rounded", False): gelu(elementary.erfc),
    ("rounded", True): gelu_approximate(elementary.tanh),
    ("glibc", False): gelu(fdlibm.erfc),
    ("glibc", True): gelu_approximate(fdlibm.tanh),
}
"""By the rule `gelu` and the option `approximate`."""


@operator("GELU", versions=range(1, 4), dtypes=rows("{T}->{T}", ("UINT8", "INT8", "INT16")))
@dataclass(frozen=True, eq=False, kw_only=True)
class Gelu(Record):
    """The integer record: a table."""

    curve: Curve

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1, the table."""
        x = node.input(0)
        check_symmetric((x, node.output), "C1")
        function = FUNCTIONS[node.rules.gelu, bool(node.options.get("approximate"))]
        table = Table16 if x.dtype == "INT16" else Table8
        return cls(shapes=(x.shape,), curve=table.of(node, function))

    def spec(self, x: Array) -> Array:
        """Any shape, elementwise."""
        return self.curve(x)

    def lower(self, site: Site) -> None:
        """A table of all inputs."""
        lower_lookup(site, 0, self.spec)
