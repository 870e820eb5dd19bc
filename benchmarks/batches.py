"""Many samples through one model: [samples, ...] in, [samples, ...] out.

Each way takes the whole input array and returns the whole first output, copies included.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from refint8.engine.batch import Batch, run_batch
from refint8.model.reader import read_model

Array = NDArray[Any]
Ways = Callable[[Array], Array]


def refint8(path: Path, threads: int, profile_name: str = "tflite") -> Ways:
    """The package's batches with planning and packing done before, as the interpreters' are."""
    model = read_model(path)
    graph = model.subgraphs[0]
    batch = Batch(model, profile_name, threads=threads)

    def run(array: Array) -> Array:
        made = batch.run({graph.inputs[0]: array})[graph.outputs[0]]
        return made.reshape(-1, *made.shape[2:])

    return run


def refint8_call(path: Path, threads: int, quantize: str | None = None) -> Ways:
    """`run_batch` as users call it: every call plans and packs anew."""
    model = read_model(path)
    graph = model.subgraphs[0]
    name = graph.tensors[graph.outputs[0]].name
    return lambda samples: run_batch(model, samples, threads=threads, quantize=quantize)[name]


def _share(number: int, threads: int, count: int) -> range:
    return range(count * number // threads, count * (number + 1) // threads)


def _litert(path: Path, threads: int) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    warnings.simplefilter("ignore")
    interpreter = Interpreter(str(path), num_threads=threads)
    interpreter.allocate_tensors()
    return interpreter


def _loop(interpreter: Any, samples: Array, out: Array, indexes: range) -> None:
    source = interpreter.get_input_details()[0]["index"]
    target = interpreter.get_output_details()[0]["index"]
    for i in indexes:
        interpreter.set_tensor(source, samples[i : i + 1])
        interpreter.invoke()
        out[i] = interpreter.get_tensor(target)[0]


def _empty_output(interpreter: Any, count: int) -> Array:
    detail = interpreter.get_output_details()[0]
    return np.empty((count, *detail["shape"][1:]), detail["dtype"])


def xnnpack_loop(path: Path, threads: int) -> Ways:
    """One interpreter with that many threads, sample after sample."""
    interpreter = _litert(path, threads)

    def run(samples: Array) -> Array:
        out = _empty_output(interpreter, len(samples))
        _loop(interpreter, samples, out, range(len(samples)))
        return out

    return run


def xnnpack_resized(path: Path, threads: int) -> Ways:
    """One interpreter with that many threads, resized to all samples at once."""
    interpreter = _litert(path, threads)
    source = interpreter.get_input_details()[0]
    target = interpreter.get_output_details()[0]["index"]
    allocated = [1]

    def run(samples: Array) -> Array:
        if allocated[0] != len(samples):
            interpreter.resize_tensor_input(source["index"], samples.shape)
            interpreter.allocate_tensors()
            allocated[0] = len(samples)
        interpreter.set_tensor(source["index"], samples)
        interpreter.invoke()
        out: Array = interpreter.get_tensor(target)
        if len(out) != len(samples):
            raise ValueError(f"resized to {len(samples)} samples the model gives {len(out)}")
        return out

    return run


def xnnpack_each(path: Path, threads: int) -> Ways:
    """As many interpreters as threads, of one thread each, the samples shared out."""
    interpreters = [_litert(path, 1) for _ in range(threads)]
    pool = ThreadPoolExecutor(threads)

    def run(samples: Array) -> Array:
        out = _empty_output(interpreters[0], len(samples))

        def share(number: int) -> None:
            _loop(interpreters[number], samples, out, _share(number, threads, len(samples)))

        list(pool.map(share, range(threads)))
        return out

    return run


WAYS: Final[Mapping[str, Callable[[Path, int], Ways]]] = {
    "refint8": refint8,
    "refint8 call": refint8_call,
    "xnnpack loop": xnnpack_loop,
    "xnnpack resized": xnnpack_resized,
    "xnnpack each": xnnpack_each,
}
