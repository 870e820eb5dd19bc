"""Goldens for tests: one made by hand that holds everything odd, and small real ones."""

from __future__ import annotations

import numpy as np

from refint8.model.build import ModelBuilder
from refint8.model.types import NUMPY_DTYPE, Model
from refint8.oracle.golden.contents import Golden, OperatorInfo, TensorInfo


def every_dtype(samples: int = 2) -> Golden:
    """A tensor of every dtype, and shapes and values that are easily lost. No model runs this."""
    rng = np.random.default_rng(5)
    tensors, arrays = [], [{} for _ in range(samples)]
    shapes = ((2, 3), (), (0, 4), (1, 5, 3), (17,))
    for position, (name, dtype) in enumerate(NUMPY_DTYPE.items()):
        shape = shapes[position % len(shapes)]
        index = 3 * position + 1
        tensors.append(
            TensorInfo(
                index=index,
                name=f't/{name};ä\n"{position}"' if position % 2 else "",
                dtype=name,
                shape=shape,
                scales=(0.1, float("inf"))[: position % 3],
                zero_points=(-(2**63), 2**63 - 1)[: position % 3],
                quantized_dimension=position % 4,
                role=("input", "inner", "output", "constant")[position % 4],
                operator=position - 1,
            )
        )
        tensors[-1] = _exact(tensors[-1])
        for each in arrays:
            raw = rng.integers(0, 2 if dtype.kind == "b" else 256, 17 * 16, np.uint8)
            count = int(np.prod(shape))
            each[index] = raw.view(dtype)[:count].reshape(shape).copy()
    return Golden(
        model=b"not a model",
        model_name="m ä.tflite",
        profile="tflite",
        rules={"requantize": "double"},
        version="9.9",
        seed=None,
        operators=(
            OperatorInfo(
                0, "CUSTOM:x", (-1, 1), (4,), {"kind": "X", "big": 2**62, "n": [None, 1.5]}
            ),
            OperatorInfo(1, "", (), (), {}),
        ),
        tensors=tuple(tensors),
        samples=tuple(arrays),
    )


def _exact(tensor: TensorInfo) -> TensorInfo:
    """The tensor with scales that are float32, as every model's are."""
    scales = tuple(float(np.float32(scale)) for scale in tensor.scales)
    return TensorInfo(**{**vars(tensor), "scales": scales})


def convolutions(size: int = 6, channels: int = 4) -> Model:
    """CONV_2D, ADD of a constant, CONV_2D, SOFTMAX: int8 [1, size, size, channels]."""
    b = ModelBuilder()
    rng = np.random.default_rng(3)
    shape = (1, size, size, channels)
    x = b.tensor("x", "INT8", shape, scale=0.5, zero_point=3)
    previous = x
    for number in range(2):
        w = b.tensor(
            f"w{number}",
            "INT8",
            (channels, 3, 3, channels),
            scale=[0.01 * (1 + c) for c in range(channels)],
            data=rng.integers(-127, 128, (channels, 3, 3, channels)),
        )
        bias = b.tensor(f"b{number}", "INT32", (channels,), data=rng.integers(-500, 500, channels))
        y = b.tensor(f"conv{number}", "INT8", shape, scale=1.7, zero_point=-9)
        b.operator(
            "CONV_2D",
            [previous, w, bias],
            [y],
            version=3,
            padding="SAME",
            stride_h=1,
            stride_w=1,
            dilation_h_factor=1,
            dilation_w_factor=1,
        )
        seven = b.tensor(f"c{number}", "INT8", (channels,), scale=0.5, data=[7] * channels)
        z = b.tensor(f"sum{number}", "INT8", shape, scale=1.9, zero_point=5)
        b.operator("ADD", [y, seven], [z], version=2)
        previous = z
    out = b.tensor("scores", "INT8", shape, scale=1 / 256, zero_point=-128)
    b.operator("SOFTMAX", [previous], [out], version=2, beta=1.0)
    return b.model([x], [out])


def passing(elements: int) -> Model:
    """One RESHAPE of so many int8: a bundle of any size from next to no arithmetic."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, elements), scale=0.5)
    shape = b.tensor("shape", "INT32", (1,), data=[elements])
    y = b.tensor("y", "INT8", (elements,), scale=0.5)
    b.operator("RESHAPE", [x, shape], [y])
    return b.model([x], [y])
