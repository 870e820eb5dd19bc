"""Sums of products whose accumulators are set by the bias, next to the ties of requantization.

Random data separates two roundings in 0.1 % of elements. Here every channel's bias is solved for
an accumulator that lies on, just below or just above the middle between two output values, for
multipliers that are powers of two (exact ties) and for odd ones of every size (ties that only a
scale's last bits decide).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from refint8.oracle.probe.experiment import RANGES, Experiment, Quantized, experiment
from refint8.oracle.targets.outcome import Array

CHANNELS: Final = 515
"""Odd, so that the last channels fall into the tail of every vector width."""

DEPTH: Final = 8

_CONVOLUTION: Final[Mapping[str, Any]] = {
    "padding": "VALID",
    "stride_h": 1,
    "stride_w": 1,
    "dilation_h_factor": 1,
    "dilation_w_factor": 1,
    "fused_activation_function": "NONE",
}


def sums(rng: np.random.Generator) -> Iterator[Experiment]:
    """The experiments on convolutions, FULLY_CONNECTED and TRANSPOSE_CONV."""
    for dtype in ("INT8", "UINT8", "INT16"):
        for exact in (True, False):
            yield _fully_connected(rng, dtype, exact)
            yield _conv_2d(rng, dtype, exact)
            yield _depthwise(rng, dtype, exact)
            yield _transpose_conv(rng, dtype, exact)
    yield _fully_connected(rng, "INT16", exact=False, bias_dtype="INT32")
    yield _conv_2d(rng, "INT16", exact=False, bias_dtype="INT32")
    for dtype in ("INT8", "UINT8"):
        yield _fully_connected(rng, dtype, exact=False, one_scale=True)
    for operator in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        yield _padded(rng, operator)


def _scales(
    rng: np.random.Generator, dtype: str, exact: bool, one_scale: bool
) -> tuple[float, Array, float]:
    """input scale, weight scales, output scale: multipliers from 2^-20 to 2^-2.

    A single one, if odd, is small: then accumulators are large, and the last bits of the scale,
    with them the precision in which it was computed, decide ties.
    """
    count = 1 if one_scale or dtype == "UINT8" else CHANNELS
    exponents = rng.integers(-18, -2, count) if dtype != "INT16" else rng.integers(-14, -4, count)
    if count == 1:
        exponents[:] = -6 if exact else -19
    if exact:
        return 0.5, np.exp2(exponents + 1).astype(np.float32) * np.float32(0.25), 0.25
    odd = np.exp2(exponents + rng.uniform(0, 1, count))
    return (
        float(np.float32(rng.uniform(0.01, 0.09))),
        odd.astype(np.float32),
        float(np.float32(rng.uniform(0.02, 0.11))),
    )


def _zero_point(rng: np.random.Generator, dtype: str) -> int:
    low, high = RANGES[dtype]
    return 0 if dtype == "INT16" else int(rng.integers(low + 20, high - 20))


def _near_ties(
    rng: np.random.Generator, multipliers: Array, dtype: str, zero_point: int, bits: int
) -> Array:
    """Accumulators, int64 [channels], within one of the middle between two output values."""
    low, high = RANGES[dtype]
    reach = np.minimum(high - low, (2.0 ** (bits - 2)) * multipliers)
    steps = rng.integers(low - zero_point, high - zero_point, multipliers.shape)
    steps = np.where(np.abs(steps) < reach, steps, rng.integers(-8, 8, multipliers.shape))
    exact = (steps + 0.5) / multipliers
    return np.rint(exact).astype(np.int64) + rng.integers(-1, 2, multipliers.shape)


class _Dense:
    """A product of one pixel with weights [CHANNELS, DEPTH] that hits the wanted accumulators."""

    def __init__(
        self,
        rng: np.random.Generator,
        dtype: str,
        exact: bool,
        *,
        depth: int = DEPTH,
        bias_dtype: str = "",
        one_scale: bool = False,
    ) -> None:
        low, high = RANGES[dtype]
        weights = "UINT8" if dtype == "UINT8" else "INT8"
        self.channels = CHANNELS
        self.input_scale, scales, self.output_scale = _scales(rng, dtype, exact, one_scale)
        self.weight_scales = scales
        self.input_zero_point = _zero_point(rng, dtype)
        self.output_zero_point = _zero_point(rng, dtype)
        self.weights_zero_point = 131 if dtype == "UINT8" else 0
        self.bias_dtype = bias_dtype or ("INT64" if dtype == "INT16" else "INT32")
        self.x = rng.integers(low, high + 1, depth)
        w_low, w_high = (0, 256) if dtype == "UINT8" else (-127, 128)
        self.w = rng.integers(w_low, w_high, (CHANNELS, depth))
        multipliers = (
            np.float64(self.input_scale) * scales.astype(np.float64) / np.float64(self.output_scale)
        )
        wanted = _near_ties(
            rng, np.broadcast_to(multipliers, (CHANNELS,)), dtype, self.output_zero_point, 31
        )
        products = (self.x - self.input_zero_point) * (self.w - self.weights_zero_point)
        self.bias = wanted - products.sum(axis=1)
        self.dtype, self.weights_dtype = dtype, weights

    def weights(self, shape: tuple[int, ...], axis: int) -> tuple[Quantized, Array]:
        """The weights as a tensor of that shape; the channels lie along `axis`."""
        values = np.moveaxis(
            self.w.reshape(CHANNELS, *(s for n, s in enumerate(shape) if n != axis)), 0, axis
        )
        part = Quantized(
            self.weights_dtype, shape, self.weight_scales, self.weights_zero_point, axis
        )
        return part, values

    def biases(self) -> tuple[Quantized, Array]:
        """The bias, with the scale an engine expects of it."""
        scale = np.float32(self.input_scale) * self.weight_scales
        return Quantized(self.bias_dtype, (CHANNELS,), scale), self.bias

    def input(self, shape: tuple[int, ...]) -> tuple[Quantized, Array]:
        """The one pixel."""
        part = Quantized(self.dtype, shape, self.input_scale, self.input_zero_point)
        return part, self.x.reshape(shape)

    def output(self, shape: tuple[int, ...]) -> Quantized:
        """The output's declaration."""
        return Quantized(self.dtype, shape, self.output_scale, self.output_zero_point)


def _title(exact: bool, bias_dtype: str = "") -> str:
    return ("exact ties" if exact else "near ties") + (f", {bias_dtype} bias" if bias_dtype else "")


def _fully_connected(
    rng: np.random.Generator,
    dtype: str,
    exact: bool,
    bias_dtype: str = "",
    one_scale: bool = False,
) -> Experiment:
    dense = _Dense(rng, dtype, exact, bias_dtype=bias_dtype, one_scale=one_scale)
    return experiment(
        "FULLY_CONNECTED",
        dtype,
        _title(exact, bias_dtype) + (", one scale" if one_scale else ""),
        [dense.input((1, DEPTH))],
        [dense.weights((CHANNELS, DEPTH), 0), dense.biases()],
        dense.output((1, CHANNELS)),
        version={"UINT8": 1, "INT8": 12, "INT16": 11}[dtype],
        options={
            "fused_activation_function": "NONE",
            "weights_format": "DEFAULT",
            "quantized_bias_type": dense.bias_dtype if dtype == "INT16" else "FLOAT32",
        },
    )


def _conv_2d(rng: np.random.Generator, dtype: str, exact: bool, bias_dtype: str = "") -> Experiment:
    dense = _Dense(rng, dtype, exact, bias_dtype=bias_dtype)
    kind = dense.bias_dtype if dtype == "INT16" else "FLOAT32"
    return experiment(
        "CONV_2D",
        dtype,
        _title(exact, bias_dtype),
        [dense.input((1, 1, 1, DEPTH))],
        [dense.weights((CHANNELS, 1, 1, DEPTH), 0), dense.biases()],
        dense.output((1, 1, 1, CHANNELS)),
        version={"UINT8": 1, "INT8": 3, "INT16": 8 if bias_dtype else 4}[dtype],
        options={**_CONVOLUTION, "quantized_bias_type": kind},
    )


def _depthwise(rng: np.random.Generator, dtype: str, exact: bool) -> Experiment:
    """A 1x1 window over as many channels: one product and the bias in every accumulator."""
    dense = _Dense(rng, dtype, exact, depth=1)
    low, high = RANGES[dtype]
    pixels = rng.integers(low, high + 1, CHANNELS)
    before = (dense.x - dense.input_zero_point) * (dense.w[:, 0] - dense.weights_zero_point)
    after = (pixels - dense.input_zero_point) * (dense.w[:, 0] - dense.weights_zero_point)
    dense.bias = dense.bias + before - after
    part, _ = dense.input((1, 1, 1, 1))
    shape = (1, 1, 1, CHANNELS)
    given = Quantized(part.dtype, shape, part.scale, part.zero_point)
    return experiment(
        "DEPTHWISE_CONV_2D",
        dtype,
        _title(exact),
        [(given, pixels.reshape(shape))],
        [dense.weights((1, 1, 1, CHANNELS), 3), dense.biases()],
        dense.output(shape),
        version={"UINT8": 1, "INT8": 3, "INT16": 5}[dtype],
        options={**_CONVOLUTION, "depth_multiplier": 1},
    )


def _transpose_conv(rng: np.random.Generator, dtype: str, exact: bool) -> Experiment:
    dense = _Dense(rng, dtype, exact)
    return experiment(
        "TRANSPOSE_CONV",
        dtype,
        _title(exact),
        [dense.input((1, 1, 1, DEPTH))],
        [
            (Quantized("INT32", (4,)), np.array([1, 1, 1, CHANNELS])),
            dense.weights((CHANNELS, 1, 1, DEPTH), 0),
            dense.biases(),
        ],
        dense.output((1, 1, 1, CHANNELS)),
        version={"UINT8": 3, "INT8": 3, "INT16": 4}[dtype],
        options={
            "padding": "VALID",
            "stride_h": 1,
            "stride_w": 1,
            "fused_activation_function": "NONE",
            "quantized_bias_type": "FLOAT32",
        },
        constants_first=True,
    )


def _padded(rng: np.random.Generator, operator: str) -> Experiment:
    """An even window with stride 2 under SAME: the padding's place and value, saturation, and
    accumulators past 2^23.
    """
    channels, size = 16, 6
    depthwise = operator == "DEPTHWISE_CONV_2D"
    shape = (1, 4, 4, channels) if depthwise else (channels, 4, 4, channels)
    scales = np.exp2(rng.uniform(-9, -7, channels)).astype(np.float32)
    x = rng.integers(-128, 128, (1, size, size + 1, channels))
    weights = rng.integers(-127, 128, shape)
    bias = rng.integers(-3000, 3000, channels)
    bias[::4] += rng.choice([-1, 1], bias[::4].shape) * (1 << 23)
    options: dict[str, Any] = {**_CONVOLUTION, "padding": "SAME", "stride_h": 2, "stride_w": 2}
    if depthwise:
        options["depth_multiplier"] = 1
    given = Quantized("INT8", x.shape, 0.5, -37)
    return experiment(
        operator,
        "INT8",
        "padding",
        [(given, x)],
        [
            (Quantized("INT8", shape, scales, 0, 3 if depthwise else 0), weights),
            (Quantized("INT32", (channels,), np.float32(0.5) * scales), bias),
        ],
        Quantized("INT8", (1, 3, 4, channels), 3.7, 11),
        version=3,
        options=options,
    )
