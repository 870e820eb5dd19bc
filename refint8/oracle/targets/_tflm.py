"""TensorFlow Lite for Microcontrollers (tflite-micro), inside the child process.

`option` is the arena's size in bytes. The arena is memory that was never touched, so a large one
costs nothing; with one that is too small TFLM does not always say so, it may also crash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version as package_version
from typing import Any

import numpy as np
from tflite_micro.python.tflite_micro.runtime import Interpreter, InterpreterConfig
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema


def version(option: str) -> str:
    """The package and its version."""
    return f"tflite-micro {package_version('tflite-micro')}"


def run(
    option: str,
    content: bytes,
    inputs: Sequence[Mapping[int, Any]],
    tensors: Sequence[int],
    input_shapes: Mapping[int, tuple[int, ...]],
    stream: bool = False,
) -> list[dict[int, Any]]:
    """Every input set on a new interpreter (`stream`: on one); graph outputs and `tensors`."""
    graph = schema.Model.GetRootAsModel(content, 0).Subgraphs(0)
    positions = {graph.Inputs(i): i for i in range(graph.InputsLength())}
    config = InterpreterConfig.kPreserveAllTensors
    if not tensors:
        config = InterpreterConfig.kAllocationRecording
    results = []
    interpreter = None
    for given in inputs:
        if interpreter is None or not stream:
            interpreter = Interpreter.from_bytes(
                content, arena_size=int(option), intrepreter_config=config
            )
        for index, shape in input_shapes.items():
            declared = tuple(interpreter.get_input_details(positions[index])["shape"].tolist())
            if declared != shape:
                raise ValueError(f"TFLM cannot resize input {index} from {declared} to {shape}")
        for index, value in given.items():
            interpreter.set_input(value, positions[index])
        interpreter.invoke()
        result = {
            graph.Outputs(i): np.array(interpreter.get_output(i))
            for i in range(graph.OutputsLength())
        }
        for index in tensors:
            result[index] = np.array(interpreter.GetTensor(index, 0)["tensor_data"])
        results.append(result)
    return results
