"""Models for the command line: one that runs, and one for every reason not to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from refint8.model.build import ModelBuilder

Content = bytes


def conv(**changes: Any) -> Content:
    """A 1x1 convolution, int8 [1,2,2,2] to [1,2,2,3]: the same numbers in every row of weights.

    `changes`: dtype, out_dtype, version, scale, bias replace what is usual.
    """
    b = ModelBuilder()
    dtype = changes.get("dtype", "INT8")
    scale = None if dtype == "FLOAT32" else changes.get("scale", 0.5)
    weights_dtype = "FLOAT32" if dtype == "FLOAT32" else "INT8"
    bias_dtype = "FLOAT32" if dtype == "FLOAT32" else "INT32"
    x = b.tensor("x", dtype, (1, 2, 2, 2), scale=scale, zero_point=0 if scale is None else 3)
    w = b.tensor(
        "w",
        weights_dtype,
        (3, 1, 1, 2),
        scale=None if scale is None else [0.25, 0.5, 1.0],
        data=[[[[1, 2]]]] * 3,
    )
    bias = b.tensor("bias", bias_dtype, (3,), data=[changes.get("bias", 4)] * 3)
    out_dtype = changes.get("out_dtype", dtype)
    y = b.tensor("y", out_dtype, (1, 2, 2, 3), scale=None if scale is None else 2.0, zero_point=0)
    b.operator(
        "CONV_2D",
        [x, w, bias],
        [y],
        version=changes.get("version", 3),
        padding="VALID",
        stride_h=1,
        stride_w=1,
        dilation_h_factor=1,
        dilation_w_factor=1,
    )
    return b.to_bytes([x], [y])


def reshape() -> Content:
    """int8 [1,6] to [1,2,3]: an operator whose output anyone can tell."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 6), scale=0.5, zero_point=-3)
    shape = b.tensor("shape", "INT32", (3,), data=[1, 2, 3])
    y = b.tensor("y", "INT8", (1, 2, 3), scale=0.5, zero_point=-3)
    b.operator("RESHAPE", [x, shape], [y])
    return b.to_bytes([x], [y])


def classes() -> Content:
    """int8 [1,1,1,6] to scores [1,6], which are the inputs."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 1, 1, 6), scale=0.5)
    shape = b.tensor("shape", "INT32", (2,), data=[1, 6])
    y = b.tensor("y", "INT8", (1, 6), scale=0.5)
    b.operator("RESHAPE", [x, shape], [y])
    return b.to_bytes([x], [y])


def custom(code: str) -> Content:
    """A model of one custom operator, as an NPU's compiler writes it."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 4), scale=0.5)
    y = b.tensor("y", "INT8", (1, 4), scale=0.5)
    b.operator("CUSTOM", [x], [y], custom_code=code)
    return b.to_bytes([x], [y])


def three_refusals() -> Content:
    """A float operator, a custom one, and between them one that runs."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 4), scale=0.5)
    moved = b.tensor("moved", "INT8", (4,), scale=0.5)
    shape = b.tensor("shape", "INT32", (1,), data=[4])
    f = b.tensor("f", "FLOAT32", (1, 2, 2, 1))
    w = b.tensor("w", "FLOAT32", (1, 1, 1, 1), data=[[[[1]]]])
    g = b.tensor("g", "FLOAT32", (1, 2, 2, 1))
    own = b.tensor("own", "INT8", (4,), scale=0.5)
    b.operator("CONV_2D", [f, w, -1], [g], version=1, stride_h=1, stride_w=1)
    b.operator("RESHAPE", [x, shape], [moved])
    b.operator("CUSTOM", [moved], [own], custom_code="Mine")
    return b.to_bytes([x, f], [g, own])


def write(path: Path, content: Content) -> str:
    """The model as a file; its path as an argument."""
    path.write_bytes(content)
    return str(path)
