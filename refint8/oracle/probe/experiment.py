"""An experiment: a one-operator model and one input on which rounding shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from refint8.model.build import ModelBuilder
from refint8.model.types import NUMPY_DTYPE, Model
from refint8.oracle.targets.outcome import Array

RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "INT8": (-128, 127),
    "UINT8": (0, 255),
    "INT16": (-32768, 32767),
}
"""Lowest and highest value of the quantized dtypes."""


@dataclass(frozen=True, eq=False)
class Experiment:
    """`case` groups experiments on one operator and dtype; `output` is the tensor to compare."""

    case: str
    operator: str
    title: str
    model: Model
    inputs: dict[int, Array]
    output: int


@dataclass(frozen=True)
class Quantized:
    """dtype, shape and quantization of a tensor of an experiment."""

    dtype: str
    shape: tuple[int, ...]
    scale: ArrayLike | None = None
    zero_point: int = 0
    axis: int = 0


def experiment(
    operator: str,
    dtype: str,
    title: str,
    given: Sequence[tuple[Quantized, Array]],
    constants: Sequence[tuple[Quantized, Array] | None],
    output: Quantized,
    *,
    version: int = 1,
    options: Mapping[str, Any] | None = None,
    constants_first: bool = False,
) -> Experiment:
    """A model of one operator: `given` are graph inputs with their values, then `constants`
    (None for an absent optional input); TRANSPOSE_CONV has its constants first.
    """
    builder = ModelBuilder(f"refint8 probe: {operator} {dtype}, {title}")
    inputs = {
        _tensor(builder, f"input{n}", part): np.asarray(value, NUMPY_DTYPE[part.dtype])
        for n, (part, value) in enumerate(given)
    }
    fixed = [
        -1 if item is None else _tensor(builder, f"constant{n}", item[0], item[1])
        for n, item in enumerate(constants)
    ]
    out = _tensor(builder, "output", output)
    order = [*fixed[:2], *inputs, *fixed[2:]] if constants_first else [*inputs, *fixed]
    builder.operator(operator, order, [out], version=version, options=options)
    model = builder.model([*inputs], [out], f"{operator} {dtype} {title}")
    return Experiment(f"{operator} {dtype.lower()}", operator, title, model, inputs, out)


def _tensor(builder: ModelBuilder, name: str, part: Quantized, data: Array | None = None) -> int:
    return builder.tensor(
        name,
        part.dtype,
        part.shape,
        scale=part.scale,
        zero_point=part.zero_point,
        quantized_dimension=part.axis,
        data=data,
    )
