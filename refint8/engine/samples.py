"""Arrays of many samples: how many there are, one by one, and outputs put together again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from refint8.engine.edges import check_rounding, quantize_input, takes_real
from refint8.errors import DomainError, UsageError
from refint8.model.types import NUMPY_DTYPE, Model, Tensor
from refint8.ops._op import Array

HOW_TO_GIVE = (
    'quantize first, q = clip(round(real / scale) + zero_point), or pass quantize="nearest"'
)


@dataclass(frozen=True, eq=False)
class Samples:
    """Inputs by tensor index, [samples, *shape of one], contiguous.

    Those at the indexes `real` are float32 and still to be quantized, by `rounding`.
    """

    inputs: Mapping[int, Array]
    count: int
    real: Mapping[int, Tensor]
    rounding: str

    def one(self, sample: int) -> dict[int, Array]:
        """The inputs of one sample, as steps."""
        return {index: self._steps(index, array[sample]) for index, array in self.inputs.items()}

    def all(self) -> dict[int, Array]:
        """All inputs, as steps."""
        return {index: self._steps(index, array) for index, array in self.inputs.items()}

    def _steps(self, index: int, values: Array) -> Array:
        if index not in self.real:
            return values
        return quantize_input(values, self.real[index], self.rounding)


def sample_count(model: Model, inputs: Mapping[int, Array]) -> int:
    """How many times over the arrays hold the declared inputs along their first dimension.

    1 when they do not, or not all alike: then the arrays are one sample, of another shape perhaps.
    """
    counts = set()
    for index, array in inputs.items():
        shape = model.subgraphs[0].tensors[index].shape
        fits = shape and shape[0] > 0 and array.shape[1:] == shape[1:] and array.ndim
        counts.add(len(array) / shape[0] if fits else 1)
    (count,) = counts if len(counts) == 1 else (1,)
    return int(count) if count == int(count) and count > 0 else 1


def split(model: Model, inputs: Mapping[int, Array], quantize: str | None = None) -> Samples:
    """The inputs as samples of the declared shapes. Raises UsageError naming the input.

    With `quantize` (a rounding of `edges.quantize`) 8- and 16-bit inputs may be given as floats.
    """
    graph = model.subgraphs[0]
    tensors = [graph.tensors[index] for index in graph.inputs]
    count = sample_count(model, inputs)
    split: dict[int, Array] = {}
    real: dict[int, Tensor] = {}
    rounding = "" if quantize is None else check_rounding(quantize)
    for tensor in tensors:
        array = inputs.get(tensor.index)
        name = f"input '{tensor.name}' (tensor {tensor.index})"
        if array is None:
            raise UsageError(f"{name} was not given")
        if rounding and array.dtype.kind == "f" and takes_real(tensor):
            array = array.astype(np.float32, copy=False)
            real[tensor.index] = tensor
        elif array.dtype != NUMPY_DTYPE.get(tensor.dtype):
            raise UsageError(f"{name} is {tensor.dtype}, not {array.dtype.name}", hint=HOW_TO_GIVE)
        first, rest = tensor.shape[:1], tensor.shape[1:]
        if array.shape != (*(count * n for n in first), *rest):
            raise UsageError(
                f"{name} has shape {array.shape}; samples are {tensor.shape} several times along"
                " the first dimension, equally often in all inputs"
            )
        split[tensor.index] = np.ascontiguousarray(array).reshape(count, *tensor.shape)
    return Samples(split, count, real, rounding)


def as_steps(
    model: Model, inputs: Mapping[int, Array], quantize: str | None
) -> Mapping[int, Array]:
    """The inputs, of any shapes, with real numbers quantized where that is asked for."""
    if quantize is None:
        return inputs
    rounding, tensors = check_rounding(quantize), model.subgraphs[0].tensors
    return {
        index: quantize_input(array, tensors[index], rounding)
        if array.dtype.kind == "f" and takes_real(tensors[index])
        else array
        for index, array in inputs.items()
    }


def rows_of_one(model: Model) -> int:
    """The first dimension that all inputs share, 0 if they do not."""
    graph = model.subgraphs[0]
    firsts = {graph.tensors[index].shape[:1] for index in graph.inputs}
    return next(iter(firsts), ())[0] if len(firsts) == 1 and firsts != {()} else 0


def stacked(results: Mapping[int, list[Array]]) -> dict[int, Array]:
    """[samples, *shape] by tensor index. Raises UsageError where the samples' shapes differ."""
    if any(len({value.shape for value in values}) > 1 for values in results.values()):
        raise UsageError(
            "the samples give tensors of different shapes, which one array cannot hold",
            hint="run them one by one",
        )
    return {index: np.stack(values) for index, values in results.items()}


def joined(values: Array, along: int) -> Array:
    """[samples, n, ...] to [samples * n, ...] where n counts what the inputs' first dimension does.

    So outputs look as if the model had been resized.
    """
    if values.ndim > 1 and along > 0 and values.shape[1] == along:
        return values.reshape(-1, *values.shape[2:])
    return values


def of_sample(error: DomainError, sample: int) -> DomainError:
    """The same error, with the sample that it is about."""
    reason = f"sample {sample}: {error.reason}"
    return DomainError(reason, where=error.where, label=error.label, hint=error.hint)
