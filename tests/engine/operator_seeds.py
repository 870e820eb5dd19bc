"""One small model for most operators: what a fuzzer starts from."""

from __future__ import annotations

from functools import cache
from typing import Any

from refint8.model.build import ModelBuilder

SHAPE = (1, 4, 4, 2)


def _one(
    name: str,
    constants: tuple[tuple[str, Any], ...] = (),
    *,
    out: tuple[int, ...] = SHAPE,
    before: bool = False,
    version: int = 1,
    outputs: int = 1,
    **options: Any,
) -> bytes:
    """A model of one int8 operator over SHAPE with constants behind (or `before`) the input."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", SHAPE, scale=0.5, zero_point=3)
    others = []
    for dtype, data in constants:
        scale = 0.5 if dtype == "INT8" else None
        zp = 3 if name in COPIES else 0
        others.append(b.tensor("c", dtype, _shape(data), scale=scale, zero_point=zp, data=data))
    ys = [
        b.tensor(f"y{i}", "INT8", out, scale=1 / 256 if name in FRACTIONS else 0.5, zero_point=zp)
        for i, zp in enumerate([-128 if name in FRACTIONS else 3] * outputs)
    ]
    inputs = [*others, x] if before else [x, *others]
    b.operator(name, inputs, ys, version=version, **options)
    return b.to_bytes([x], ys)


FRACTIONS = ("SOFTMAX", "LOGISTIC")
COPIES = ("CONCATENATION", "PACK")


def _shape(data: Any) -> tuple[int, ...]:
    return (len(data), *_shape(data[0])) if isinstance(data, list) else ()


def _filled(shape: tuple[int, ...], value: int = 1) -> Any:
    return [_filled(shape[1:], value + i) for i in range(shape[0])] if shape else value


@cache
def operator_models() -> tuple[bytes, ...]:
    """The models, as files."""
    stride = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
    pool = {**stride, "filter_height": 2, "filter_width": 2}
    window = {**stride, "dilation_h_factor": 1, "dilation_w_factor": 1}
    pads = [[0, 0], [1, 1], [0, 2], [0, 0]]
    return (
        _one("CONV_2D", (("INT8", _filled((2, 2, 2, 2))), ("INT32", [5, 6])), version=3, **window),
        _one(
            "DEPTHWISE_CONV_2D",
            (("INT8", _filled((1, 3, 3, 2))), ("INT32", [5, 6])),
            version=3,
            depth_multiplier=1,
            **window,
        ),
        _one("FULLY_CONNECTED", (("INT8", _filled((3, 8))),), out=(4, 3), version=4),
        _one("ADD", (("INT8", _filled((4, 1))),), version=2),
        _one("SUB", (("INT8", _filled((2,))),), version=2),
        _one("MUL", (("INT8", 3),), version=2),
        _one("MAXIMUM", (("INT8", _filled((2,))),), version=2),
        _one("AVERAGE_POOL_2D", version=2, **pool),
        _one("MAX_POOL_2D", version=2, **pool),
        _one("SOFTMAX", version=2, beta=1.0),
        _one("LOGISTIC", version=2),
        _one("HARD_SWISH"),
        _one("RELU", version=2),
        _one("LEAKY_RELU", version=2, alpha=0.25),
        _one("PRELU", (("INT8", _filled((1, 1, 2))),)),
        _one("MEAN", (("INT32", [1, 2]),), out=(1, 1, 1, 2), version=2, keep_dims=True),
        _one("SUM", (("INT32", [3]),), out=(1, 4, 4), version=2),
        _one("CONCATENATION", (("INT8", _filled(SHAPE)),), out=(1, 4, 4, 4), version=2, axis=3),
        _one("PAD", (("INT32", pads),), out=(1, 6, 6, 2), version=2),
        _one("RESHAPE", (("INT32", [8, -1]),), out=(8, 4), new_shape=[8, 4]),
        _one("TRANSPOSE", (("INT32", [0, 3, 1, 2]),), out=(1, 2, 4, 4), version=2),
        _one("SLICE", (("INT32", [0, 1, 0, 0]), ("INT32", [1, 2, -1, 2])), out=(1, 2, 4, 2)),
        _one(
            "STRIDED_SLICE",
            (("INT32", [0, 3, 0, 0]), ("INT32", [1, 0, 4, 2]), ("INT32", [1, -1, 2, 1])),
            out=(1, 3, 2, 2),
            version=2,
        ),
        _one("SPLIT", (("INT32", 1),), out=(1, 2, 4, 2), before=True, outputs=2, num_splits=2),
        _one("GATHER", (("INT32", [3, 0]),), out=(1, 2, 4, 2), axis=1, version=2),
        _one("PACK", (("INT8", _filled(SHAPE)),), out=(2, *SHAPE), values_count=2, axis=0),
        _one("RESIZE_BILINEAR", (("INT32", [7, 3]),), out=(1, 7, 3, 2), version=2),
        _one("RESIZE_NEAREST_NEIGHBOR", (("INT32", [7, 3]),), out=(1, 7, 3, 2), version=2),
        _one("TANH", version=2),
        _one("QUANTIZE", version=2),
    )
