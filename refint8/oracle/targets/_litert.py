"""LiteRT (ai-edge-litert), inside the child process. `option` is the name of an OpResolverType."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Mapping, Sequence
from importlib.metadata import version as package_version
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

REMEMBER = frozenset(("CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "IF", "WHILE", "CALL"))
"""Operators that use resource variables or run subgraphs that may."""


def version() -> str:
    """The package and its version."""
    return f"ai-edge-litert {package_version('ai-edge-litert')}"


def run(
    option: str,
    content: bytes,
    inputs: Sequence[Mapping[int, Any]],
    tensors: Sequence[int],
    input_shapes: Mapping[int, tuple[int, ...]],
    stream: bool = False,
) -> list[dict[int, Any]]:
    """Every input set on fresh state; the graph's outputs and, where kept, `tensors`."""
    warnings.simplefilter("ignore")  # "preserve_all_tensors is for debugging": that is the use
    interpreter = _allocated(option, content, bool(tensors), input_shapes)
    # Resource variables cannot be reset; subgraphs may have some too.
    names = {detail["op_name"] for detail in interpreter._get_ops_details()}
    remembers = not stream and not names.isdisjoint(REMEMBER)
    outputs = [int(detail["index"]) for detail in interpreter.get_output_details()]
    results = []
    for number, given in enumerate(inputs):
        if remembers and number:
            interpreter = _allocated(option, content, bool(tensors), input_shapes)
        if not stream:
            interpreter.reset_all_variables()
        for index, value in given.items():
            interpreter.set_tensor(index, value)
        interpreter.invoke()
        result = {index: interpreter.get_tensor(index) for index in outputs}
        for index in tensors:
            with contextlib.suppress(ValueError):  # "Tensor data is null": not kept
                value = np.asarray(interpreter.get_tensor(index))
                if value.dtype != object:
                    result[index] = value
        results.append(result)
    return results


def _allocated(
    option: str, content: bytes, keep_all: bool, input_shapes: Mapping[int, tuple[int, ...]]
) -> Any:
    interpreter = Interpreter(
        model_content=content,
        num_threads=1,
        experimental_op_resolver_type=getattr(OpResolverType, option),
        experimental_preserve_all_tensors=keep_all,
    )
    for index, shape in input_shapes.items():
        interpreter.resize_tensor_input(index, shape)
    interpreter.allocate_tensors()
    return interpreter
