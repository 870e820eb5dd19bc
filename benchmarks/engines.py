"""What is compared: each engine as a function that runs the model once, inputs set before.

The call through the engine's own Python interface is what is timed; outputs stay where they are.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from refint8.oracle.inputs import InputSet

Array = Any


@dataclass(frozen=True, eq=False)
class Loaded:
    """A model in an engine, inputs set. `output(position)` copies an output."""

    invoke: Callable[[], object]
    output: Callable[[int], Array]
    outputs: int


Loader = Callable[[Path, InputSet], Loaded]


def refint8(profile: str, threads: int = 1) -> Loader:
    """refint8 under a profile."""

    def load(path: Path, inputs: InputSet) -> Loaded:
        from refint8 import Interpreter

        interpreter = Interpreter(str(path), num_threads=threads, profile=profile)
        return _started(interpreter, inputs)

    return load


def litert(resolver: str, threads: int = 1) -> Loader:
    """LiteRT with an OpResolverType."""

    def load(path: Path, inputs: InputSet) -> Loaded:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        warnings.simplefilter("ignore")
        interpreter = Interpreter(
            str(path),
            num_threads=threads,
            experimental_op_resolver_type=getattr(OpResolverType, resolver),
        )
        return _started(interpreter, inputs)

    return load


def tflm() -> Loader:
    """TensorFlow Lite for Microcontrollers."""

    def load(path: Path, inputs: InputSet) -> Loaded:
        from tflite_micro.python.tflite_micro.runtime import Interpreter

        interpreter = Interpreter.from_file(str(path), arena_size=TFLM_ARENA)
        for position, value in enumerate(inputs.values()):
            interpreter.set_input(value, position)
        interpreter.invoke()

        def output(position: int) -> Array:
            return np.array(interpreter.get_output(position))

        # TFLM cannot say how many outputs there are; a position too far raises.
        return Loaded(interpreter.invoke, output, 1)

    return load


TFLM_ARENA: Final = 1 << 29
"""Bytes that TFLM may use; what it does not touch costs nothing."""


def _started(interpreter: Any, inputs: InputSet) -> Loaded:
    interpreter.allocate_tensors()
    for index, value in inputs.items():
        interpreter.set_tensor(index, value)
    for _ in range(2):
        interpreter.invoke()
    indexes = [int(detail["index"]) for detail in interpreter.get_output_details()]
    return Loaded(
        interpreter.invoke,
        lambda position: interpreter.get_tensor(indexes[position]),
        len(indexes),
    )


ENGINES: Final[Mapping[str, Loader]] = {
    "refint8": refint8("tflite"),
    "refint8 litert-ref": refint8("litert-ref"),
    "xnnpack": litert("BUILTIN"),
    "litert": litert("BUILTIN_WITHOUT_DEFAULT_DELEGATES"),
    "litert ref": litert("BUILTIN_REF"),
    "tflm": tflm(),
    "xnnpack 2": litert("BUILTIN", 2),
}
"""By the name that tables and documents use. "litert" is LiteRT without delegates."""
