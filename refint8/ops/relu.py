"""RELU: max(x, 0), from the input's scale to the output's.

out = clamp(requantize(x - zp_in, by s_in / s_out) + zp_out, max(lowest, zp_out), highest)

The precision of s_in / s_out is the rule `relu_scale`. `lowest` and `highest` are the dtype's.

C1  int16 has zero points 0

Semantics: LiteRT `kernels/activations.cc` (QuantizedReluX), `reference_ops.h` (ReluX),
ai-edge-litert 2.3.0 (NUMERICS §1; CORRECTIONS items 12, 18).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from refint8.ops._activation import Rectifier
from refint8.ops._dtypes import rows
from refint8.ops._op import Node, operator


@operator("RELU", versions=range(1, 4), dtypes=rows("{T}->{T}", ("UINT8", "INT8", "INT16")))
@dataclass(frozen=True, eq=False, kw_only=True)
class Relu(Rectifier):
    """The integer record."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1, requantizer, interval."""
        return cls.rescaling(node, "RELU")
