"""Small models that between them use every part of the schema that the writer writes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from refint8.model.build import ModelBuilder


def convolution(weights: str = "INT8", axis: int = 0) -> bytes:
    """CONV_2D + SOFTMAX with per-channel weights."""
    b = ModelBuilder("convolution")
    x = b.tensor("x", "INT8", (1, 4, 4, 3), scale=0.5, zero_point=3, shape_signature=(-1, 4, 4, 3))
    values = np.arange(15).reshape(5, 1, 1, 3) % 4 - 2
    channels = [0.015625, 0.03125, 0.0625, 0.125, 0.25]
    w = b.tensor("w", weights, (5, 1, 1, 3), scale=channels, quantized_dimension=axis, data=values)
    bias = b.tensor("bias", "INT32", (5,), scale=np.array(channels) / 2, data=np.arange(5) * 10)
    y = b.tensor("y", "INT8", (1, 4, 4, 5), scale=0.25)
    z = b.tensor("z", "INT8", (1, 4, 4, 5), scale=1 / 256, zero_point=-128)
    b.operator("CONV_2D", [x, w, bias], [y], version=3, padding="VALID", stride_w=1, stride_h=1)
    b.operator("SOFTMAX", [y], [z], version=2, beta=1.0)
    b.metadata["min_runtime_version"] = b"1.5.0\0\0\0"
    return b.to_bytes([x], [z])


def loop() -> bytes:
    """WHILE with two more subgraphs, INT32 arithmetic, two signatures."""
    b = ModelBuilder("loop")
    i = b.tensor("i", "INT32", ())
    out = b.tensor("out", "INT32", ())
    cond, condition = b.subgraph("condition")
    ci = condition.tensor("i", "INT32", ())
    ten = condition.tensor("ten", "INT32", (), data=10)
    less = condition.tensor("less", "BOOL", ())
    condition.operator("LESS", [ci, ten], [less])
    condition.close([ci], [less])
    body, step = b.subgraph("body")
    bi = step.tensor("i", "INT32", ())
    one = step.tensor("one", "INT32", (), data=1)
    total = step.tensor("sum", "INT32", ())
    step.operator("ADD", [bi, one], [total])
    step.close([bi], [total])
    b.operator("WHILE", [i], [out], cond_subgraph_index=cond, body_subgraph_index=body)
    b.signature("run", {"i": i}, {"out": out})
    b.signature("again", {"i": i}, {"out": out})
    return b.to_bytes([i], [out])


def state() -> bytes:
    """A variable tensor, an absent optional input, intermediates; SVDF-like but not to be run."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 8), scale=0.1)
    wf = b.tensor("wf", "INT8", (4, 8), scale=0.02, data=np.arange(32).reshape(4, 8) - 16)
    wt = b.tensor("wt", "INT16", (4, 3), scale=0.001, data=np.arange(12).reshape(4, 3) * 100)
    memory = b.tensor("state", "INT16", (1, 12), scale=0.005, is_variable=True)
    y = b.tensor("y", "INT8", (1, 4), scale=0.2, zero_point=-1)
    spare = b.tensor("spare", "INT16", (0,), scale=0.5)
    b.operator(
        "SVDF", [x, wf, wt, -1, memory], [y], version=3, intermediates=[spare], rank=1,
        fused_activation_function="RELU",
    )  # fmt: skip
    return b.to_bytes([x], [y])


def miscellany() -> bytes:
    """Options with vectors, strings and bytes; a custom operator; sub-byte, string, float data."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (2, 3), scale=0.5)
    y = b.tensor("y", "INT8", (3, 2), scale=0.5)
    shape = b.tensor("shape", "INT32", (2,), data=[3, 2])
    b.operator("RESHAPE", [x, shape], [y], new_shape=(3, 2))
    z = b.tensor("z", "INT8", (3, 2), scale=0.5)
    b.operator("CUSTOM", [y, -1], [z], custom_code="Mine", custom_options=b"\x01\x02\x03")
    g = b.tensor("g", "INT8", (1, 2), scale=0.5)
    at = b.tensor("at", "INT64", (1, 1), data=[[2]])
    b.operator(
        "STABLEHLO_GATHER", [z, at], [g], offset_dims=(1,), collapsed_slice_dims=(0,),
        start_index_map=(0,), index_vector_dim=1, slice_sizes=(1, 2), indices_are_sorted=True,
    )  # fmt: skip
    b.operator("VAR_HANDLE", [], [b.tensor("v", "RESOURCE", ())], container="c", shared_name="s")
    for dtype, values in (("INT4", [-8, 7, 3]), ("UINT4", [0, 15, 9]), ("INT2", [-2, 1, -1, 0, 1])):
        b.tensor(dtype.lower(), dtype, (len(values),), data=values)
    b.tensor("text", "STRING", (1,), data=b"\x01\0\0\0\x0c\0\0\0\x0e\0\0\0hi")  # type: ignore[arg-type]
    b.tensor("float", "FLOAT32", (2,), data=[1.5, -0.25])
    b.tensor("half", "FLOAT16", (2,), data=[1.5, -0.25])
    b.tensor("flags", "BOOL", (3,), data=[True, False, True])
    b.tensor("", "UINT64", (1,), data=[2**63])
    return b.to_bytes([x], [g])


def seed_models() -> Mapping[str, bytes]:
    """Name to file."""
    return {
        "convolution": convolution(),
        "convolution_int4": convolution("INT4"),
        "loop": loop(),
        "state": state(),
        "miscellany": miscellany(),
    }
