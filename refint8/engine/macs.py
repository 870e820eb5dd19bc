"""How many multiplications and additions (MACs) an operator performs, from shapes alone.

Counted are products of data with weights or of data with data that are summed up: convolutions,
matrix products and recurrent cells. Taps in the padding count, as accelerators and datasheets count
them; requantization, pooling and elementwise operators count nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Final

from refint8.engine.plan import Plan
from refint8.model.types import Operator
from refint8.ops._op import Shape


def macs(operator: Operator, shapes: Mapping[int, Shape | None]) -> int | None:
    """The MACs of one operator; None while a shape that decides it is unknown.

    `shapes` are the actual shapes by tensor index. 0 for operators that count nothing, and for
    shapes that do not fit the operator.
    """
    count = _COUNTS.get(operator.name)
    if count is None or not operator.outputs:
        return 0
    inputs = [None if index < 0 else shapes[index] for index in operator.inputs]
    output = shapes[operator.outputs[0]]
    if output is None or any(
        s is None and i >= 0 for s, i in zip(inputs, operator.inputs, strict=True)
    ):
        return None
    try:
        return count(operator, [shape or () for shape in inputs], output)
    except IndexError:
        return 0


def plan_macs(plan: Plan) -> int:
    """The MACs of a whole plan, as far as shapes are known before a run."""
    return sum(macs(step.operator, plan.shapes) or 0 for step in plan.steps)


def _conv_2d(_: Operator, inputs: Sequence[Shape], output: Shape) -> int:
    return prod(output) * prod(inputs[1][1:])


def _depthwise_conv_2d(_: Operator, inputs: Sequence[Shape], output: Shape) -> int:
    return prod(output) * prod(inputs[1][1:3])


def _transpose_conv(_: Operator, inputs: Sequence[Shape], output: Shape) -> int:
    # Weights are [outputs, kernel height, kernel width, inputs]; every input meets all of them.
    weights, x = inputs[1], inputs[2]
    return prod(x) * prod(weights[:3])


def _fully_connected(_: Operator, inputs: Sequence[Shape], output: Shape) -> int:
    return prod(output) * inputs[1][1]


def _batch_matmul(operator: Operator, inputs: Sequence[Shape], output: Shape) -> int:
    depth = inputs[0][-2] if operator.options.get("adj_x") else inputs[0][-1]
    return prod(output) * depth


def _svdf(_: Operator, inputs: Sequence[Shape], output: Shape) -> int:
    x, feature_weights, time_weights = inputs[:3]
    return x[0] * (prod(feature_weights) + prod(time_weights))


def _lstm(operator: Operator, inputs: Sequence[Shape], output: Shape) -> int:
    # Every step of every sequence meets all matrices once: input, recurrent and projection
    # weights; the peephole vectors are elementwise.
    steps = prod(inputs[0][:-1])
    return steps * sum(prod(shape) for shape in (*inputs[1:9], *inputs[16:17]) if shape)


_COUNTS: Final[Mapping[str, Callable[[Operator, Sequence[Shape], Shape], int]]] = {
    "BATCH_MATMUL": _batch_matmul,
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise_conv_2d,
    "FULLY_CONNECTED": _fully_connected,
    "LSTM": _lstm,
    "SVDF": _svdf,
    "TRANSPOSE_CONV": _transpose_conv,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
}
