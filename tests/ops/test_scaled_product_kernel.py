"""MUL and PRELU: kernels against specs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from refint8.numerics.fixedpoint import as_int64
from refint8.numerics.requantize import DoubleRounding
from refint8.ops._lookup_kernel import BYTES
from refint8.ops._op import prepare
from tests.ops.kernels import (
    RUNNABLE,
    assert_kernel_equals_spec,
    assert_record_equals_spec,
    kernels_of,
    why_not_fast,
)
from tests.ops.nodes import node, operand
from tests.ops.test_pool_kernel import noise

PROFILES = ("tflite", "litert-ref", "tflm")
SMALL = ("INT8", "UINT8")


def pairs(dtypes):
    first, second = (BYTES[dtype] for dtype in dtypes)
    return np.repeat(first, 256), np.tile(second, 256)


def mul(dtype, shapes, scales, zero_points=(0, 0, 0), out="", activation="NONE", rules="tflite"):
    shift = 128 if dtype == "UINT8" else 0
    zeros = [0 if dtype == "INT16" else z + shift for z in zero_points]
    a, b = (operand(dtype, shapes[k], scales[k], zeros[k]) for k in (0, 1))
    y = operand(out or dtype, np.broadcast_shapes(*shapes), scales[2], zeros[2])
    return node("MUL", [a, b], y, fused_activation_function=activation, rules=rules)


@pytest.mark.parametrize("dtype", SMALL)
@pytest.mark.parametrize("activation", ["NONE", "RELU_N1_TO_1"])
@pytest.mark.parametrize(
    "scales",
    [
        (0.0231, 0.0318, 0.0591),
        (0.5, 0.5, 0.5),  # ties
        (0.25, 0.0625, 0.125),
        (1.0, 1.0, 1.0),  # nothing is divided
        (1.0, 1.0, 300.0),
        (2.0, 3.0, 1.5),  # multiplied
        (20.0, 30.0, 0.05),
        (1e-5, 1e-5, 1.0),  # all but zero
    ],
)
@pytest.mark.parametrize("zero_points", [(0, 0, 0), (-128, 127, 3)])
def test_all_products_of_bytes(dtype, activation, scales, zero_points):
    operator = mul(dtype, ((65536,), (65536,)), scales, zero_points, activation=activation)
    tiers = RUNNABLE if scales[0] == 0.0231 else RUNNABLE[:1]
    assert_kernel_equals_spec(operator, *pairs((dtype, dtype)), tiers=tiers)


@pytest.mark.parametrize("rules", PROFILES)
@pytest.mark.parametrize("dtype", [*SMALL, "INT16"])
def test_profiles(rules, dtype):
    shapes = ((3, 1001), (1, 1001))
    operator = mul(dtype, shapes, (0.0231, 0.0318, 0.0591), (3, -5, 7), rules=rules)
    assert_kernel_equals_spec(operator, *(noise(dtype, shape) for shape in shapes))


@pytest.mark.parametrize("activation", ["NONE", "RELU"])
@pytest.mark.parametrize("out", [0.001, 2.0**-8, 0.3, 40.0])
def test_products_of_words(activation, out):
    scales = (2.0**-12, 2.0**-11, out)
    x, y = noise("INT16", (4096,)), noise("INT16", (4096,))[::-1].copy()
    x[:4], y[:4] = [-32768, -32768, 32767, 0], [-32768, 32767, 32767, -32768]
    # Products next to a border: x * y is k + 1/2 outputs, give or take one.
    step = round(out * 2**23)
    x[100:2100], y[100:2100] = np.arange(-1000, 1000), max(1, min(step // 2, 32767))
    operator = mul("INT16", ((4096,), (4096,)), scales, activation=activation)
    assert_kernel_equals_spec(operator, x, y)


@pytest.mark.parametrize("out", SMALL)
@pytest.mark.parametrize("activation", ["NONE", "RELU"])
def test_fractions_of_words_to_bytes(out, activation):
    x, y = noise("INT16", (4096,)), noise("INT16", (4096,))[::-1].copy()
    x[:4], y[:4] = [-32768, -32768, 32767, 128], [-32768, 32767, 32767, 32767]
    # Fractions around odd multiples of 128: ties of the last step.
    x[100:1100], y[100:1100] = np.arange(-500, 500) * 64, 256
    scales = (2.0**-12, 2.0**-11, 2.0**-7)
    operator = mul("INT16", ((4096,), (4096,)), scales, out=out, activation=activation)
    assert_kernel_equals_spec(operator, x, y)


@pytest.mark.parametrize("dtype", ["INT16", "INT32", "INT64", "UINT32"])
@pytest.mark.parametrize("activation", ["NONE", "RELU6"])
def test_plain_integers_wrap(dtype, activation):
    info = np.iinfo(dtype.lower())
    x, y = noise(dtype, (77,)), noise(dtype, (77,))[::-1].copy()
    x[:4], y[:4] = [info.min, info.max, info.max, 1], [info.min, info.max, info.min, 6]
    operands = [operand(dtype, (77,)), operand(dtype, (77,))]
    operator = node("MUL", operands, operand(dtype, (77,)), fused_activation_function=activation)
    assert_kernel_equals_spec(operator, x, y)


def test_zero_points_outside_the_dtype_are_looked_up():
    operator = mul("INT8", ((65536,), (65536,)), (0.01, 0.01, 0.9), (0, 40000, 0))
    assert [*kernels_of(operator, *pairs(("INT8", "INT8")))] == ["look_up_pairs_bytes"]
    assert_kernel_equals_spec(operator, *pairs(("INT8", "INT8")))


def test_a_left_shift_that_may_be_reported():
    shapes = ((9,), (9,))
    scales = (100.0, 100.0, 2.0**-8)
    reason = why_not_fast(mul("INT8", shapes, scales))
    assert "shifted left" in reason
    wraps = mul("INT8", ((65536,), (65536,)), scales, rules="litert-ref")
    assert_kernel_equals_spec(wraps, *pairs(("INT8", "INT8")))


@pytest.mark.parametrize("multiplier", [0, 1, 1 << 30, (1 << 31) - 1])
@pytest.mark.parametrize("shift", [-31, -17, -1, 0, 1, 9])
def test_records_made_by_hand(multiplier, shift):
    record = prepare(mul("INT8", ((65536,), (65536,)), (0.1, 0.1, 0.1), (-128, 127, 3)))
    factor = DoubleRounding(as_int64(multiplier), as_int64(shift))
    by_hand = replace(record, arithmetic=replace(record.arithmetic, requantize=factor))
    tiers = RUNNABLE[:1]
    assert_record_equals_spec(by_hand, pairs(("INT8", "INT8")), ["INT8"], tiers=tiers)


PRELU_ROWS = [("INT8", "INT8"), ("UINT8", "UINT8"), ("INT16", "INT8")]


def prelu(dtype, alpha, shapes, scales=(0.03, 0.01, 0.04), zero_points=(3, 5, 7), rules="tflite"):
    zeros = [0 if dtype == "INT16" and k != 1 else z for k, z in enumerate(zero_points)]
    x = operand(dtype, shapes[0], scales[0], zeros[0])
    slope = operand(alpha, shapes[1], scales[1], zeros[1])
    out = operand(dtype, shapes[0], scales[2], zeros[2])
    return node("PRELU", [x, slope], out, rules=rules)


@pytest.mark.parametrize("dtypes", PRELU_ROWS[:2])
@pytest.mark.parametrize("rules", PROFILES)
@pytest.mark.parametrize("out", [0.04, 0.03, 0.0011, 0.9])
@pytest.mark.parametrize("zero_points", [(3, 5, 7), (127, 127, 120)])
def test_prelu_of_all_pairs(dtypes, rules, out, zero_points):
    shapes = ((65536,), (65536,))
    operator = prelu(*dtypes, shapes, (0.03, 0.01, out), zero_points, rules)
    tiers = RUNNABLE if rules == "tflite" and out == 0.04 else RUNNABLE[:1]
    assert_kernel_equals_spec(operator, *pairs(dtypes), tiers=tiers)


@pytest.mark.parametrize("dtypes", PRELU_ROWS)
@pytest.mark.parametrize(
    "shapes",
    [
        ((2, 5, 6, 16), (16,)),
        ((2, 5, 6, 67), (1, 1, 67)),
        ((2, 5, 6, 16), (5, 6, 16)),
        ((3, 7, 300), (300,)),
        ((3, 7, 30), (7, 1)),
        ((65,), (1,)),
    ],
)
def test_prelu_broadcasts_its_slopes(dtypes, shapes):
    x, alpha = noise(dtypes[0], shapes[0]), noise(dtypes[1], shapes[1])
    operator = prelu(*dtypes, shapes)
    assert_kernel_equals_spec(operator, x, alpha)
    known = replace(operator.inputs[1], data=alpha)
    assert_kernel_equals_spec(replace(operator, inputs=(operator.inputs[0], known)), x, None)


def test_prelu_of_words_reaches_every_word():
    x = np.arange(-32768, 32768).astype(np.int16)
    for alpha in (-128, -1, 5, 127):
        operator = prelu("INT16", "INT8", ((65536,), (1,)), (0.001, 0.01, 0.0013))
        assert_kernel_equals_spec(operator, x, np.array([alpha], np.int8))
