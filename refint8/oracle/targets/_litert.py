"""LiteRT and its predecessors, inside the child process; without refint8, for Python 3.9.

`option` is a package and the name of an OpResolverType: "ai_edge_litert BUILTIN_REF".
"""

from __future__ import annotations

import contextlib
import importlib
import warnings
from collections.abc import Mapping, Sequence
from importlib.metadata import version as package_version
from typing import Any

import numpy as np

REMEMBER = frozenset(("CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "IF", "WHILE", "CALL"))
"""Operators that use resource variables or run subgraphs that may."""

_DELEGATED: list[int] = []


def version(option: str) -> str:
    """The package and its version."""
    package = option.split(maxsplit=1)[0]
    importlib.import_module(f"{package}.interpreter")
    name = package.replace("_", "-")
    return f"{name} {package_version(name)}"


def delegated() -> list[int]:
    """The operators that a delegate ran in the last `run`, by index."""
    return list(_DELEGATED)


def run(
    option: str,
    content: bytes,
    inputs: Sequence[Mapping[int, Any]],
    tensors: Sequence[int],
    input_shapes: Mapping[int, tuple[int, ...]],
    stream: bool = False,
) -> list[dict[int, Any]]:
    """Every input set on fresh state; the graph's outputs and, where kept, `tensors`.

    Asked to keep all tensors LiteRT delegates every operator by itself, which may change what
    they compute. So outputs are of a run as the model runs without that; inner tensors are not.
    """
    warnings.simplefilter("ignore")  # "preserve_all_tensors is for debugging": that is the use
    results = _runs(option, content, inputs, tensors, input_shapes, stream)
    if tensors and _DELEGATED:
        plain = _runs(option, content, inputs, (), input_shapes, stream)
        for kept, result in zip(results, plain):  # noqa: B905  (Python 3.9)
            kept.update(result)
    return results


def _runs(
    option: str,
    content: bytes,
    inputs: Sequence[Mapping[int, Any]],
    tensors: Sequence[int],
    input_shapes: Mapping[int, tuple[int, ...]],
    stream: bool,
) -> list[dict[int, Any]]:
    interpreter = _allocated(option, content, bool(tensors), input_shapes)
    details = interpreter._get_ops_details()
    _DELEGATED[:] = _delegated(details)
    # Resource variables cannot be reset; subgraphs may have some too.
    names = {detail["op_name"] for detail in details}
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
        lost = _overwritten(interpreter, details, tensors)
        for index in tensors:
            with contextlib.suppress(ValueError):  # "Tensor data is null": not kept
                value = np.asarray(interpreter.get_tensor(index))
                if value.dtype != object and index not in lost:
                    result[index] = value
        results.append(result)
    return results


def _overwritten(
    interpreter: Any, details: Sequence[Mapping[str, Any]], tensors: Sequence[int]
) -> set[int]:
    """The tensors in whose memory a later operator has written.

    TF 2.13 and 2.14 let operators work in place, tensors that are to be kept or not.
    """
    order: dict[int, int] = {}
    for n, detail in enumerate(details):  # the operators themselves come before the delegates
        for index in detail["outputs"]:
            order.setdefault(int(index), n)
    spans = []
    for index in tensors:
        with contextlib.suppress(ValueError):
            view = interpreter.tensor(index)()
            if isinstance(view, np.ndarray) and view.nbytes and view.dtype != object:
                spans.append((view.ctypes.data, view.nbytes, index))
            del view  # or the interpreter refuses to run again
    spans.sort()
    lost = set()
    for n, (start, size, index) in enumerate(spans):
        for other_start, _, other in spans[n + 1 :]:
            if other_start >= start + size:
                break
            lost.add(min(index, other, key=lambda each: order.get(each, -1)))
    return lost


def _delegated(details: Sequence[Mapping[str, Any]]) -> list[int]:
    """The operators whose results the delegates' nodes give, back to these nodes' inputs."""
    nodes = [detail for detail in details if detail["op_name"] == "DELEGATE"]
    writers = {
        int(index): detail
        for detail in details
        if detail["op_name"] != "DELEGATE"
        for index in detail["outputs"]
    }
    found = set()
    for node in nodes:
        given = {int(index) for index in node["inputs"]}
        waiting = [int(index) for index in node["outputs"]]
        while waiting:
            writer = writers.get(waiting.pop())
            if writer is None or int(writer["index"]) in found:
                continue
            found.add(int(writer["index"]))
            waiting += [int(index) for index in writer["inputs"] if int(index) not in given]
    return sorted(found)


def _allocated(
    option: str, content: bytes, keep_all: bool, input_shapes: Mapping[int, tuple[int, ...]]
) -> Any:
    package, resolver = option.split()
    module = importlib.import_module(f"{package}.interpreter")
    interpreter = module.Interpreter(
        model_content=content,
        num_threads=1,
        experimental_op_resolver_type=getattr(module.OpResolverType, resolver),
        experimental_preserve_all_tensors=keep_all,
    )
    for index, shape in input_shapes.items():
        interpreter.resize_tensor_input(index, shape)
    interpreter.allocate_tensors()
    return interpreter
