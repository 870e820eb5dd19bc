"""What delegated operators compute: ties, signs and float32 steps, against Python's integers.

Each alternative is tested alone, as a rule; that profiles hand operators on is test_delegation.py.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from refint8.numerics.eight_fraction_bits import EightFractionBits
from refint8.numerics.profiles import profile
from refint8.numerics.rules import Rules
from tests.ops.nodes import node, operand, run
from tests.ops.python_integers import clamp, float32, float32_rounding, half_up

LIMITS = {"INT8": (-128, 127), "UINT8": (0, 255)}
both = pytest.mark.parametrize("dtype", LIMITS)


def every(dtype):
    low, high = LIMITS[dtype]
    return np.arange(low, high + 1).astype(dtype.lower())


def of(dtype, values):
    return np.array(values, dtype.lower())


def even(x):
    """Python's round takes ties to even."""
    return round(Fraction(x))


def pair(name, rules, dtype, scales, zero_points, a, b, **options):
    x1, x2 = (
        operand(dtype, x.shape, s, z) for x, s, z in zip((a, b), scales, zero_points, strict=False)
    )
    x2 = replace(x2, index=1)
    out = operand(dtype, (1,), scales[2], zero_points[2])
    return run(node(name, [x1, x2], out, rules=rules, **options), a, b)


def unary(name, rules, dtype, scales, zero_points, x, **options):
    ends = [operand(dtype, x.shape, s, z) for s, z in zip(scales, zero_points, strict=True)]
    return run(node(name, ends[:1], ends[1], rules=rules, **options), x)


# ADD and SUB

ADDITION = Rules(addition="common_shift")


def test_a_common_shift_takes_ties_up():
    x, nothing = of("INT8", [1, -1, 3, -3]), of("INT8", [0])
    ones, zeros = (1.0, 1.0, 2.0), (0, 0, 0)
    assert pair("ADD", ADDITION, "INT8", ones, zeros, x, nothing).tolist() == [1, 0, 2, -1]
    assert pair("SUB", ADDITION, "INT8", ones, zeros, nothing, x).tolist() == [0, 1, -1, 2]


def common_shift(x1, x2, sign, scales, zero_points):
    s1, s2, out = map(float32, scales)
    ratios = [Fraction(float32(s / out)) for s in (s1, s2)]
    shift = 20
    while max(ratios) < Fraction(2) ** (20 - shift):
        shift += 1
    while max(ratios) >= Fraction(2) ** (21 - shift):
        shift -= 1
    first, second = (round(ratio * Fraction(2) ** shift) for ratio in ratios)
    total = (x1 - zero_points[0]) * first + sign * (x2 - zero_points[1]) * second
    return half_up(total / Fraction(2) ** shift) + zero_points[2]


@both
@pytest.mark.parametrize("name, sign", [("ADD", 1), ("SUB", -1)])
@pytest.mark.parametrize(
    "scales",
    [
        (0.0391, 0.0171, 0.0271),
        (2.0**-10, 2.0**-10, 1.0),
        (1.0, 1.0, 2.0**-7.99),
        (0.75, 2.0**-9, 0.5),
        (1.0, 0.5, 1.0),
    ],
)
def test_sums_equal_python_integers(dtype, name, sign, scales):
    low, high = LIMITS[dtype]
    zero_points = (low + 17, high - 2, low + 90)
    a, b = every(dtype)[::5, None], every(dtype)[None, ::17]
    got = pair(name, ADDITION, dtype, scales, zero_points, a, b)
    expected = [
        [clamp(common_shift(i, j, sign, scales, zero_points), low, high) for j in b[0].tolist()]
        for i in a[:, 0].tolist()
    ]
    assert got.tolist() == expected


# MUL and BATCH_MATMUL

PRODUCT = Rules(product="float32")


def test_products_in_float32_take_ties_to_even():
    x, two = of("INT8", [1, -1, 3, -3, 5]), of("INT8", [2])
    got = pair("MUL", PRODUCT, "INT8", (1.0, 1.0, 4.0), (0, 0, 0), x, two)
    assert got.tolist() == [0, 0, 2, -2, 2]


@both
@pytest.mark.parametrize("scales", [(0.05, 0.031, 0.0127), (0.5, 0.25, 16.0), (3.0, 1.7, 900.0)])
def test_products_equal_python(dtype, scales):
    low, high = LIMITS[dtype]
    zero_points = (low + 100, high - 120, low + 120)
    a, b = every(dtype)[::5, None], every(dtype)[None, ::17]
    got = pair("MUL", PRODUCT, dtype, scales, zero_points, a, b)
    s1, s2, out = map(float32, scales)
    scale = float32(float32(s1 * s2) / out)
    expected = [
        [
            clamp(
                float32_rounding((i - zero_points[0]) * (j - zero_points[1]), scale)
                + zero_points[2],
                low,
                high,
            )
            for j in b[0].tolist()
        ]
        for i in a[:, 0].tolist()
    ]
    assert got.tolist() == expected


def test_matrix_products_in_float32_take_ties_to_even():
    a, b = of("INT8", [[1, 0], [3, 0], [-5, 0]]), of("INT8", [[1], [0]])
    got = pair("BATCH_MATMUL", PRODUCT, "INT8", (1.0, 1.0, 2.0), (0, 0, 7), a, b)
    assert got.tolist() == [[7], [9], [5]]
    ties_up = pair("BATCH_MATMUL", Rules(), "INT8", (1.0, 1.0, 2.0), (0, 0, 7), a, b)
    assert ties_up.tolist() == [[8], [9], [5]]


@both
@pytest.mark.parametrize("scales", [(0.05, 0.0127), (0.25, 0.125), (0.0173, 0.00211)])
@pytest.mark.parametrize("activation", ["NONE", "RELU6"])
def test_a_square_is_a_float32_table(dtype, scales, activation):
    low, high = LIMITS[dtype]
    zi, zo = low + 117, low + 31
    s, out = map(float32, scales)
    x = operand(dtype, (256,), s, zi)
    made = node("MUL", [x, x], operand(dtype, (256,), out, zo), rules=Rules(square="table"),
                fused_activation_function=activation)  # fmt: skip
    got = run(made, every(dtype), every(dtype)).tolist()
    lowest = max(low, zo) if activation == "RELU6" else low
    highest = min(high, zo + round(6 / out)) if activation == "RELU6" else high
    for q, entry in zip(every(dtype).tolist(), got, strict=True):
        t = float32(float32(q - zi) * s)
        steps = float32(float32(float32(t * t) * float32(1 / out)) + zo)
        assert entry == clamp(even(steps), lowest, highest)


# LEAKY_RELU and QUANTIZE


def test_eight_fraction_bits_round_up_and_know_the_sign():
    half, minus_half = EightFractionBits.of(0.5), EightFractionBits.of(-0.5)
    d = np.array([1, -1, 3, -3])
    assert half(d).tolist() == [1, 0, 2, -1]
    assert minus_half(d).tolist() == [0, 1, -1, 2]
    # 256 * 0.001953125 = 0.5 and 256 * 0.005859375 = 1.5: the factor itself goes to even.
    assert EightFractionBits.of(0.001953125).multiplier == 0
    assert EightFractionBits.of(0.005859375).multiplier == 2


@both
@pytest.mark.parametrize("alpha", [0.1, -0.5, 1.5, 2.0**-5, -3.3])
@pytest.mark.parametrize("scales", [(0.05, 0.05), (0.031, 0.0127), (0.5, 1.0), (1.0, 0.0079)])
def test_leaky_relu_by_eight_bits(dtype, alpha, scales):
    low, high = LIMITS[dtype]
    zero_points = low + 117, high - 20
    got = unary(
        "LEAKY_RELU", Rules(leaky_relu="eight_bits"), dtype, scales, zero_points, every(dtype),
        alpha=alpha,
    )  # fmt: skip
    ratio = float32(float32(scales[0]) / float32(scales[1]))
    factors = even(256 * ratio), even(256 * float32(ratio * float32(alpha)))
    for q, out in zip(every(dtype).tolist(), got.tolist(), strict=True):
        d = q - zero_points[0]
        steps = half_up(Fraction(d * factors[d < 0], 256))
        assert out == clamp(steps + zero_points[1], low, high)


@both
@pytest.mark.parametrize("scales", [(0.05, 0.1), (0.031, 0.0127), (1.0, 128.0), (127.9, 1.0)])
def test_quantize_to_the_same_dtype_by_eight_bits(dtype, scales):
    low, high = LIMITS[dtype]
    zero_points = low + 100, high - 100
    rules = Rules(quantize_8bit="eight_bits")
    got = unary("QUANTIZE", rules, dtype, scales, zero_points, every(dtype))
    factor = even(256 * float32(float32(scales[0]) / float32(scales[1])))
    for q, out in zip(every(dtype).tolist(), got.tolist(), strict=True):
        steps = half_up(Fraction((q - zero_points[0]) * factor, 256))
        assert out == clamp(steps + zero_points[1], low, high)


def test_quantize_to_another_dtype_is_not_concerned():
    x, out = operand("INT8", (256,), 0.05, 3), operand("UINT8", (256,), 0.031, 7)
    plain, ruled = (
        run(node("QUANTIZE", [x], out, rules=rules), every("INT8"))
        for rules in (Rules(), Rules(quantize_8bit="eight_bits"))
    )
    assert plain.tolist() == ruled.tolist()


def from_float(dtype, scale, zero_point, x):
    rules = Rules(quantize_float="reciprocal")
    x = np.array(x, np.float32)
    out = operand(dtype, x.shape, scale, zero_point)
    return run(node("QUANTIZE", [operand("FLOAT32", x.shape)], out, rules=rules), x).tolist()


def test_floats_take_ties_to_even_and_saturate():
    assert from_float("INT8", 1.0, 0, [0.5, 1.5, -0.5, -2.5, 3]) == [0, 2, 0, -2, 3]
    wild = [math.inf, -math.inf, math.nan, 3e38, -3e38, 1e10, -1e10]
    assert from_float("INT8", 1e-3, -128, wild) == [127, -128, 127, 127, -128, 127, -128]
    assert from_float("UINT8", 1e-3, 255, wild) == [255, 0, 255, 255, 0, 255, 0]


@both
@pytest.mark.parametrize("scale", [0.1, 0.0371, 3.0, 1 / 49])
def test_floats_next_to_every_tie(dtype, scale):
    low, high = LIMITS[dtype]
    zero_point = low + 3
    step = float32(scale)
    ties = ((np.arange(low - 3, high + 3) - zero_point + 0.5) * step).astype(np.float32)
    x = np.concatenate([np.nextafter(ties, np.float32(s)) for s in (-1e9, 1e9)] + [ties])
    inverse = float32(1 / step)
    expected = [clamp(even(float32(v * inverse)) + zero_point, low, high) for v in x.tolist()]
    assert from_float(dtype, scale, zero_point, x) == expected
    exact = [clamp(even(v / step) + zero_point, low, high) for v in x.tolist()]
    assert exact != expected or scale == 3.0, "the reciprocal should be told"


# Fused activations


def test_bounds_are_rounded_with_their_zero_point():
    # 6 / 4 = 1.5: 2 at zero point 0 and 2, not 3, at zero point 1.
    x, nothing = of("INT8", [100]), of("INT8", [0])
    for zero_point, away, to_even in ((0, 2, 2), (1, 3, 2), (-3, -1, -2)):
        for bounds, expected in (("half_away", away), ("half_even", to_even)):
            rules = replace(ADDITION, activation_bounds=bounds)
            got = pair("ADD", rules, "INT8", (4.0, 4.0, 4.0), (0, 0, zero_point), x, nothing,
                       fused_activation_function="RELU6")  # fmt: skip
            assert got == expected


def test_the_profile_assigns_what_is_tested_here():
    delegated = profile("xnnpack").rules.delegated
    assert delegated is not None
    assert delegated.delegated is None
    tested = {
        "addition": "common_shift",
        "product": "float32",
        "square": "table",
        "leaky_relu": "eight_bits",
        "quantize_8bit": "eight_bits",
        "quantize_float": "reciprocal",
        "reduction": "float32",
        "resize_bilinear": "eleven_bits",
        "logistic_int8": "table_float64",
        "table_rounding": "half_even",
        "activation_bounds": "half_even",
    }
    assert tested.items() <= delegated.assignment().items()
