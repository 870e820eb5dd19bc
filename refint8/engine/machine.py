"""What runs a plan: by the specs in Python, or as a compiled program. Both have one interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from refint8.engine.plan import Plan, Step, apply, check_memory, prepare_operator
from refint8.errors import DomainError, UnsupportedError
from refint8.model.types import NUMPY_DTYPE, Tensor
from refint8.ops._op import Array, Shape


class Machine(Protocol):
    """Tensors in memory, and a way to run the operators over them once."""

    def view(self, index: int) -> Array:
        """A tensor's current memory, writable. Raises KeyError while it has none."""
        ...

    def invoke(self) -> None:
        """Run. Raises DomainError where the arithmetic is not defined."""
        ...


class SpecMachine:
    """Operator after operator by its spec: the definition, and no compilation."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        graph = plan.subgraph
        kept = [*graph.inputs, *(t.index for t in graph.tensors if t.is_variable)]
        self._values: dict[int, Array] = {i: initial(plan, graph.tensors[i]) for i in kept}

    def view(self, index: int) -> Array:
        """See Machine; the array of an operator's output is a new one after every run."""
        return self._values[index]

    def invoke(self) -> None:
        """See Machine."""
        plan = self._plan
        values: dict[int, Array] = {**plan.values, **self._values}
        shapes = {**plan.shapes, **{i: v.shape for i, v in values.items()}}
        for step in plan.steps:
            outputs = self._run_step(step, shapes, values)
            for index, value in zip(step.operator.outputs, outputs, strict=True):
                values[index] = self._values[index] = value
                shapes[index] = value.shape

    def _run_step(
        self, step: Step, shapes: Mapping[int, Shape | None], values: Mapping[int, Array]
    ) -> tuple[Array, ...]:
        plan = self._plan
        record = step.record
        if record is None:
            record = prepare_operator(
                step.operator, step.where, plan.subgraph, plan.rules, shapes, plan.dtypes, values
            )
            assert record is not None, "all shapes and values are known by now"
            made = dict(zip(step.operator.outputs, record.shapes, strict=True))
            check_memory(plan.model, {**shapes, **made}, plan.dtypes)
        try:
            return apply(record, step.operator, values)
        except (DomainError, UnsupportedError) as error:
            raise error.at(step.where) from None


def initial(plan: Plan, tensor: Tensor) -> Array:
    """What a tensor holds at the start: int8 variables their zero point, all else 0.

    So does LiteRT (CORRECTIONS D 37).
    """
    shape = plan.shapes[tensor.index]
    assert shape is not None, "inputs and variables have declared shapes"
    fill = 0
    if tensor.is_variable and tensor.dtype == "INT8" and tensor.quantization is not None:
        fill = int(tensor.quantization.zero_points[0])
    return np.full(shape, fill, NUMPY_DTYPE[plan.dtypes[tensor.index]])
