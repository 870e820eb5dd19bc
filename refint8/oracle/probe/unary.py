"""Operators on one operand, element by element: every value of the dtype, for several scales."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from refint8.oracle.probe.experiment import RANGES, Experiment, Quantized, experiment
from refint8.oracle.probe.straddling import REACH, straddling_products, straddling_ratios

DRAWS: Final = 7
"""Pairs of scales for each operator and dtype."""

ALPHA: Final = 0.30000001192092896
"""LEAKY_RELU's slope, a float32."""

_FIXED_OUTPUT: Final[Mapping[tuple[str, str], tuple[float, int]]] = {
    ("LOGISTIC", "INT8"): (2.0**-8, -128),
    ("LOGISTIC", "UINT8"): (2.0**-8, 0),
    ("LOGISTIC", "INT16"): (2.0**-15, 0),
    ("TANH", "INT8"): (2.0**-7, 0),
    ("TANH", "UINT8"): (2.0**-7, 128),
    ("TANH", "INT16"): (2.0**-15, 0),
    ("SOFTMAX", "INT8"): (2.0**-8, -128),
    ("SOFTMAX", "UINT8"): (2.0**-8, 0),
    ("SOFTMAX", "INT16"): (2.0**-15, 0),
}
"""Output scale and zero point where the operator prescribes them."""

_VERSIONS: Final[Mapping[tuple[str, str], int]] = {
    ("LOGISTIC", "INT8"): 2,
    ("LOGISTIC", "INT16"): 3,
    ("TANH", "INT8"): 2,
    ("TANH", "INT16"): 3,
    ("SOFTMAX", "INT8"): 2,
    ("SOFTMAX", "INT16"): 3,
    ("LEAKY_RELU", "INT8"): 2,
    ("RELU", "INT8"): 2,
    ("RELU6", "INT8"): 2,
    ("ABS", "INT8"): 2,
    ("EXP", "INT8"): 2,
    ("RSQRT", "INT8"): 2,
}


def unary(rng: np.random.Generator) -> Iterator[Experiment]:
    """Activations, tables, requantization and softmax."""
    for operator in ("LOGISTIC", "TANH", "LEAKY_RELU", "RELU", "RELU6", "HARD_SWISH"):
        for dtype in ("INT8", "UINT8"):
            yield from _bytes(rng, operator, dtype)
    for operator in ("ABS", "GELU", "ELU", "EXP", "LOG", "SQRT", "RSQRT"):
        yield from _bytes(rng, operator, "INT8")
    for operator in ("LOGISTIC", "TANH"):
        for scale in (2.0**-12, 2.0**-11, 3e-4):
            yield _words(operator, scale)
    for dtype in ("INT8", "UINT8"):
        yield from _requantized(rng, dtype)
        yield _quantized(dtype)
    for dtype in ("INT8", "UINT8", "INT16"):
        yield from _softmax(rng, dtype)
    for dtype in ("INT8", "UINT8"):
        yield _dequantized(rng, dtype)


def _options(operator: str) -> dict[str, Any] | None:
    if operator == "LEAKY_RELU":
        return {"alpha": ALPHA}
    if operator == "GELU":
        return {"approximate": False}
    return {"beta": 1.0} if operator == "SOFTMAX" else None


def _bytes(rng: np.random.Generator, operator: str, dtype: str) -> Iterator[Experiment]:
    low, high = RANGES[dtype]
    x = np.arange(low, high + 1).reshape(1, 16, 16, 1)
    positive = operator in ("LOG", "SQRT", "RSQRT")
    for scale, out_scale in _scales(operator):
        out = _FIXED_OUTPUT.get((operator, dtype))
        if out is None:
            out = (out_scale, int(rng.integers(low + REACH, high - REACH)))
        zero_point = low if positive else int(rng.integers(low + 65, high - 64))
        given = x + (x == low) if positive else x
        yield experiment(
            operator,
            dtype,
            f"scale {scale:g} to {out[0]:g}",
            [(Quantized(dtype, x.shape, scale, zero_point), given)],
            [],
            Quantized(dtype, x.shape, *out),
            version=_VERSIONS.get((operator, dtype), 1),
            options=_options(operator),
        )


def _scales(operator: str) -> list[tuple[float, float]]:
    """Input and output scales: two with exact ties, then ones that the precision of a ratio or,
    for LEAKY_RELU, of a product with alpha decides.
    """
    chosen = [(0.0375, 0.075), (0.05, 0.075)]
    if operator == "LEAKY_RELU":
        chosen += [(s1, out) for s1, _, out in straddling_products(60, 0.3, 0.9, ALPHA)[:3]]
    return chosen + straddling_ratios(128, 0.4, 1.6)[: DRAWS - len(chosen)]


def _words(operator: str, scale: float) -> Experiment:
    x = np.arange(-32768, 32768).reshape(1, 256, 256, 1)
    return experiment(
        operator,
        "INT16",
        f"scale {scale:g}",
        [(Quantized("INT16", x.shape, scale), x)],
        [],
        Quantized("INT16", x.shape, *_FIXED_OUTPUT[operator, "INT16"]),
        version=_VERSIONS[operator, "INT16"],
    )


def _requantized(rng: np.random.Generator, dtype: str) -> Iterator[Experiment]:
    low, high = RANGES[dtype]
    x = np.arange(low, high + 1).reshape(1, 16, 16, 1)
    for ratio in (2.0, 4.0, *rng.uniform(0.6, 3.0, DRAWS)):
        z, zo = (int(v) for v in rng.integers(low + 30, high - 29, 2))
        scale = 0.25 if ratio in (2.0, 4.0) else float(np.float32(rng.uniform(0.01, 0.06)))
        yield experiment(
            "QUANTIZE",
            dtype,
            f"ratio {ratio:g}",
            [(Quantized(dtype, x.shape, scale, z), x)],
            [],
            Quantized(dtype, x.shape, scale * ratio, zo),
            version=2,
        )


def _quantized(dtype: str) -> Experiment:
    """Real values: the middles between two steps, and the floats next to them."""
    low, high = RANGES[dtype]
    scale = np.float32(0.0371)
    middles = ((np.arange(low, high) + 0.5) * np.float64(scale)).astype(np.float32)
    below, above = np.nextafter(middles, np.float32(-99)), np.nextafter(middles, np.float32(99))
    x = np.concatenate([middles, below, above]).reshape(1, -1)
    return experiment(
        "QUANTIZE",
        dtype,
        "middles",
        [(Quantized("FLOAT32", x.shape), x)],
        [],
        Quantized(dtype, x.shape, scale, 0),
        version=1,
    )


def _dequantized(rng: np.random.Generator, dtype: str) -> Experiment:
    low, high = RANGES[dtype]
    x = np.arange(low, high + 1).reshape(1, 256)
    scale = float(np.float32(rng.uniform(0.01, 0.06)))
    return experiment(
        "DEQUANTIZE",
        dtype,
        f"scale {scale:g}",
        [(Quantized(dtype, x.shape, scale, int(rng.integers(low + 30, high - 29))), x)],
        [],
        Quantized("FLOAT32", x.shape),
        version=2,
    )


def _softmax(rng: np.random.Generator, dtype: str) -> Iterator[Experiment]:
    low, high = RANGES[dtype]
    for _ in range(3):
        x = rng.integers(low, high + 1, (256, 11))
        x[:, 3:] = np.clip(x[:, :1] + (x[:, 3:] - low) // 12 - (high - low) // 24, low, high)
        scale = rng.uniform(0.02, 0.2) if dtype != "INT16" else rng.uniform(1e-4, 9e-4)
        yield experiment(
            "SOFTMAX",
            dtype,
            f"scale {scale:g}",
            [(Quantized(dtype, x.shape, float(np.float32(scale)), 0), x)],
            [],
            Quantized(dtype, x.shape, *_FIXED_OUTPUT["SOFTMAX", dtype]),
            version=_VERSIONS.get(("SOFTMAX", dtype), 1),
            options=_options("SOFTMAX"),
        )
