"""LOG_SOFTMAX: Python integers and floats, the real function, the sum's range, every refusal."""

from __future__ import annotations

import math

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.gemmlowp_integers import exp_negative, log_at_least_1
from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import (
    clamp,
    divide_by_pot,
    double_rounding,
    float32,
    high_mul,
    quantize_multiplier,
)

LIMITS = {"INT8": (-128, 127), "UINT8": (0, 255)}


def log_softmax(dtype="INT8", shape=(2, 3), scale=0.1, zero_point=0, out=(1 / 16, None), version=1):
    highest = LIMITS[dtype][1] if dtype in LIMITS else 127
    target = operand(dtype, shape, out[0], highest if out[1] is None else out[1])
    return node("LOG_SOFTMAX", [operand(dtype, shape, scale, zero_point)], target, version=version)


def test_literal():
    x = np.array([[0, 0, 0], [0, 20, -128]], np.int8)
    # log(1/3) = -1.0986 is 17.58 steps of 1/16; e^-2 : 1 gives -2.127 and -0.127.
    assert run(log_softmax(), x).tolist() == [[109, 109, 109], [93, 125, -112]]


def row(values, scale, dtype):
    low, high = LIMITS[dtype]
    real = min(float32(scale) * 2**26, 2.0**31 - 1)
    multiplier, shift = quantize_multiplier(real)
    radius = 31 * 2**26 // 2**shift
    reverse = quantize_multiplier(2.0 ** (31 - shift) / multiplier)
    largest = max(values)
    scaled = {d: high_mul(d * 2**shift, multiplier) for d in range(max(-255, -radius), 1)}
    total = sum(
        divide_by_pot(exp_negative(scaled[v - largest], 5), 12)
        for v in values
        if v - largest >= -radius
    )
    logarithm = log_at_least_1(total)
    floor = max(-radius - 1, double_rounding(logarithm - 2**31, *reverse))
    return [
        clamp(divide_by_pot(scaled[v - largest] - logarithm, 22) + high, low, high)
        if v - largest > floor
        else low
        for v in values
    ]


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("scale", [2.0**-26 * 1.5, 1e-3, 0.0625, 0.1, 0.37, 3.7, 100.0])
def test_equals_python_integers(dtype, scale):
    rng = np.random.default_rng(7)
    low, high = LIMITS[dtype]
    x = rng.integers(low, high + 1, (30, 9)).astype(dtype.lower())
    x[0], x[1, 1:], x[2] = low, low, high - np.arange(9)
    out = run(log_softmax(dtype, x.shape, scale), x)
    assert out.tolist() == [row(values, scale, dtype) for values in x.tolist()]


def test_is_close_to_the_real_function():
    x = np.random.default_rng(8).integers(-128, 128, (50, 10)).astype(np.int8)
    out = run(log_softmax(shape=x.shape, scale=0.05), x)
    for values, steps in zip(x.tolist(), out.tolist(), strict=True):
        total = math.log(sum(math.exp(0.05 * v) for v in values))
        assert (
            max(abs(0.05 * v - total - (s - 127) / 16) for v, s in zip(values, steps, strict=True))
            < 0.04
        )


def test_zero_points_do_not_matter():
    x = np.array([[1, 2, 3]], np.int8)
    assert (
        run(log_softmax(shape=(1, 3), zero_point=7), x).tolist()
        == run(log_softmax(shape=(1, 3)), x).tolist()
    )


def test_a_sum_of_4096_is_reported():
    run(log_softmax(shape=(1, 4095)), np.zeros((1, 4095), np.int8))
    with pytest.raises(DomainError, match="accumulator"):
        run(log_softmax(shape=(1, 4096)), np.zeros((1, 4096), np.int8))


def real(shape, rules="tflite"):
    return node("LOG_SOFTMAX", [operand("FLOAT32", shape)], operand("FLOAT32", shape), rules=rules)


def test_float_is_float32_from_left_to_right():
    # exp is 1, then 19 times 2^-25, each of which vanishes beside it.
    x = np.array([[0, *[-25 * math.log(2)] * 19]], np.float32)
    assert run(real(x.shape), x)[0, 0] == 0
    # From the other end their sum counts: 4.75 times 2^-23, the bits behind 1.
    assert run(real(x.shape), x[:, ::-1].copy())[0, -1] == -float32(math.log(1 + 5 * 2**-23))


def test_float_equals_python_floats():
    x = np.random.default_rng(9).normal(0, 4, (40, 7)).astype(np.float32)
    for values, out in zip(x.tolist(), run(real(x.shape), x).tolist(), strict=True):
        differences = [float32(v - max(values)) for v in values]
        total = 0.0
        for d in differences:
            total = float32(total + float32(math.exp(d)))
        logarithm = float32(math.log(total))
        assert out == [float32(d - logarithm) for d in differences]


def test_a_last_bit_of_glibc_shows_on_floats():
    # The sum is 0x1.03a2c8p0, whose logarithm glibc's logf gives one bit too large.
    x = np.array([[0, math.log(0x03A2C8 / 2**24)]], np.float32)
    rounded, glibc = (float(run(real(x.shape, r), x)[0, 0]) for r in ("tflite", "litert-ref"))
    assert rounded == -float.fromhex("0x1.ce1de0p-7")
    assert glibc == -float.fromhex("0x1.ce1de2p-7")
    assert float(run(real(x.shape, "tflm"), x)[0, 0]) == glibc


def test_floats_that_are_not_finite():
    x = np.array([[1, -np.inf], [np.inf, 1], [np.nan, 1], [-np.inf, -np.inf]], np.float32)
    for rules in ("tflite", "litert-ref"):
        out = run(real(x.shape, rules), x)
        assert out[0].tolist() == [0, -np.inf]
        # NaN is no maximum, but its exp is part of the sum; inf - inf is NaN.
        assert np.isnan(out[1:]).all()


def test_refuses_scalars_C1():
    assert refused(log_softmax(shape=())) == "C1"
    assert refused(real(())) == "C1"
    assert refused(log_softmax(shape=(3, 0))) == "C1"


def test_refuses_other_outputs_C2():
    assert refused(log_softmax(out=(1 / 8, None))) == "C2"
    assert refused(log_softmax(out=(1 / 16, 126))) == "C2"
    assert refused(log_softmax("UINT8", out=(1 / 16, 127))) == "C2"


def test_refuses_tiny_scales_C3():
    assert refused(log_softmax(scale=2.0**-26)) == "C3"


def test_refuses_vectors_of_floats_C4():
    assert refused(real((1, 4), "litert-opt")) == "C4"
    assert refused(real((1, 4), "xnnpack")) == "C4"


def test_refuses_versions_dtypes_and_missing_scales():
    prepare(log_softmax(version=2))
    assert refused(log_softmax(version=3)) == "version"
    assert refused(log_softmax("INT16")) == "dtype"
    assert refused(log_softmax(scale=None)) == "scale"
