"""ELU: x where it is positive, else e^x - 1, by a table.

256 entries, in **float32** with correctly rounded functions:
out = clamp(round_half_away(f(s_in * (x - zp_in)) * (1 / s_out)) + zp_out)

f(t) = t for t >= 0, else by the rule `elu` expm1(t) in one rounding or exp(t) - 1 in two.

Semantics: LiteRT `kernels/activations.cc` (EluPrepare), ai-edge-litert 2.3.0, default resolver;
TFLM `micro/kernels/elu.cc`, tflite-micro 0.dev20261023 (CORRECTIONS item 29).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from refint8.native.lowering import Site
from refint8.numerics import elementary
from refint8.numerics.elementary import Floats
from refint8.numerics.tables import TableFunction
from refint8.ops._lookup_kernel import lower_lookup
from refint8.ops._op import Array, Node, Record, operator
from refint8.ops._sigmoid import Table8


def elu(t: Floats) -> Floats:
    """With one rounding below 0; float32."""
    return np.where(t < 0, elementary.expm1(np.minimum(t, 0)), t)


def elu_by_exp(t: Floats) -> Floats:
    """With two roundings below 0; float32."""
    return np.where(t < 0, elementary.exp(np.minimum(t, 0)) - np.float32(1), t)


FUNCTIONS: Final[Mapping[str, TableFunction]] = {"expm1": elu, "exp": elu_by_exp}
"""Alternatives of the rule `elu`."""


@operator("ELU", versions=range(1, 2), dtypes=("INT8->INT8",))
@dataclass(frozen=True, eq=False, kw_only=True)
class Elu(Record):
    """The integer record: a table."""

    curve: Table8

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """The table."""
        function = FUNCTIONS[node.rules.elu]
        return cls(shapes=(node.input(0).shape,), curve=Table8.of(node, function))

    def spec(self, x: Array) -> Array:
        """Any shape, elementwise."""
        return self.curve(x)

    def lower(self, site: Site) -> None:
        """A table of all inputs."""
        lower_lookup(site, 0, self.spec)
