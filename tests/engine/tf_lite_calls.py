"""Calls of the tf.lite interface and what they gave, for one Interpreter class.

Run as a program in a child process with an engine's module and a model's path, so that LiteRT and
refint8 go through the very same calls; prints the outcome as JSON.
"""

from __future__ import annotations

import importlib
import json
import sys
import warnings
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """Dictionaries of details as JSON, with the types that users see spelled out."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *(plain(v) for v in value)]
    if isinstance(value, np.ndarray):
        return ["ndarray", str(value.dtype), list(value.shape), value.reshape(-1).tolist()]
    if isinstance(value, type):
        return f"type {value.__name__}"
    return [type(value).__name__, value]


def outcome(call: Any) -> Any:
    """The call's value, or the names of the built-in exceptions that would catch what it raised."""
    try:
        return plain(call())
    except Exception as error:
        return [
            "raised",
            next(c.__name__ for c in (TypeError, ValueError, RuntimeError) if isinstance(error, c)),
        ]


def details(module: Any, path: str) -> dict[str, Any]:
    """Everything that describes a model, before and after allocation and after a resize."""
    interpreter = module.Interpreter(
        model_path=path, experimental_op_resolver_type=module.OpResolverType.BUILTIN_REF
    )
    index = interpreter.get_input_details()[0]["index"]
    shape = interpreter.get_input_details()[0]["shape"]
    seen: dict[str, Any] = {}

    def look(stage: str) -> None:
        tensors = len(interpreter._get_ops_details()) and interpreter.get_tensor_details()
        seen[stage] = {
            "inputs": plain(interpreter.get_input_details()),
            "outputs": plain(interpreter.get_output_details()),
            "tensors": plain([t for t in tensors if t["name"]]),
            "ops": plain(interpreter._get_ops_details()),
            "signatures": plain(interpreter.get_signature_list()),
            "subgraphs": interpreter.num_subgraphs(),
        }

    look("read")
    interpreter.allocate_tensors()
    look("allocated")
    interpreter.invoke()
    look("invoked")
    interpreter.resize_tensor_input(index, [2, *shape[1:]])
    interpreter.allocate_tensors()
    interpreter.invoke()
    look("resized")
    return seen


def mistakes(module: Any, path: str) -> list[Any]:
    """What wrong calls raise."""
    kind = {"experimental_op_resolver_type": module.OpResolverType.BUILTIN_REF}
    fresh = module.Interpreter(model_path=path, **kind)
    ready = module.Interpreter(model_path=path, **kind)
    ready.allocate_tensors()
    entry = ready.get_input_details()[0]
    index, shape, dtype = entry["index"], entry["shape"], entry["dtype"]
    good = np.zeros(shape, dtype)
    calls = [
        module.Interpreter,
        lambda: module.Interpreter(model_path="no/such/file.tflite"),
        lambda: module.Interpreter(model_content=b"not a model"),
        lambda: module.Interpreter(model_path=path, model_content=b"both"),
        lambda: module.Interpreter(model_path=path, num_threads=0),
        lambda: module.Interpreter(model_path=path, num_threads="two"),
        lambda: module.Interpreter(model_path=path, surprise=1),
        fresh.invoke,
        lambda: fresh.get_tensor(index),
        lambda: ready.set_tensor(index, good.astype(np.float64)),
        lambda: ready.set_tensor(index, good[0]),
        lambda: ready.set_tensor(index, good[..., :-1]),
        lambda: ready.set_tensor(index, good.tolist()),
        lambda: ready.set_tensor(10**6, good),
        lambda: ready.set_tensor(-1, good),
        lambda: ready.get_tensor(10**6),
        lambda: ready.get_tensor(-1),
        lambda: ready.get_tensor("name"),
        lambda: ready.get_tensor(index, 7),
        lambda: ready.get_tensor_details(7),
        lambda: ready.get_tensor_details(-1),
        ready.tensor(10**6),
        lambda: ready.get_signature_runner("no such signature"),
        lambda: ready.resize_tensor_input(index, [3, 3, 3, 3, 3], strict=True),
        lambda: ready.set_tensor(index, good),
        ready.invoke,
        ready.reset_all_variables,
    ]
    return [outcome(call) for call in calls]


def signatures(module: Any, path: str) -> dict[str, Any]:
    """Every signature run on zeros, its details, and what wrong names raise."""
    interpreter = module.Interpreter(
        model_path=path, experimental_op_resolver_type=module.OpResolverType.BUILTIN_REF
    )
    results: dict[str, Any] = {}
    for key in interpreter.get_signature_list():
        runner = interpreter.get_signature_runner(key)
        inputs = runner.get_input_details()
        arrays = {n: np.full([3, *d["shape"][1:]], 5, d["dtype"]) for n, d in inputs.items()}
        results[key] = {
            "inputs": plain(inputs),
            "run": plain(runner(**arrays)),
            "outputs": plain(runner.get_output_details()),
            "none": outcome(lambda runner=runner: runner()),
            "wrong": outcome(lambda runner=runner: runner(no_such_input=np.zeros(1, np.int8))),
        }
    results["without a key"] = outcome(lambda: type(interpreter.get_signature_runner()).__name__)
    return results


def main() -> None:
    warnings.simplefilter("ignore")
    module = importlib.import_module(sys.argv[1])
    question = {"details": details, "mistakes": mistakes, "signatures": signatures}[sys.argv[2]]
    print(json.dumps(question(module, sys.argv[3]), default=str))


if __name__ == "__main__":
    main()
