"""RELU6: min(max(x, 0), 6), from the input's scale to the output's.

Rule `relu6` = "rescale":
out = clamp(requantize(x - zp_in, by s_in / s_out) + zp_out, q(0), q(6))
with q(v) = zp_out + round_half_away(float32(v / s_out))

Rule `relu6` = "clamp" (TFLM), whatever the output's scale:
out = clamp(x, q(0), q(6))  with q(v) = zp_in + round_half_away(float32(v / s_in))

The precision of s_in / s_out is the rule `relu_scale`. q(0) and q(6) stay within the dtype.

C1  int16 has zero points 0

Semantics: LiteRT `kernels/activations.cc` (QuantizedReluX), ai-edge-litert 2.3.0; TFLM
`micro/kernels/activations_common.cc` (NUMERICS §6; CORRECTIONS items 12, 18).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from refint8.ops._activation import Rectifier
from refint8.ops._dtypes import rows
from refint8.ops._op import Node, operator


@operator("RELU6", versions=range(1, 4), dtypes=rows("{T}->{T}", ("UINT8", "INT8", "INT16")))
@dataclass(frozen=True, eq=False, kw_only=True)
class Relu6(Rectifier):
    """The integer record."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1; rescaling or clamping by the rule."""
        if node.rules.relu6 == "clamp":
            return cls.clamping(node, "RELU6")
        return cls.rescaling(node, "RELU6")
