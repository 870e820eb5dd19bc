"""Floats in and out, int32 to fewer bits, and CAST: kernels against specs."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.model.types import NUMPY_DTYPE
from tests.ops.kernels import RUNNABLE, assert_kernel_equals_spec, kernels_of, why_not_fast
from tests.ops.nodes import node, operand
from tests.ops.test_pool_kernel import noise

PROFILES = ("tflite", "litert-ref", "tflm")
FIRST = RUNNABLE[:1]
"""These kernels do not differ by tier."""

EDGES = np.array(
    [0, -0.0, np.nan, -np.nan, np.inf, -np.inf, 3e9, -3e9, 2**31, -(2**31), 2147483520, 2**63,
     -(2**63), 2**32, 4294967040, 1e38, -1e38, 1e-40, -1e-40, 0.5, -0.5, 0.49999997, -0.49999997,
     127.5, 127.4, 128, -128.5, -129, 255.5, 256, 32767.5, -32769, 65535.9, 8388607.5, 8388609,
     4194304.5, 16777217, -1, -0.9],
    np.float32,
)  # fmt: skip


def floats(step):
    """Edges, ties of a step and their neighbours, arbitrary bits."""
    rng = np.random.default_rng(7)
    ties = (np.arange(-300, 300) + 0.5).astype(np.float32) * np.float32(step)
    words = rng.integers(0, 1 << 32, 1001, np.uint64).astype(np.uint32).view(np.float32)
    above, below = (np.nextafter(ties, np.float32(way)) for way in (np.inf, -np.inf))
    edges = EDGES * np.float32(step)
    return np.concatenate([EDGES, edges, ties, above, below, words])


@pytest.mark.parametrize("out", ["INT8", "UINT8", "INT16", "INT4", "UINT4"])
@pytest.mark.parametrize("rules", ["tflite", "litert-ref"])
@pytest.mark.parametrize("scale", [1.0, 0.0117, 37.0])
@pytest.mark.parametrize("zero_point", [0, 5, -5, 127, -128])
def test_quantize(out, rules, scale, zero_point):
    with np.errstate(all="ignore"):
        x = floats(scale)
    operator = node(
        "QUANTIZE",
        [operand("FLOAT32", x.shape)],
        operand(out, x.shape, scale, zero_point),
        rules=rules,
    )
    assert_kernel_equals_spec(operator, x, tiers=FIRST)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16"])
def test_channels(axis, dtype):
    shape = (3, 4, 37)
    scales, zeros = 0.05 + 0.01 * np.arange(shape[axis]), np.arange(shape[axis])
    x = np.random.default_rng(1).normal(0, 3, shape).astype(np.float32)
    steps = operand(dtype, shape, scales, zeros, axis)
    quantize = node("QUANTIZE", [operand("FLOAT32", shape)], steps)
    assert_kernel_equals_spec(quantize, x, tiers=FIRST)
    if dtype != "INT16":
        dequantize = node("DEQUANTIZE", [steps], operand("FLOAT32", shape))
        assert_kernel_equals_spec(dequantize, noise(dtype, shape), tiers=FIRST)


@pytest.mark.parametrize("dtype", ["INT2", "INT4", "UINT4", "INT8", "UINT8", "INT16"])
@pytest.mark.parametrize("scale", [1.0, 0.0117, 2e-38, 1e38])
def test_dequantize(dtype, scale):
    low, high = {"INT2": (-2, 1), "INT4": (-8, 7), "UINT4": (0, 15)}.get(dtype, (0, 0))
    held = NUMPY_DTYPE[dtype]
    info = np.iinfo(held)
    low, high = (low, high) if high else (info.min, info.max)
    x = np.arange(low, high + 1).astype(held)
    steps = operand(dtype, x.shape, scale, 0 if dtype == "INT16" else 3)
    operator = node("DEQUANTIZE", [steps], operand("FLOAT32", x.shape))
    assert_kernel_equals_spec(operator, x, tiers=FIRST)


def test_every_float16():
    x = np.arange(65536).astype(np.uint16).view(np.float16)
    operator = node("DEQUANTIZE", [operand("FLOAT16", x.shape)], operand("FLOAT32", x.shape))
    assert_kernel_equals_spec(operator, x, tiers=FIRST)


@pytest.mark.parametrize("out", ["INT8", "INT16"])
@pytest.mark.parametrize("rules", PROFILES)
@pytest.mark.parametrize("scales", [(1e-9, 0.05), (0.001, 0.05), (0.05, 0.05), (0.05, 0.001)])
@pytest.mark.parametrize("zero_point", [0, 7])
def test_int32_to_fewer_bits(out, rules, scales, zero_point):
    info = np.iinfo(np.int32)
    x = np.concatenate([noise("INT32", (999,)), np.arange(-9000, 9000, dtype=np.int32)])
    x[:4] = [info.min, info.max, info.min + 1, 0]
    source = operand("INT32", x.shape, scales[0], zero_point)
    operator = node("QUANTIZE", [source], operand(out, x.shape, scales[1], 0), rules=rules)
    if rules == "tflite" and (zero_point or scales[0] >= scales[1]):
        assert "leave int32" in why_not_fast(operator)
    else:
        assert_kernel_equals_spec(operator, x, tiers=FIRST)


NUMBERS = ("BOOL", "INT8", "UINT8", "INT16", "UINT16", "INT32", "UINT32", "INT64", "FLOAT32")


@pytest.mark.parametrize("source", NUMBERS)
@pytest.mark.parametrize("target", NUMBERS)
@pytest.mark.parametrize("rules", ["tflite", "litert-ref"])
def test_cast(source, target, rules):
    if source == "FLOAT32":
        x = floats(1.0)
    elif source == "BOOL":
        x = noise("UINT8", (1001,)) > 100
    else:
        x = noise(source, (1001,))
        info = np.iinfo(source.lower())
        x[:6] = [0, 1, 2, 3, info.min, info.max]
        if info.max >= 2**31:
            # Halfway between float32 numbers, where rounding twice would show.
            x[6:10] = [2**24 + 1, 2**24 + 3, (1 << 31) - 65, (1 << 31) - 64 - 1]
    operator = node("CAST", [operand(source, x.shape)], operand(target, x.shape), rules=rules)
    assert_kernel_equals_spec(operator, x, tiers=FIRST)


@pytest.mark.parametrize("source", ["INT2", "INT4", "UINT4"])
def test_cast_of_few_bits(source):
    x = np.array([-2, -1, 0, 1] if source != "UINT4" else [0, 1, 14, 15], NUMPY_DTYPE[source])
    operator = node("CAST", [operand(source, x.shape)], operand("FLOAT32", x.shape))
    assert_kernel_equals_spec(operator, x, tiers=FIRST)


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 31, 33])
def test_tails(count):
    x = noise("INT8", (count,))
    steps = operand("INT8", (count,), 0.1, 3)
    dequantize = node("DEQUANTIZE", [steps], operand("FLOAT32", (count,)))
    assert_kernel_equals_spec(dequantize, x, tiers=FIRST)
    quantize = node("QUANTIZE", [operand("FLOAT32", (count,))], steps)
    assert_kernel_equals_spec(quantize, x.astype(np.float32), tiers=FIRST)


def test_kernels_with_floats_say_so():
    x = operand("FLOAT32", (4,))
    steps = operand("INT8", (4,), 0.1)
    for operator in (
        node("QUANTIZE", [x], steps),
        node("DEQUANTIZE", [steps], x),
        node("CAST", [x], operand("INT32", (4,))),
        node("CAST", [operand("BOOL", (4,))], x),
    ):
        value = np.zeros((4,), NUMPY_DTYPE[operator.inputs[0].dtype])
        assert all("float" in name for name in kernels_of(operator, value))


SPECIAL = np.array(
    [0, -0.0, 1, -1, 3, 1e-45, -1e-38, 3e38, np.inf, -np.inf, np.nan, 0.1, 6, 6.5], np.float32
)


@pytest.mark.parametrize("activation", ["NONE", "RELU", "RELU6", "RELU_N1_TO_1"])
def test_real_quotients(activation):
    a, b = np.meshgrid(SPECIAL, SPECIAL)
    many = np.random.default_rng(5).normal(0, 3, (7, 33)).astype(np.float32)
    turned, column = many[:, ::-1].copy(), many[:, :1].copy()
    for x, y in ((a, b), (many, turned), (many, many[:1]), (column, many)):
        operands = [operand("FLOAT32", x.shape), operand("FLOAT32", y.shape)]
        out = operand("FLOAT32", (7, 33))
        divide = node("DIV", operands, out, fused_activation_function=activation)
        assert_kernel_equals_spec(divide, x, y)


def test_real_roots():
    values = np.random.default_rng(6).uniform(0, 1e4, 1001).astype(np.float32)
    for x in (SPECIAL, values):
        root = node("SQRT", [operand("FLOAT32", x.shape)], operand("FLOAT32", x.shape))
        assert_kernel_equals_spec(root, x)
