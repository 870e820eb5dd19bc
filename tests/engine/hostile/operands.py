"""Random tensors: small, odd, lopsided, with extreme values; and nodes over them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.random import Generator

from refint8.model.operators import schema_values
from refint8.model.options import OPTIONS_OF
from refint8.model.types import NUMPY_DTYPE
from refint8.ops import REGISTRY
from refint8.ops._op import Node, Operand
from tests.ops.nodes import node, operand

Case = tuple[Node, list[Any]]

QUANTIZED = ("INT8", "UINT8", "INT16")
SIZES = (1, 1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17, 31, 32, 33)


def pick(rng: Generator, options: Any) -> Any:
    """One of them, as itself and not as NumPy's."""
    return list(options)[int(rng.integers(len(options)))]


def some(rng: Generator, low: int, high: int) -> int:
    return int(rng.integers(low, high + 1))


def bits(rng: Generator, dtype: str, shape: Any) -> Any:
    """Values over the whole range, with the extremes often among them."""
    held = NUMPY_DTYPE[dtype]
    if held.kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    if held.kind in "fc":
        return rng.normal(0, 40, shape).astype(held)
    low, high = {"INT4": (-7, 7), "UINT4": (0, 15), "INT2": (-2, 1)}.get(
        dtype, (int(np.iinfo(held).min), int(np.iinfo(held).max))
    )
    values = rng.integers(low, high, shape, endpoint=True, dtype=held)
    extreme = rng.random(shape) < 0.1
    return np.where(extreme, pick(rng, (low, high)), values).astype(held)


def quantized(rng: Generator, dtype: str, shape: Any, **more: Any) -> Operand:
    """A tensor with a random scale and, where it may have one, a random zero point."""
    low, high = {"INT8": (-128, 127), "UINT8": (0, 255)}.get(dtype, (0, 0))
    if dtype not in QUANTIZED:
        return operand(dtype, shape, **more)
    return operand(dtype, shape, float(rng.uniform(0.01, 1.5)), some(rng, low, high), **more)


def like(x: Operand, shape: Any = (), **more: Any) -> Operand:
    """A tensor with the scale and zero point of another one."""
    scale = x.scale if x.quantized else None
    return operand(x.dtype, shape, scale, x.zero_point, **more)


def small_shape(rng: Generator, low: int = 0, high: int = 5, most: int = 6000) -> tuple[int, ...]:
    """Rank low..high; now and then an axis of 0."""
    shape = [pick(rng, SIZES) for _ in range(some(rng, low, high))]
    while np.prod(shape, dtype=int) > most:
        shape[some(rng, 0, len(shape) - 1)] = 1
    if shape and rng.random() < 0.05:
        shape[some(rng, 0, len(shape) - 1)] = 0
    return tuple(shape)


def make(name: str, inputs: Any, outputs: Any, rng: Generator, **options: Any) -> Case:
    """The node with the schema's defaults for what is not given, and values for its inputs."""
    table = OPTIONS_OF.get(name)
    defaults = {} if table is None else schema_values(table)
    rules = pick(rng, ("tflite", "litert-ref", "tflm"))
    made = node(name, inputs, outputs, rules=rules, **{**defaults, **options})
    arrays = [None if o is None or o.data is not None else bits(rng, o.dtype, o.shape)
              for o in made.inputs]  # fmt: skip
    return made, arrays


def sometimes_computed(rng: Generator, case: Case, *positions: int) -> Case:
    """Now and then with these constants as values that only the run knows."""
    made, arrays = case
    if rng.random() < 0.7:
        return case
    inputs = list(made.inputs)
    for position in positions:
        given = inputs[position] if position < len(inputs) else None
        if given is not None and given.data is not None:
            arrays[position], inputs[position] = given.data, replace(given, data=None)
    return replace(made, inputs=tuple(inputs)), arrays


def dtype_of(rng: Generator, name: str, position: int = 0) -> str:
    """A dtype of one of the operator's rows."""
    found = {d for row in REGISTRY[name].rows for d in row.inputs[position]}
    return str(pick(rng, sorted(found)))


def moved(name: str, rng: Generator, low: int = 0, high: int = 5) -> Operand:
    """A tensor of a dtype that the operator takes first."""
    return quantized(rng, dtype_of(rng, name), small_shape(rng, low, high))
