"""Seeded inputs that cover the whole range of every graph input."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import numpy as np

from refint8.errors import UsageError
from refint8.model.types import NUMPY_DTYPE, Model, Operator, Subgraph, Tensor
from refint8.ops._op import Array, Shape
from refint8.oracle.inputs import InputSet

NARROW_RANGE: Final = {"INT4": (-8, 7), "UINT4": (0, 15), "INT2": (-2, 1)}
"""The range of dtypes that are held unpacked in a wider one."""


def random_inputs(
    model: Model,
    samples: int = 3,
    seed: int = 0,
    input_shapes: Mapping[int, Shape] | None = None,
) -> list[InputSet]:
    """`samples` input sets; sample k depends on the seed and k alone.

    Integers of up to 16 bits are uniform over their whole range, wider ones over their magnitude.
    A float that goes into QUANTIZE covers the range of the quantized tensor and a little more, and
    two thirds of its elements lie next to or on a rounding tie; other floats are standard normal.
    An integer that selects (GATHER's indices) stays in range, and one that only repeats what the
    graph declares (the output shape of TRANSPOSE_CONV) gets that value.
    """
    graph = model.subgraphs[0]
    sets = []
    for sample in range(samples):
        rng = np.random.default_rng([seed, sample])
        sets.append(
            {
                index: _random(
                    rng,
                    graph,
                    graph.tensors[index],
                    (input_shapes or {}).get(index, graph.tensors[index].shape),
                )
                for index in graph.inputs
            }
        )
    return sets


def _random(rng: np.random.Generator, graph: Subgraph, tensor: Tensor, shape: Shape) -> Array:
    dtype = NUMPY_DTYPE.get(tensor.dtype)
    if dtype is None:
        raise UsageError(
            f"no random values for input '{tensor.name}' of type {tensor.dtype}",
            hint="give the inputs in a file",
        )
    for operator, position in _consumers(graph, tensor.index):
        made = _meaningful(rng, graph, operator, position, shape)
        if made is not None:
            return made.astype(dtype)
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(dtype)
    if dtype.kind in "iu":
        return _integers(rng, tensor.dtype, dtype, shape)
    return rng.standard_normal(shape).astype(dtype)


def _consumers(graph: Subgraph, index: int) -> Iterable[tuple[Operator, int]]:
    for operator in graph.operators:
        for position, tensor in enumerate(operator.inputs):
            if tensor == index:
                yield operator, position


def _integers(rng: np.random.Generator, name: str, dtype: np.dtype[Any], shape: Shape) -> Array:
    info = np.iinfo(dtype)
    low, high = NARROW_RANGE.get(name, (int(info.min), int(info.max)))
    values: Array = rng.integers(low, high, shape, dtype, endpoint=True)
    if dtype.itemsize < 4:
        return values
    # Uniform wide integers would nearly all saturate in whatever comes next.
    shifts = rng.integers(0, 8 * dtype.itemsize - 1, shape).astype(dtype)
    magnitudes: Array = np.right_shift(values, shifts)
    return magnitudes


def _meaningful(
    rng: np.random.Generator, graph: Subgraph, operator: Operator, position: int, shape: Shape
) -> Array | None:
    """A value for an input with a meaning of its own, None when any value will do."""
    maker = _MEANINGS.get((operator.name, position))
    return None if maker is None else maker(rng, graph, operator, shape)


def _indices(source: int) -> Callable[[np.random.Generator, Subgraph, Operator, Shape], Array]:
    def make(rng: np.random.Generator, graph: Subgraph, operator: Operator, shape: Shape) -> Array:
        axis = int(operator.options.get("axis", 0)) if operator.name == "GATHER" else 0
        return rng.integers(0, max(1, graph.tensors[operator.inputs[source]].shape[axis]), shape)

    return make


def _output_shape(
    _: np.random.Generator, graph: Subgraph, operator: Operator, shape: Shape
) -> Array:
    declared = graph.tensors[operator.outputs[0]].shape
    if len(declared) == 4 and shape == (2,):  # a resize takes height and width alone
        declared = declared[1:3]
    return np.array(declared).reshape(shape)


def _before_quantize(
    rng: np.random.Generator, graph: Subgraph, operator: Operator, shape: Shape
) -> Array | None:
    out = graph.tensors[operator.outputs[0]]
    source = graph.tensors[operator.inputs[0]]
    if source.dtype != "FLOAT32" or out.quantization is None or out.quantization.per_channel:
        return None
    info = np.iinfo(NUMPY_DTYPE[out.dtype])
    q = rng.integers(int(info.min) - 2, int(info.max) + 2, shape, endpoint=True)
    choice = rng.integers(0, 3, shape)
    fraction = np.where(choice == 0, rng.uniform(-0.5, 0.5, shape), 0.5)
    scale = np.float32(out.quantization.scales[0])
    real = ((q - int(out.quantization.zero_points[0]) + fraction) * scale).astype(np.float32)
    return np.where(choice == 1, np.nextafter(real, np.float32(0)), real)


_MEANINGS: Final[
    Mapping[
        tuple[str, int],
        Callable[[np.random.Generator, Subgraph, Operator, Shape], Array | None],
    ]
] = {
    ("GATHER", 1): _indices(0),
    ("EMBEDDING_LOOKUP", 0): _indices(1),
    ("QUANTIZE", 0): _before_quantize,
    ("TRANSPOSE_CONV", 0): _output_shape,
    ("RESHAPE", 1): _output_shape,
    ("BROADCAST_TO", 1): _output_shape,
    ("RESIZE_BILINEAR", 1): _output_shape,
    ("RESIZE_NEAREST_NEIGHBOR", 1): _output_shape,
}
