"""Operators on two 8-bit operands: all 65,536 pairs, for scales that make ties frequent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from refint8.oracle.probe.experiment import RANGES, Experiment, Quantized, experiment
from refint8.oracle.probe.straddling import REACH, straddling_products

DRAWS: Final = 3
"""Triples of scales for each operator and dtype, besides the one of powers of two."""

_ACTIVATION: Final[Mapping[str, Any]] = {"fused_activation_function": "NONE"}

_OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "ADD": _ACTIVATION,
    "SUB": _ACTIVATION,
    "MUL": _ACTIVATION,
    "DIV": _ACTIVATION,
}

_VERSIONS: Final[Mapping[tuple[str, str], int]] = {
    ("ADD", "INT8"): 2,
    ("SUB", "INT8"): 2,
    ("MUL", "INT8"): 2,
    ("DIV", "UINT8"): 2,
    ("DIV", "INT8"): 2,
    ("MAXIMUM", "INT8"): 2,
    ("MINIMUM", "INT8"): 2,
    ("SQUARED_DIFFERENCE", "INT8"): 2,
    ("LESS", "INT8"): 2,
    ("EQUAL", "INT8"): 2,
}

_COMPARISONS: Final = ("LESS", "EQUAL")


def pairs(rng: np.random.Generator) -> Iterator[Experiment]:
    """ADD, SUB, MUL, DIV, SQUARED_DIFFERENCE, comparisons and PRELU, exhaustively."""
    for operator in ("ADD", "SUB", "MUL"):
        for dtype in ("INT8", "UINT8"):
            for scales in _scales(rng, operator):
                yield _pair(rng, operator, dtype, scales)
    for operator in ("SQUARED_DIFFERENCE", "LESS", "EQUAL"):
        for scales in _scales(rng, operator):
            yield _pair(rng, operator, "INT8", scales)
    for dtype in ("UINT8", "INT8"):
        for scales in _scales(rng, "DIV"):
            yield _pair(rng, "DIV", dtype, scales)
    for dtype in ("INT8", "UINT8"):
        for scales in _scales(rng, "PRELU"):
            yield _prelu(rng, dtype, scales)
    for operator in ("ADD", "SUB", "MUL"):
        yield _int16(rng, operator)


def _scales(rng: np.random.Generator, operator: str) -> Iterator[tuple[float, float, float]]:
    """Scales of both inputs and of the output, float32 values."""
    if operator in ("MUL", "PRELU"):
        yield 0.5, 2.0**-6, 2.0**-2
        yield from straddling_products(89, 1 / 80, 1 / 20)[:DRAWS]
        return
    yield 2.0**-5, 2.0**-4, 2.0**-3
    for _ in range(DRAWS):
        s1, s2 = rng.uniform(0.01, 0.06, 2)
        if operator == "SQUARED_DIFFERENCE":
            out = max(s1, s2) ** 2 * rng.uniform(60, 200)
        elif operator == "DIV":
            out = s1 / s2 / rng.uniform(4, 40)
        else:
            out = max(s1, s2) * rng.uniform(0.9, 2.5)
        yield float(np.float32(s1)), float(np.float32(s2)), float(np.float32(out))


def _pair(
    rng: np.random.Generator, operator: str, dtype: str, scales: tuple[float, float, float]
) -> Experiment:
    low, high = RANGES[dtype]
    z1, z2, zo = (int(z) for z in rng.integers(low + REACH, high - REACH, 3))
    every = np.arange(low, high + 1)
    second = every
    if operator == "DIV":
        # No zero divisors: engines are not defined there.
        second = np.where(every == z2, z2 + 1, every)
    shape = (1, 256, 256, 1)
    x1 = np.broadcast_to(every[:, None], (256, 256)).reshape(shape)
    x2 = np.broadcast_to(second, (256, 256)).reshape(shape)
    out = (
        Quantized("BOOL", shape)
        if operator in _COMPARISONS
        else Quantized(dtype, shape, scales[2], zo)
    )
    return experiment(
        operator,
        dtype,
        f"scales {scales[0]:g}, {scales[1]:g}, {scales[2]:g}",
        [
            (Quantized(dtype, shape, scales[0], z1), x1),
            (Quantized(dtype, shape, scales[1], z2), x2),
        ],
        [],
        out,
        version=_VERSIONS.get((operator, dtype), 1),
        options=_OPTIONS.get(operator),
    )


def _prelu(rng: np.random.Generator, dtype: str, scales: tuple[float, float, float]) -> Experiment:
    """Every input value with every alpha, a channel each."""
    low, high = RANGES[dtype]
    z1, z2, zo = (int(z) for z in rng.integers(low + REACH, high - REACH, 3))
    every = np.arange(low, high + 1)
    shape = (1, 1, 256, 256)
    x = np.broadcast_to(every[:, None], (256, 256)).reshape(shape)
    return experiment(
        "PRELU",
        dtype,
        f"scales {scales[0]:g}, {scales[1]:g}, {scales[2]:g}",
        [(Quantized(dtype, shape, scales[0], z1), x)],
        [(Quantized(dtype, (1, 1, 256), scales[1], z2), every.reshape(1, 1, 256))],
        Quantized(dtype, shape, scales[2], zo),
    )


def _int16(rng: np.random.Generator, operator: str) -> Experiment:
    """Powers of two as scales, with the option that asks for shifts where there is one."""
    shape = (1, 64, 128, 1)
    x1, x2 = rng.integers(-32768, 32768, (2, *shape))
    scales = (2.0**-13, 2.0**-12, 2.0**-12) if operator != "MUL" else (2.0**-8, 2.0**-9, 2.0**-6)
    options = dict(_ACTIVATION)
    if operator != "MUL":
        options["pot_scale_int16"] = True
    return experiment(
        operator,
        "INT16",
        "powers of two",
        [(Quantized("INT16", shape, scales[0]), x1), (Quantized("INT16", shape, scales[1]), x2)],
        [],
        Quantized("INT16", shape, scales[2]),
        version={"ADD": 3, "SUB": 5, "MUL": 4}[operator],
        options=options,
    )
