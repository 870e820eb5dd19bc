"""A model small enough to follow by hand, with the operators that the simulated device has."""

from __future__ import annotations

import numpy as np

from refint8.model.build import ModelBuilder


def small_model() -> bytes:
    """CONV_2D with RELU, RESHAPE, FULLY_CONNECTED; int8 [1, 8, 8, 3] to [1, 10]."""
    rng = np.random.default_rng(1)
    b = ModelBuilder("a small model to try a device with")
    x = b.tensor("image", "INT8", (1, 8, 8, 3), scale=0.0078125, zero_point=-1)
    taps = b.tensor(
        "taps",
        "INT8",
        (4, 3, 3, 3),
        scale=[0.0043, 0.0051, 0.0038, 0.0047],
        data=rng.integers(-127, 128, (4, 3, 3, 3)),
    )
    offsets = b.tensor("offsets", "INT32", (4,), data=rng.integers(-2000, 2001, 4))
    features = b.tensor("features", "INT8", (1, 4, 4, 4), scale=0.0213, zero_point=-128)
    shape = b.tensor("shape", "INT32", (2,), data=[1, 64])
    flat = b.tensor("flat", "INT8", (1, 64), scale=0.0213, zero_point=-128)
    weights = b.tensor(
        "weights", "INT8", (10, 64), scale=0.0031, data=rng.integers(-127, 128, (10, 64))
    )
    bias = b.tensor("bias", "INT32", (10,), data=rng.integers(-3000, 3001, 10))
    scores = b.tensor("scores", "INT8", (1, 10), scale=0.17, zero_point=4)
    b.operator(
        "CONV_2D",
        [x, taps, offsets],
        [features],
        version=3,
        padding="SAME",
        stride_h=2,
        stride_w=2,
        fused_activation_function="RELU",
    )
    b.operator("RESHAPE", [features, shape], [flat], new_shape=[1, 64])
    b.operator("FULLY_CONNECTED", [flat, weights, bias], [scores], version=4)
    return b.to_bytes([x], [scores])
