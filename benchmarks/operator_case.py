"""What a one-operator model is made of: tensors, an operator, its newest known version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from refint8.model.build import ModelBuilder
from refint8.ops import REGISTRY

SHAPE: Final = (1, 64, 64, 64)
Q8: Final = ("INT8", "UINT8")
QUANTIZED: Final = ("INT8", "UINT8", "INT16")
SIGNED: Final = ("INT8", "INT16")
RAW: Final = ("INT8", "INT16", "INT32")
WIDE: Final = ("INT32", "INT64")

DEFAULTS: Final[Mapping[str, tuple[float, int]]] = {
    "INT8": (0.05, 3),
    "UINT8": (0.05, 131),
    "INT16": (0.001, 0),
}
"""Scale and zero point where an operator does not care."""

NEWEST_OF_REFERENCE: Final = {
    "ABS": 3, "DEPTHWISE_CONV_2D": 6, "SOFTMAX": 3, "ADD": 5, "MUL": 7, "DEPTH_TO_SPACE": 1,
    "TRANSPOSE": 8, "SQUEEZE": 1, "STRIDED_SLICE": 4, "ARG_MAX": 2, "ARG_MIN": 2, "TILE": 2,
    "RANGE": 1, "GELU": 2,
}  # fmt: skip
"""Newest versions that LiteRT's reference resolver takes where its others take newer ones."""


@dataclass(frozen=True, eq=False)
class T:
    """A tensor to declare; `data` makes it a constant. Quantized dtypes have DEFAULTS."""

    dtype: str
    shape: Sequence[int] = SHAPE
    scale: Any = None
    zero_point: Any = None
    data: Any = None
    axis: int = 0

    def declare(self, b: ModelBuilder, name: str) -> int:
        """Add it to a model."""
        scale, zero_point = self.scale, self.zero_point
        if scale is None and self.dtype in DEFAULTS:
            scale, usual = DEFAULTS[self.dtype]
            zero_point = usual if zero_point is None else zero_point
        return b.tensor(
            name,
            self.dtype,
            self.shape if self.data is None else np.shape(self.data),
            scale=scale,
            zero_point=0 if zero_point is None else zero_point,
            quantized_dimension=self.axis,
            data=self.data,
        )


@dataclass(frozen=True, eq=False)
class Case:
    """One operator in one mode."""

    operator: str
    mode: str
    inputs: Sequence[T]
    outputs: Sequence[T]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What tables call it."""
        return f"{self.operator} {self.mode}"

    def model(self) -> bytes:
        """The file."""
        b = ModelBuilder()
        ins = [t.declare(b, f"x{i}") for i, t in enumerate(self.inputs)]
        outs = [t.declare(b, f"y{i}") for i, t in enumerate(self.outputs)]
        newest = max(REGISTRY[self.operator].versions)
        version = NEWEST_OF_REFERENCE.get(self.operator, newest)
        b.operator(self.operator, ins, outs, version=version, options=self.options)
        given = [i for i, t in zip(ins, self.inputs, strict=True) if t.data is None]
        return b.to_bytes(given, outs)


def one(operator: str, inputs: Sequence[T], *outputs: T, mode: str = "", **options: Any) -> Case:
    """A case; the mode is the first input's dtype unless said."""
    first = next(t.dtype for t in inputs if t.data is None)
    return Case(operator, mode or first, inputs, outputs, options)


def noise(dtype: str, shape: Sequence[int], low: int = -127, high: int = 128) -> Any:
    """Constant data."""
    if dtype == "UINT8":
        low, high = low + 128, high + 128
    return np.random.default_rng(1).integers(low, high, tuple(shape))
