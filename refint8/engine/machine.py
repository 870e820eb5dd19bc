"""What runs a plan: by the specs in Python, or as a compiled program. Both have one interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from refint8.engine.limits import check_memory
from refint8.engine.plan import Plan, Step, apply, prepare_operator
from refint8.errors import DomainError, UnsupportedError
from refint8.model.types import NUMPY_DTYPE, Tensor
from refint8.ops._op import Array, Shape
from refint8.ops._surroundings import Environment

HANDLE = np.dtype(np.int32)
"""What holds a RESOURCE: the number of a variable."""


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

    def __init__(self, plan: Plan, environment: Environment) -> None:
        self.plan = plan
        self._environment = environment
        graph = plan.subgraph
        kept = [*graph.inputs, *(t.index for t in graph.tensors if t.is_variable)]
        self._values: dict[int, Array] = {i: initial(plan, graph.tensors[i]) for i in kept}

    def view(self, index: int) -> Array:
        """See Machine; the array of an operator's output is a new one after every run."""
        return self._values[index]

    def invoke(self) -> None:
        """See Machine."""
        plan = self.plan
        values: dict[int, Array] = {**plan.values, **self._values}
        shapes = {**plan.shapes, **{i: v.shape for i, v in values.items()}}
        for step in plan.steps:
            outputs = self._run_step(step, shapes, values)
            for index, value in outputs.items():
                values[index] = self._values[index] = value
                shapes[index] = value.shape

    def _run_step(
        self, step: Step, shapes: Mapping[int, Shape | None], values: Mapping[int, Array]
    ) -> dict[int, Array]:
        """What the operator has written: outputs and state, by tensor index."""
        plan = self.plan
        record = step.record
        if record is None:
            record = prepare_operator(
                step.operator,
                step.where,
                plan.subgraph,
                plan.subgraphs,
                shapes,
                plan.dtypes,
                values,
            )
            assert record is not None, "all shapes and values are known by now"
            if not record.open_shapes:
                made = dict(zip(step.operator.outputs, record.shapes, strict=True))
                check_memory(plan.model, {**shapes, **made}, plan.dtypes)
        try:
            outputs, state = apply(record, step.operator, values, self._environment)
        except (DomainError, UnsupportedError) as error:
            raise error.at(step.where) from None
        return {**dict(zip(step.operator.outputs, outputs, strict=True)), **state}


def initial(plan: Plan, tensor: Tensor) -> Array:
    """What a tensor holds at the start: int8 variables their zero point, all else 0.

    So does LiteRT (CORRECTIONS D 37).
    """
    shape = plan.shapes[tensor.index]
    fill = 0
    if tensor.is_variable and tensor.dtype == "INT8" and tensor.quantization is not None:
        fill = (int(tensor.quantization.zero_points[0]) + 128) % 256 - 128
    # A damaged file may let an operator of unknown shape write to a variable.
    shape = tensor.shape if shape is None else shape
    return np.full(shape, fill, array_dtype(plan.dtypes[tensor.index]))


def reset_variables(plan: Plan, machine: Machine) -> None:
    """Set the variable tensors of a machine to their initial values."""
    for tensor in plan.subgraph.tensors:
        if tensor.is_variable:
            machine.view(tensor.index)[...] = initial(plan, tensor)


def array_dtype(dtype: str) -> np.dtype[Any]:
    """The dtype of the array that holds a tensor. Raises UnsupportedError for strings and such."""
    if dtype != "RESOURCE" and dtype not in NUMPY_DTYPE:
        raise UnsupportedError(f"an input or variable of {dtype} cannot be held", label="dtype")
    return HANDLE if dtype == "RESOURCE" else NUMPY_DTYPE[dtype]
