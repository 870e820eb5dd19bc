"""One operator of a model as a model of its own, its constants and state included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from refint8.errors import UsageError
from refint8.model.types import Model, Operator, Subgraph, Tensor
from refint8.model.writer import write_model

NO_ARRAY = frozenset(("RESOURCE", "VARIANT", "STRING"))
"""Dtypes whose values cannot be handed over from one model to another."""


@dataclass(frozen=True, eq=False)
class OneOperator:
    """A model with one operator, and which tensor of it each tensor of the whole model became.

    `inputs` and `outputs` map tensor indexes of the whole model's subgraph 0 to those of `content`.
    """

    content: bytes
    inputs: Mapping[int, int]
    outputs: Mapping[int, int]


def one_operator(
    model: Model, operator: Operator, shapes: Mapping[int, tuple[int, ...]]
) -> OneOperator:
    """The operator of subgraph 0 alone. `shapes` are of the tensors that are not constants.

    Its inputs that are neither constant nor variable become the model's inputs, each once, its
    outputs the model's outputs; variable tensors start anew. Subgraphs that it calls come along.
    Raises UsageError, with the reason, where the operator means nothing without the others.
    """
    graph = model.subgraphs[0]
    for index in (*operator.inputs, *operator.outputs):
        if index >= 0 and graph.tensors[index].dtype in NO_ARRAY:
            dtype = graph.tensors[index].dtype
            raise UsageError(f"tensor {index} is {dtype}, which only the whole model can fill")
    if not operator.outputs:
        raise UsageError("it has no outputs")
    others = model.subgraphs[1:] if any("subgraph" in key for key in operator.options) else ()
    if any(tensor.dtype in NO_ARRAY for other in others for tensor in other.tensors):
        raise UsageError("the subgraphs it calls use resources of the whole model")
    used = dict.fromkeys(
        index
        for index in (*operator.inputs, *operator.intermediates, *operator.outputs)
        if index >= 0
    )
    new = {old: position for position, old in enumerate(used)}
    buffers = _free_buffers(others)
    tensors = []
    for old, position in new.items():
        tensor = replace(graph.tensors[old], index=position)
        if tensor.data is not None:
            tensor = replace(tensor, buffer=next(buffers))
        else:
            shape = shapes.get(old, tensor.shape)
            tensor = replace(tensor, buffer=0, shape=shape, shape_signature=shape)
        tensors.append(tensor)
    alone = replace(
        operator,
        index=0,
        inputs=_renumbered(operator.inputs, new),
        outputs=_renumbered(operator.outputs, new),
        intermediates=_renumbered(operator.intermediates, new),
    )
    given = [i for i in dict.fromkeys(operator.inputs) if i >= 0 and _is_input(graph.tensors[i])]
    inputs, outputs = {i: new[i] for i in given}, {i: new[i] for i in operator.outputs}
    first = Subgraph(
        0, graph.name, tuple(tensors), (alone,), tuple(inputs.values()), tuple(outputs.values())
    )
    made = replace(model, subgraphs=(first, *others), signatures=(), metadata={}, oddities=())
    return OneOperator(write_model(made), inputs, outputs)


def _is_input(tensor: Tensor) -> bool:
    return tensor.data is None and not tensor.is_variable


def _renumbered(indexes: tuple[int, ...], new: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(new.get(index, -1) for index in indexes)


def _free_buffers(others: tuple[Subgraph, ...]) -> Iterator[int]:
    number = max((tensor.buffer for other in others for tensor in other.tensors), default=0)
    while True:
        number += 1
        yield number
