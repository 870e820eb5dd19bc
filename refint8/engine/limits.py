"""What is refused before anything runs: graphs that read nothing's output, and absurd sizes."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import replace

from refint8.errors import ModelError, UnsupportedError, Where
from refint8.model.types import NUMPY_DTYPE, Model, Operator, Subgraph, Tensor
from refint8.ops._op import Shape

MEMORY_LIMIT = 1 << 30
"""Bytes that all tensors of a run may take; REFINT8_MEMORY_LIMIT (bytes) replaces it."""


def empty_constants(graph: Subgraph) -> list[Tensor]:
    """Tensors that nothing writes and that have no elements to be written."""
    written = {*graph.inputs, *(index for op in graph.operators for index in op.outputs)}
    return [
        t
        for t in graph.tensors
        if t.data is None
        and t.index not in written
        and 0 in t.shape
        and not t.is_variable
        and t.dtype in NUMPY_DTYPE
    ]


def check_written(model: Model, graph: Subgraph) -> None:
    """Refuse a graph that reads a tensor before anything gives it a value. Raises ModelError."""
    written = {t.index for t in graph.tensors if t.data is not None or t.is_variable}
    written |= {*graph.inputs, *(t.index for t in empty_constants(graph))}
    for operator in graph.operators:
        for index in operator.inputs:
            if index >= 0 and index not in written:
                raise _unwritten(model, graph, index, operator)
        written |= set(operator.outputs)
    for index in graph.outputs:
        if index not in written:
            raise _unwritten(model, graph, index, None)


def _unwritten(model: Model, graph: Subgraph, index: int, reader: Operator | None) -> ModelError:
    where = Where(model.name, graph.index)
    if reader is not None:
        where = replace(where, operator=reader.index, operator_name=reader.title)
    return ModelError(
        f"tensor {index} '{graph.tensors[index].name}' is"
        f" {'read' if reader else 'an output of the model'} but nothing has written it",
        where=where,
        hint="the file is damaged, or its operators are out of order",
    )


def check_memory(
    model: Model, shapes: Mapping[int, Shape | None], dtypes: Mapping[int, str]
) -> None:
    """Refuse shapes that no honest model has, before anything is allocated for them."""
    limit = int(os.environ.get("REFINT8_MEMORY_LIMIT", MEMORY_LIMIT))
    total = sum(
        math.prod(shape) * NUMPY_DTYPE[dtypes[index]].itemsize
        for index, shape in shapes.items()
        if shape is not None and dtypes[index] in NUMPY_DTYPE
    )
    if total > limit:
        raise UnsupportedError(
            f"the tensors take {total:,} bytes, the limit is {limit:,}",
            label="memory",
            where=Where(model=model.name),
            hint="set REFINT8_MEMORY_LIMIT to more bytes if the model is meant to be so large",
        )
