"""MUL: literal examples, ties, the precision of the scale, fractions, raw integers, refusals."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import clamp, divide_by_pot, float32, requantize_double
from tests.ops.sum_integers import wrapped

LIMITS = {"INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767)}


def mul_node(
    dtype="INT8",
    shapes=((4,), (4,)),
    scales=(1.0, 1.0, 1.0),
    zero_points=(0, 0, 0),
    out=None,
    version=1,
    rules="tflite",
    **options,
):
    dtypes = (dtype, dtype, out or dtype)
    operands = [
        operand(name, shape, scale, zero_point)
        for name, shape, scale, zero_point in zip(
            dtypes, (*shapes, (1,)), scales, zero_points, strict=True
        )
    ]
    return node("MUL", operands[:2], operands[2], version=version, rules=rules, **options)


def test_differences_are_multiplied_and_saturate():
    x1, x2 = np.array([3, -3, 12, -12], np.int8), np.array([5, 5, 11, 11], np.int8)
    assert run(mul_node(), x1, x2).tolist() == [15, -15, 127, -128]
    shifted = mul_node(zero_points=(1, 2, -7))
    assert run(shifted, x1, x2).tolist() == [2 * 3 - 7, -4 * 3 - 7, 11 * 9 - 7, -13 * 9 - 7]


def test_ties_go_away_from_zero():
    x = np.array([1, -1, 3, -3], np.int8)
    halving = mul_node(shapes=((4,), (1,)), scales=(1.0, 1.0, 4.0))
    assert run(halving, x, np.array([2], np.int8)).tolist() == [1, -1, 2, -2]


def test_a_quarter_is_rounded_twice():
    """First halved with ties up, then halved with ties away from zero: 1/4, 3/4, 5/4, -1/4."""
    x = np.array([1, 3, 5, -1], np.int8)
    quarters = mul_node(shapes=((4,), (1,)), scales=(1.0, 1.0, 4.0))
    assert run(quarters, x, np.array([1], np.int8)).tolist() == [1, 1, 2, 0]


@pytest.mark.parametrize("activation, low, high", [("NONE", None, None), ("RELU6", 0, 6)])
@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("shapes", [((3, 1, 40), (2, 1)), ((2, 40), (2, 40)), ((1,), (2, 3, 7))])
def test_equals_python_integers(dtype, shapes, activation, low, high):
    bottom, top = LIMITS[dtype]
    scales = (0.0391, 0.0171, 0.11 if dtype != "INT16" else 17.3)
    zero_points = (0, 0, 0) if dtype == "INT16" else (bottom + 17, top - 2, bottom + 90)
    rng = np.random.default_rng(len(shapes[0]))
    x1, x2 = (rng.integers(bottom, top + 1, shape).astype(dtype.lower()) for shape in shapes)
    x1.reshape(-1)[:1], x2.reshape(-1)[:1] = bottom, bottom
    multiplying = mul_node(dtype, shapes, scales, zero_points, fused_activation_function=activation)
    s1, s2, out = (float32(s) for s in scales)
    effective = float32(float32(s1 * s2) / out)
    if low is not None:
        bottom = max(bottom, zero_points[2] + round(low / out))
        top = min(top, zero_points[2] + round(high / out))
    pairs = zip(*(a.reshape(-1).tolist() for a in np.broadcast_arrays(x1, x2)), strict=True)
    assert run(multiplying, x1, x2).reshape(-1).tolist() == [
        clamp(
            requantize_double((a - zero_points[0]) * (b - zero_points[1]), effective)
            + zero_points[2],
            bottom,
            top,
        )
        for a, b in pairs
    ]


def test_the_precision_of_the_scale_is_a_rule():
    """Products of some 2^29 tell a float32 ratio from a double one."""
    scales = (0.0308, 0.0041, 6.31)
    s1, s2, out = (float32(s) for s in scales)
    effective = {
        "tflite": float32(float32(s1 * s2) / out),
        "tflm": s1 * s2 / out,
    }
    rng = np.random.default_rng(0)
    x1 = rng.integers(20000, 32768, 5000).astype(np.int16)
    x2 = rng.integers(20000, 32768, 5000).astype(np.int16)
    outs = {}
    for rules, real in effective.items():
        multiplying = mul_node("INT16", ((5000,), (5000,)), scales, rules=rules)
        outs[rules] = run(multiplying, x1, x2).tolist()
        products = zip(x1.tolist(), x2.tolist(), strict=True)
        assert outs[rules] == [min(requantize_double(a * b, real), 32767) for a, b in products]
    assert outs["tflite"] != outs["tflm"]


def test_a_multiplier_above_one_is_reported_or_wraps():
    x = np.array([100], np.int8)
    scales = (1.0, 1.0, 2.0**-20)
    with pytest.raises(DomainError, match="shifted left"):
        run(mul_node(shapes=((1,), (1,)), scales=scales), x, x)
    engine = mul_node(shapes=((1,), (1,)), scales=scales, rules="litert-ref")
    assert run(engine, x, x) == clamp(wrapped(10000 << 21, 32) // 2, -128, 127)


@pytest.mark.parametrize("dtype, zero_point", [("INT8", 0), ("INT8", 5), ("UINT8", 128)])
def test_int16_fractions_to_8_bits(dtype, zero_point):
    low, high = LIMITS[dtype]
    x1 = np.array([-32768, -32768, 32767, 257, -257, 23168, 181 * 128], np.int16)
    x2 = np.array([-32768, 32767, 32767, 16384, 16384, 23168, 181 * 128], np.int16)
    shapes = ((7,), (7,))
    scales = (2.0**-15, 2.0**-15, 2.0**-7)
    narrowing = mul_node("INT16", shapes, scales, (0, 0, zero_point), out=dtype)

    def one(a, b):
        high_half = min(math.floor(Fraction(a * b, 2**15) + Fraction(1, 2)), 32767)
        return clamp(divide_by_pot(high_half, 8) + zero_point, low, high)

    expected = [one(a, b) for a, b in zip(x1.tolist(), x2.tolist(), strict=True)]
    assert run(narrowing, x1, x2).tolist() == expected
    if dtype == "INT8" and zero_point == 0:
        assert expected == [127, -128, 127, 1, -1, 64, 64]


def test_raw_int16_under_an_engine_that_divides_by_no_scale():
    scales = (None, None, None)
    for rules in ("tflite", "litert-ref"):
        prepare(mul_node("INT16", scales=scales, rules=rules))
    with pytest.raises(DomainError, match="without scales"):
        prepare(mul_node("INT16", scales=scales, rules="tflm"))
    prepare(mul_node("INT32", scales=scales, rules="tflm"))


@pytest.mark.parametrize("dtype, bits", [("INT16", 16), ("INT32", 32), ("INT64", 64)])
def test_raw_integers_wrap(dtype, bits):
    high = 2 ** (bits - 1) - 1
    x1 = np.array([high, -high - 1, 5, high], dtype.lower())
    x2 = np.array([2, -1, -7, high], dtype.lower())
    expected = [wrapped(a * b, bits) for a, b in zip(x1.tolist(), x2.tolist(), strict=True)]
    assert run(mul_node(dtype, scales=(None,) * 3), x1, x2).tolist() == expected
    for activation, low, top in [("RELU", 0, high), ("RELU6", 0, 6), ("RELU_N1_TO_1", -1, 1)]:
        clamped = mul_node(dtype, scales=(None,) * 3, fused_activation_function=activation)
        assert run(clamped, x1, x2).tolist() == [clamp(v, low, top) for v in expected]


def test_unsigned_integers_wrap():
    x1 = np.array([2**32 - 1, 2**31, 70000, 3], np.uint32)
    x2 = np.array([2**32 - 1, 3, 70000, 4], np.uint32)
    expected = [a * b % 2**32 for a, b in zip(x1.tolist(), x2.tolist(), strict=True)]
    assert run(mul_node("UINT32", scales=(None,) * 3), x1, x2).tolist() == expected
    six = mul_node("UINT32", scales=(None,) * 3, fused_activation_function="RELU6")
    assert run(six, x1, x2).tolist() == [1, 6, 6, 6]


def test_refuses_shapes_C1():
    assert refused(mul_node(shapes=((3,), (4,)))) == "C1"


def test_refuses_asymmetric_int16_C2():
    for place in range(3):
        zero_points = [int(k == place) for k in range(3)]
        assert refused(mul_node("INT16", zero_points=zero_points)) == "C2"


def test_refuses_broadcast_fractions_C3():
    assert refused(mul_node("INT16", ((4,), (1,)), out="INT8")) == "C3"


def test_refuses_a_negative_bound_on_unsigned_C4():
    one = mul_node("UINT32", scales=(None,) * 3, fused_activation_function="RELU_N1_TO_1")
    assert refused(one) == "C4"


def test_refuses_versions_dtypes_and_missing_scales():
    prepare(mul_node(version=8))
    assert refused(mul_node(version=9)) == "version"
    for dtype in ("FLOAT32", "UINT16", "BOOL"):
        assert refused(mul_node(dtype)) == "dtype"
    assert refused(mul_node("INT8", out="INT16")) == "dtype"
    assert refused(mul_node("INT8", scales=(None,) * 3)) == "scale"
