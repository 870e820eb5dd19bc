"""Dense networks for many samples at once: one product of many rows instead of many of one."""

from __future__ import annotations

from refint8.engine.plan import make_plan
from refint8.engine.program import Program, Stretch, lower
from refint8.errors import Refint8Error
from refint8.native.cpu import Tier
from refint8.ops._op import Shape

WIDTH = 32
"""Samples of a dense network that go through a program at once, as rows of its products."""

ROW_BY_ROW = frozenset(
    (
        *("FULLY_CONNECTED", "RESHAPE", "QUANTIZE", "DEQUANTIZE", "RELU", "RELU6", "LEAKY_RELU"),
        *("LOGISTIC", "TANH", "HARD_SWISH", "SOFTMAX", "ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM"),
    )
)
"""Operators that treat rows alike and apart as long as the first dimension counts them."""


def widened(program: Program, on: Tier) -> Program | None:
    """The same network for WIDTH samples at once; None where that is not faster or not the same.

    It is faster for dense layers, whose products have one row a sample. It is the same when every
    operator works row by row and every tensor that is not known beforehand has WIDTH times the
    rows, in the order of the samples.
    """
    plan = program.plan
    names = {step.operator.name for step in plan.steps}
    if not names <= ROW_BY_ROW or "FULLY_CONNECTED" not in names:
        return None
    shapes = {index: plan.shapes[index] for index in plan.subgraph.inputs}
    wide_shapes = {index: _times(shape) for index, shape in shapes.items()}
    if None in wide_shapes.values():
        return None
    try:
        wide = make_plan(
            plan.model,
            plan.rules,
            {index: shape for index, shape in wide_shapes.items() if shape is not None},
            plan.subgraph.index,
        )
    except Refint8Error:
        return None
    for step in plan.steps:
        for index in step.operator.outputs:
            known = index in plan.values
            if known != (index in wide.values):
                return None
            if not known and wide.shapes[index] != _times(plan.shapes[index]):
                return None
            # Of a vector nobody could tell whether it counts rows or is one.
            if not known and len(plan.shapes[index] or ()) < 2:
                return None
    lowered = lower(wide, on, keep_all=False)
    return lowered if lowered is not None and only_stretch(lowered) is not None else None


def _times(shape: Shape | None) -> Shape | None:
    return (WIDTH * shape[0], *shape[1:]) if shape else None


def only_stretch(program: Program) -> Stretch | None:
    """The only part of a program that never comes back to Python."""
    parts = program.parts
    return parts[0] if len(parts) == 1 and isinstance(parts[0], Stretch) else None
