"""Kernels against specs: unary functions, pairs of integers, comparisons, quotients, squares."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.comparisons import comparison
from tests.ops.integer_pairs import extremes, pair
from tests.ops.kernels import assert_alarm, assert_kernel_equals_spec
from tests.ops.nodes import node, operand
from tests.ops.tables import LIMITS, every, unary

UNARY = {
    "EXP": ("INT8", "INT16"),
    "LOG": ("INT8", "INT16"),
    "GELU": ("INT8", "UINT8", "INT16"),
    "ELU": ("INT8",),
    "ABS": ("INT8", "INT16"),
    "NEG": ("INT8", "INT16"),
    "RELU_N1_TO_1": ("INT8", "UINT8"),
    "RELU_0_TO_1": ("INT8", "UINT8"),
}


@pytest.mark.parametrize("name, dtype", [(n, d) for n, dtypes in UNARY.items() for d in dtypes])
def test_unary_functions_of_every_input(name, dtype):
    z = (0, 0) if dtype == "INT16" else (LIMITS[dtype][0] + 60, LIMITS[dtype][0] + 100)
    x = every(dtype)
    operator = unary(name, dtype, (0.03, 0.02) if dtype != "INT16" else (1e-4, 2e-4), z, x.shape)
    assert_kernel_equals_spec(operator, x)


@pytest.mark.parametrize("name", ["SQRT", "RSQRT"])
@pytest.mark.parametrize("dtype", ["INT8", "INT16"])
@pytest.mark.parametrize("rules", ["tflite", "tflm"])
def test_roots_and_their_alarm(name, dtype, rules):
    z = (0, 0) if dtype == "INT16" else (-50, -100)
    x = every(dtype)
    x = x[x >= z[0]]
    operator = unary(name, dtype, (0.03, 0.02), z, x.shape, rules=rules)
    assert_kernel_equals_spec(operator, x)
    x[-1] = z[0] - 1
    assert_alarm(operator, x)


@pytest.mark.parametrize(
    "name, dtype",
    [("ABS", "INT32"), ("ABS", "INT16"), ("NEG", "INT32"), ("NEG", "INT64"), ("SIGN", "INT32")],
)
def test_plain_integers(name, dtype):
    x = extremes(dtype)
    assert_kernel_equals_spec(unary(name, dtype, (None, None), shape=x.shape), x)


def test_logical_not():
    x = np.random.default_rng(1).integers(0, 2, 133).astype(bool)
    assert_kernel_equals_spec(unary("LOGICAL_NOT", "BOOL", (None, None), shape=x.shape), x)


SIX = ("UINT8", "INT8", "UINT16", "INT16", "UINT32", "INT32")
PAIRS = {
    "FLOOR_DIV": ("INT8", "INT16", "INT32"),
    "FLOOR_MOD": ("INT8", "INT16", "INT32", "INT64"),
    "RIGHT_SHIFT": SIX,
    "BITWISE_XOR": SIX,
    "SQUARED_DIFFERENCE": ("INT32",),
    "EQUAL": ("INT16", "INT32", "INT64"),
    "NOT_EQUAL": ("INT32", "INT64"),
    "GREATER": ("INT16", "INT32", "INT64"),
    "GREATER_EQUAL": ("INT16", "INT32", "INT64"),
    "LESS": ("INT16", "INT32", "INT64"),
    "LESS_EQUAL": ("INT16", "INT32", "INT64"),
}


def shaped(values):
    """Both operands of equal shapes, crossed, and one of them a single value."""
    return [
        (values, values[::-1].copy()),
        (values.reshape(-1, 1), values.reshape(1, -1)),
        (values, values[3:4]),
        (values[5:6], values),
    ]


@pytest.mark.parametrize("name, dtype", [(n, d) for n, dtypes in PAIRS.items() for d in dtypes])
def test_pairs_of_integers(name, dtype):
    divides = name.startswith("FLOOR")
    for x1, x2 in shaped(extremes(dtype)):
        divisor = np.where(x2 == 0, x2.dtype.type(1), x2) if divides else x2
        shapes = (x1.shape, divisor.shape)
        if name in ("FLOOR_DIV", "FLOOR_MOD", "RIGHT_SHIFT", "BITWISE_XOR", "SQUARED_DIFFERENCE"):
            operator = pair(name, dtype, shapes)
        else:
            operator = comparison(name, dtype, (None, None), (0, 0), shapes)
        assert_kernel_equals_spec(operator, x1, divisor)


@pytest.mark.parametrize("name", ["FLOOR_DIV", "FLOOR_MOD", "DIV"])
def test_divisors_of_zero_raise_the_alarm(name):
    x = np.array([1, 2, 0, 4], np.int32)
    assert_alarm(pair(name, "INT32"), np.ones(4, np.int32), x)


@pytest.mark.parametrize("name", ["LOGICAL_AND", "LOGICAL_OR", "EQUAL", "NOT_EQUAL"])
def test_truth_values(name):
    x = np.random.default_rng(1).integers(0, 2, (2, 77)).astype(bool)
    operator = node(name, [operand("BOOL", (77,))] * 2, operand("BOOL", (77,)))
    assert_kernel_equals_spec(operator, x[0], x[1])


@pytest.mark.parametrize(
    "name", ["EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"]
)
@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("scales", [(0.05, 0.03), (3.0, 200.0)])
@pytest.mark.parametrize("rules", ["tflite", "litert-ref"])
def test_scaled_comparisons(name, dtype, scales, rules):
    low, _ = LIMITS[dtype]
    z = (0, 0) if dtype == "INT16" else (low + 3, low + 100)
    for x1, x2 in shaped(every(dtype, 1 if dtype != "INT16" else 331)):
        operator = comparison(name, dtype, scales, z, (x1.shape, x2.shape), rules=rules)
        assert_kernel_equals_spec(operator, x1, x2)


def test_a_comparison_with_a_known_value():
    x = every("INT8")
    known = operand("INT8", (1,), 0.3, 5, data=[17])
    operator = node("LESS", [operand("INT8", x.shape, 0.1, -7), known], operand("BOOL", x.shape))
    assert_kernel_equals_spec(operator, x)
    turned = node("LESS", operator.inputs[::-1], operand("BOOL", x.shape))
    assert_kernel_equals_spec(turned, None, x)


def binary(name, dtype, scales, z, shapes, rules="tflite"):
    inputs = [operand(dtype, shapes[k], scales[k], z[k]) for k in (0, 1)]
    return node(name, inputs, operand(dtype, (1,), scales[2], z[2]), rules=rules)


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("scales", [(0.05, 0.03, 0.02), (0.001, 30.0, 0.5), (9.0, 0.001, 1e-4)])
@pytest.mark.parametrize("rules", ["tflite", "litert-ref"])
def test_quotients(dtype, scales, rules):
    low, _ = LIMITS[dtype]
    z = (0, 0, 0) if dtype == "INT16" else (low + 3, low + 100, low + 50)
    values = every(dtype, 3 if dtype != "INT16" else 331)
    for x1, x2 in shaped(np.append(values, values.dtype.type(z[0]))):
        divisor = np.where(x2 == z[1], x2.dtype.type(z[1] + 1), x2)
        operator = binary("DIV", dtype, scales, z, (x1.shape, divisor.shape), rules)
        assert_kernel_equals_spec(operator, x1, divisor)
        divisor.reshape(-1)[-1] = z[1]
        assert_alarm(operator, x1, divisor)


def test_plain_quotients():
    x1 = extremes("INT32")
    x2 = np.where(np.isin(x1, [0, -1]), np.int32(7), x1)[::-1].copy()
    assert_kernel_equals_spec(pair("DIV", "INT32", (x1.shape, x2.shape)), x1, x2)
    relu6 = pair("DIV", "INT32", (x1.shape, ()), fused_activation_function="RELU6")
    assert_kernel_equals_spec(relu6, x1, np.array(-3, np.int32))


@pytest.mark.parametrize("dtype", ["INT8", "INT16"])
@pytest.mark.parametrize("scales", [(0.05, 0.03, 0.02), (0.001, 0.3, 0.05), (0.4, 0.4, 20.0)])
def test_squares_of_differences(dtype, scales):
    z = (0, 0, 0) if dtype == "INT16" else (3, 100, -128)
    scales = (*(s / 100 for s in scales[:2]), scales[2]) if dtype == "INT16" else scales
    for x1, x2 in shaped(every(dtype, 3 if dtype != "INT16" else 331)):
        operator = binary("SQUARED_DIFFERENCE", dtype, scales, z, (x1.shape, x2.shape))
        assert_kernel_equals_spec(operator, x1, x2)
