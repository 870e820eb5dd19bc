"""The interval of a fused activation where engines round its bounds differently."""

from __future__ import annotations

from refint8.numerics.activation import ACTIVATION_BOUNDS, activation_range
from refint8.ops._op import Node, check


def fused_clamp(node: Node) -> tuple[int, int]:
    """Lowest and highest output step, their rounding by the rule `activation_bounds`."""
    name = str(node.options.get("fused_activation_function", "NONE"))
    check(name in ACTIVATION_BOUNDS, "activation", f"the fused activation {name} is not known")
    out, rounding = node.output, node.rules.activation_bounds
    return activation_range(name, out.dtype, out.scale, out.zero_point, rounding)
