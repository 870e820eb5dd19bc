"""RELU_N1_TO_1: min(max(x, -1), 1), from the input's scale to the output's.

out = clamp(requantize(x - zp_in, by s_in / s_out) + zp_out, q(-1), q(1))
with q(v) = zp_out + round_half_away(float32(v / s_out)), kept within the dtype

The precision of s_in / s_out is the rule `relu_scale`.

Semantics: LiteRT `kernels/activations.cc` (QuantizedReluX), ai-edge-litert 2.3.0 (CORRECTIONS
items 12, 18).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from refint8.ops._activation import Rectifier
from refint8.ops._dtypes import rows
from refint8.ops._op import Node, operator


@operator("RELU_N1_TO_1", versions=range(1, 2), dtypes=rows("{T}->{T}", ("UINT8", "INT8")))
@dataclass(frozen=True, eq=False, kw_only=True)
class ReluN1To1(Rectifier):
    """The integer record."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Requantizer and interval."""
        return cls.rescaling(node, "RELU_N1_TO_1")
