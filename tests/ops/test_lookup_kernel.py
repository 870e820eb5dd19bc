"""Operators on one tensor of 8 or 16 bits: kernels against specs."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.native import lookup
from refint8.native.cpu import TIERS
from tests.ops.kernels import RUNNABLE, assert_kernel_equals_spec, kernels_of, why_not_fast
from tests.ops.nodes import node, operand
from tests.ops.test_pool_kernel import noise

PROFILES = ("tflite", "litert-ref", "tflm")
UNIT = {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)}


def every(dtype):
    info = np.iinfo(dtype.lower())
    return np.arange(info.min, info.max + 1).astype(dtype.lower())


def unary(name, dtype, shape, rules="tflite"):
    zero = {"INT8": -5, "UINT8": 123, "INT16": 0}[dtype]
    scale, out, out_zero = 0.04, 0.05, zero + 1 if dtype != "INT16" else 0
    if name in UNIT:
        out, out_zero = UNIT[name]
        if dtype == "UINT8":
            out_zero += 128
        if dtype == "INT16":
            scale, out, out_zero = 2.0**-12, 2.0**-15, 0
    x = operand(dtype, shape, scale, zero)
    return node(name, [x], operand(dtype, shape, out, out_zero), rules=rules, alpha=0.1)


ROWS = [
    (name, dtype, rules)
    for name in ("RELU", "RELU6", "LEAKY_RELU", "LOGISTIC", "TANH", "HARD_SWISH")
    for dtype in ("INT8", "UINT8", "INT16")
    for rules in PROFILES
    if not (name == "HARD_SWISH" and dtype == "INT16")
    and not (name in UNIT and dtype == "UINT8" and rules == "tflm")
]


@pytest.mark.parametrize("name, dtype, rules", ROWS)
def test_every_input(name, dtype, rules):
    x = every(dtype)
    assert_kernel_equals_spec(unary(name, dtype, x.shape, rules), x)


@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16"])
@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 63, 64, 65, 127, 255, 256, 257, 1000])
def test_tails(dtype, count):
    operator = unary("LEAKY_RELU", dtype, (count,))
    assert_kernel_equals_spec(operator, noise(dtype, (count,)))


PAIRS = [
    *[("INT8", out) for out in ("INT8", "UINT8", "INT16", "INT32")],
    *[("UINT8", out) for out in ("INT8", "UINT8", "INT16")],
    *[("INT16", out) for out in ("INT8", "INT16", "INT32")],
]


@pytest.mark.parametrize("dtype, out", PAIRS)
@pytest.mark.parametrize("rules", PROFILES)
@pytest.mark.parametrize("scales", [(0.5, 0.5), (0.0371, 0.0123), (0.001, 0.9)])
def test_quantize(dtype, out, rules, scales):
    zeros = [0 if d in ("INT16", "INT32") else 3 for d in (dtype, out)]
    x = every(dtype)
    operator = node(
        "QUANTIZE",
        [operand(dtype, x.shape, scales[0], zeros[0])],
        operand(out, x.shape, scales[1], zeros[1]),
        rules=rules,
    )
    assert_kernel_equals_spec(operator, x)


@pytest.mark.parametrize("method, width", [("permute", 64), ("shuffle", 64), ("shuffle", 32)])
def test_methods(monkeypatch, method, width):
    lanes = 16 if width == 64 else 8
    tiers = [tier for tier in RUNNABLE if tier.lanes == lanes and tier.name != "generic"]
    if not tiers or (method == "permute" and "avx512vbmi" not in lookup.host_features()):
        pytest.skip("this CPU has not got it")
    if method == "shuffle":
        monkeypatch.setattr(lookup, "host_features", frozenset)
    for name in ("LOGISTIC", "HARD_SWISH"):
        for count in (256, 300, 77):
            operator = unary(name, "UINT8", (count,))
            x = np.arange(count).astype(np.uint8)
            assert [*kernels_of(operator, x, tier=tiers[0])] == [f"look_up_bytes_{method}{width}"]
            assert_kernel_equals_spec(operator, x, tiers=tiers)


def test_the_plain_loop_serves_every_cpu():
    generic = next(tier for tier in TIERS if tier.name == "generic")
    x = every("INT8")
    operator = unary("TANH", "INT8", x.shape)
    assert [*kernels_of(operator, x, tier=generic)] == ["look_up_bytes_plain"]


def test_tables_that_only_flip_bits():
    x = every("INT8")
    for out, zero in (("UINT8", 131), ("INT8", 3)):
        operator = node(
            "QUANTIZE", [operand("INT8", x.shape, 0.5, 3)], operand(out, x.shape, 0.5, zero)
        )
        if out == "UINT8":
            assert [*kernels_of(operator, x)] == ["flip_bytes"]
        assert_kernel_equals_spec(operator, x)


def test_an_input_that_would_be_reported_is_left_to_the_spec():
    x = operand("INT16", (5,), 1.0)
    operator = node("RELU", [x], operand("INT16", (5,), 2.0**-20))
    assert "left" in why_not_fast(operator)
    wraps = node("RELU", [x], operand("INT16", (5,), 2.0**-20), rules="litert-ref")
    assert_kernel_equals_spec(wraps, noise("INT16", (5,)))
