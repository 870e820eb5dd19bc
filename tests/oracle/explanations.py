"""Models of one operator for explanations, and ways to look at what was recorded."""

from __future__ import annotations

from typing import Any

import numpy as np

from refint8.model.build import ModelBuilder
from refint8.model.types import Model

WINDOW = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
CONV = {**WINDOW, "dilation_h_factor": 1, "dilation_w_factor": 1}
RNG_SEED = 5


def flat(steps: Any) -> list[Any]:
    """All steps, those inside others behind them."""
    found: list[Any] = []
    for step in steps:
        found += [step, *flat(step.steps)]
    return found


def named(steps: Any, name: str) -> Any:
    """The first step of that name, however deep."""
    return next(step for step in flat(steps) if step.name == name)


def values(shape: tuple[int, ...], dtype: Any = np.int8, low: int = -128, high: int = 127) -> Any:
    """Seeded values over the whole range."""
    return np.random.default_rng(RNG_SEED).integers(low, high, shape, endpoint=True).astype(dtype)


def conv(name: str = "CONV_2D", dtype: str = "INT8", **options: Any) -> Model:
    """A 3x3 convolution with SAME padding, [1,4,4,2] to 2 channels, a scale for each."""
    b = ModelBuilder()
    low = 0 if dtype == "UINT8" else -128
    x = b.tensor("x", dtype, (1, 4, 4, 2), scale=0.0235, zero_point=low + 125)
    depthwise = name == "DEPTHWISE_CONV_2D"
    shape = (1, 3, 3, 2) if depthwise else (2, 3, 3, 2)
    scales = 0.003 if dtype == "UINT8" else [0.003, 0.0041]
    w = b.tensor(
        "w",
        dtype,
        shape,
        scale=scales,
        zero_point=low + 128,
        quantized_dimension=3 if depthwise else 0,
        data=values(shape, np.uint8, 0, 255) if dtype == "UINT8" else values(shape),
    )
    bias = b.tensor("bias", "INT32", (2,), data=[777, -1234])
    y = b.tensor("y", dtype, (1, 4, 4, 2), scale=0.031, zero_point=low + 121)
    b.operator(name, [x, w, bias], [y], version=3, **CONV, **options)
    return b.model([x], [y], name="conv")


def unary(
    name: str,
    dtype: str = "INT8",
    shape: tuple[int, ...] = (1, 6),
    x: tuple[float, int] = (0.05, 3),
    y: tuple[float, int] = (0.06, -7),
    **options: Any,
) -> Model:
    """One input, one output of the same shape."""
    b = ModelBuilder()
    i = b.tensor("x", dtype, shape, scale=x[0], zero_point=x[1])
    o = b.tensor("y", dtype, shape, scale=y[0], zero_point=y[1])
    b.operator(name, [i], [o], version=1, **options)
    return b.model([i], [o], name=name.lower())


def binary(name: str, dtype: str = "INT8", **options: Any) -> Model:
    """[2,3] with [3] to [2,3], all with scales of their own."""
    b = ModelBuilder()
    zero_points = (3, -4, 5) if dtype == "INT8" else (0, 0, 0)
    scales = (0.031, 0.045, 0.0527)
    x1 = b.tensor("x1", dtype, (2, 3), scale=scales[0], zero_point=zero_points[0])
    x2 = b.tensor("x2", dtype, (3,), scale=scales[1], zero_point=zero_points[1])
    y = b.tensor("y", dtype, (2, 3), scale=scales[2], zero_point=zero_points[2])
    b.operator(name, [x1, x2], [y], version=1, **options)
    return b.model([x1, x2], [y], name=name.lower())


def scale_of(model: Model, tensor: int, channel: int = 0) -> float:
    """A scale of a tensor."""
    return float(model.subgraphs[0].tensors[tensor].quantization.scales[channel])


def data_of(model: Model, tensor: int) -> Any:
    """A constant, as int64."""
    return model.subgraphs[0].tensors[tensor].data.astype(np.int64)
