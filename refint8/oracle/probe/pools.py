"""Operators that gather several elements into one: pools, means, sums, resizing, joining."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from refint8.oracle.probe.experiment import RANGES, Experiment, Quantized, experiment


def pools(rng: np.random.Generator) -> Iterator[Experiment]:
    """AVERAGE_POOL_2D, MEAN, SUM, RESIZE_BILINEAR, CONCATENATION, PAD and BATCH_MATMUL."""
    for dtype in ("INT8", "UINT8"):
        yield _average_pool(rng, dtype)
        for axes in ((1, 2), (3,)):
            for ratio in (1.0, 0.73, 0.41):
                yield _reduced(rng, "MEAN", dtype, axes, ratio)
        yield _reduced(rng, "SUM", dtype, (1, 2), 20.3)
        for half in (False, True):
            yield _resized(rng, dtype, half)
        yield _joined(rng, dtype)
    yield _padded(rng)
    for dtype in ("INT8", "INT16"):
        yield _batch_matmul(rng, dtype)


def _zero_points(rng: np.random.Generator, dtype: str, count: int) -> list[int]:
    low, high = RANGES[dtype]
    return [int(z) for z in rng.integers(low + 30, high - 29, count)]


def _average_pool(rng: np.random.Generator, dtype: str) -> Experiment:
    low, high = RANGES[dtype]
    x = rng.integers(low, high + 1, (1, 15, 14, 35))
    (z,) = _zero_points(rng, dtype, 1)
    options = {
        "padding": "SAME",
        "stride_h": 2,
        "stride_w": 2,
        "filter_height": 4,
        "filter_width": 2,
        "fused_activation_function": "NONE",
    }
    return experiment(
        "AVERAGE_POOL_2D",
        dtype,
        "4x2, padded",
        [(Quantized(dtype, x.shape, 0.05, z), x)],
        [],
        Quantized(dtype, (1, 8, 7, 35), 0.05, z),
        version=2 if dtype == "INT8" else 1,
        options=options,
    )


def _reduced(
    rng: np.random.Generator, operator: str, dtype: str, axes: tuple[int, ...], ratio: float
) -> Experiment:
    """`ratio` is the output's scale over the input's; with 1 and 8 x 8 elements ties are many."""
    low, high = RANGES[dtype]
    x = rng.integers(low, high + 1, (1, 8, 8, 259) if axes == (1, 2) else (1, 9, 31, 40))
    z, zo = _zero_points(rng, dtype, 2)
    kept = tuple(1 if n in axes else size for n, size in enumerate(x.shape))
    return experiment(
        operator,
        dtype,
        f"axes {', '.join(map(str, axes))}, ratio {ratio:g}",
        [(Quantized(dtype, x.shape, 0.0371, z), x)],
        [(Quantized("INT32", (len(axes),)), np.array(axes))],
        Quantized(dtype, kept, float(np.float32(0.0371)) * ratio, zo),
        version=2 if dtype == "INT8" else 1,
        options={"keep_dims": True},
    )


def _resized(rng: np.random.Generator, dtype: str, half: bool) -> Experiment:
    low, high = RANGES[dtype]
    x = rng.integers(low, high + 1, (1, 7, 9, 5))
    (z,) = _zero_points(rng, dtype, 1)
    size = np.array([20, 23])
    options: dict[str, Any] = {"align_corners": False, "half_pixel_centers": half}
    return experiment(
        "RESIZE_BILINEAR",
        dtype,
        "half-pixel centres" if half else "corners",
        [(Quantized(dtype, x.shape, 0.05, z), x)],
        [(Quantized("INT32", (2,)), size)],
        Quantized(dtype, (1, 20, 23, 5), 0.05, z),
        version=3 if half else (2 if dtype == "INT8" else 1),
        options=options,
    )


def _joined(rng: np.random.Generator, dtype: str) -> Experiment:
    """Equal scales for int8, which the operator prescribes; others for uint8."""
    low, high = RANGES[dtype]
    every = np.arange(low, high + 1).reshape(1, 256)
    z1, z2 = _zero_points(rng, dtype, 2)
    s1, s2, zo = (0.05, 0.05, z1) if dtype == "INT8" else (0.021, 0.05, z2)
    return experiment(
        "CONCATENATION",
        dtype,
        "every value",
        [
            (Quantized(dtype, every.shape, s1, z1), every),
            (Quantized(dtype, every.shape, s2, zo), every),
        ],
        [],
        Quantized(dtype, (1, 512), 0.05, zo),
        version=2 if dtype == "INT8" else 1,
        options={"axis": 1, "fused_activation_function": "NONE"},
    )


def _padded(rng: np.random.Generator) -> Experiment:
    x = rng.integers(-128, 128, (1, 4, 5, 3))
    return experiment(
        "PAD",
        "INT8",
        "zero point -17",
        [(Quantized("INT8", x.shape, 0.05, -17), x)],
        [(Quantized("INT32", (4, 2)), np.array([[0, 0], [1, 2], [2, 1], [0, 0]]))],
        Quantized("INT8", (1, 7, 8, 3), 0.05, -17),
        version=2,
    )


def _batch_matmul(rng: np.random.Generator, dtype: str) -> Experiment:
    low, high = RANGES[dtype]
    x, y = rng.integers(low, high + 1, (1, 40, 16)), rng.integers(low, high + 1, (1, 16, 41))
    z, zo = _zero_points(rng, dtype, 2) if dtype == "INT8" else (0, 0)
    scale = 2.0**-6 if dtype == "INT8" else 2.0**-13
    return experiment(
        "BATCH_MATMUL",
        dtype,
        "16 products",
        [
            (Quantized(dtype, x.shape, scale, z), x),
            (Quantized(dtype, y.shape, scale, 0), y),
        ],
        [],
        Quantized(dtype, (1, 40, 41), 8.0 if dtype == "INT8" else 2.0**-10, zo),
        version=2 if dtype == "INT8" else 3,
        options={"adj_x": False, "adj_y": False, "asymmetric_quantize_inputs": False},
    )
