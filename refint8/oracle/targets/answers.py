"""What a function or a command answers, as tensors by index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from refint8.errors import UsageError
from refint8.model.names import tensor_of
from refint8.model.types import Subgraph
from refint8.oracle.targets.outcome import Array


class MalformedError(Exception):
    """An answer that does not name the model's tensors, or names no arrays."""

    status = "malformed"


def called(
    function: Callable[..., Any], content: bytes, given: Mapping[int, Array], graph: Subgraph
) -> dict[int, Array]:
    """Call `function(model, inputs)` for one input set; see `tensors_by_index` for its answer.

    `model` is the file's bytes, `inputs` a list of arrays in the order of the model's inputs.
    """
    return tensors_by_index(function(content, [given[i] for i in graph.inputs]), graph)


def tensors_by_index(answer: Any, graph: Subgraph) -> dict[int, Array]:
    """The arrays of an answer by tensor index.

    An answer is the one output's array, a sequence of all outputs in order, or a mapping. A key of
    a mapping is a tensor's index as an integer, an output's position as text ("0"), "t" and an
    index ("t12"), or a tensor's name; it has every output and may have any other tensor.
    Raises MalformedError for anything else.
    """
    if isinstance(answer, Mapping):
        found = {index_of(key, graph): _array(key, value) for key, value in answer.items()}
        if absent := [index for index in graph.outputs if index not in found]:
            names = ", ".join(repr(graph.tensors[index].name) for index in absent)
            raise MalformedError(f"no array for output {names}")
        return found
    if answer is None or isinstance(answer, (str, bytes)):
        raise MalformedError(f"the answer is {type(answer).__name__}, not arrays")
    several = isinstance(answer, Sequence)
    arrays = list(answer) if several else [answer]
    if len(arrays) != len(graph.outputs):
        raise MalformedError(f"{len(arrays)} outputs, the model has {len(graph.outputs)}")
    return {i: _array(i, value) for i, value in zip(graph.outputs, arrays, strict=True)}


def index_of(key: Any, graph: Subgraph) -> int:
    """The tensor that a key of an answer stands for. Raises MalformedError."""
    by_position = isinstance(key, str) and key.isdecimal()
    if by_position and int(key) < len(graph.outputs):
        return graph.outputs[int(key)]
    if by_position:
        raise MalformedError(f"there is no output {key}, the model has {len(graph.outputs)}")
    if isinstance(key, str) and key[:1] == "t" and key[1:].isdecimal():
        named = any(tensor.name == key for tensor in graph.tensors)
        key = key if named else int(key[1:])
    try:
        return tensor_of(graph, key if isinstance(key, str) else int(key)).index
    except (UsageError, TypeError, ValueError) as error:
        hint = getattr(error, "hint", "")
        raise MalformedError(f"{error.args[0]}{hint and f' ({hint})'}") from None


def _array(key: Any, value: Any) -> Array:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise MalformedError(f"what stands for {key!r} is no array: {error}") from None
    if array.dtype.kind not in "biufc":
        raise MalformedError(f"what stands for {key!r} is {array.dtype}, not numbers")
    return array
