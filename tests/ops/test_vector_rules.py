"""Rules of LiteRT's optimised kernels: where an element lies in a vector, and float32 arithmetic.

The definitions are in Python integers and fractions; that the engine computes so is the matter of
tests/crosscheck/test_litert_opt.py.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from tests.ops import gemmlowp16_integers
from tests.ops.kernels import assert_kernel_equals_spec, why_not_fast
from tests.ops.nodes import constant, node, operand, run
from tests.ops.python_integers import (
    clamp,
    double_rounding,
    double_rounding_up,
    float32,
    high_mul,
    quantize_multiplier,
    round_half_away,
)

LIMITS = {"INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767)}


def random_values(dtype, shape, seed=0):
    low, high = LIMITS[dtype]
    return np.random.default_rng(seed).integers(low, high + 1, shape).astype(dtype.lower())


@pytest.mark.parametrize("count", [3, 16, 45])
@pytest.mark.parametrize("target", ["INT8", "UINT8"])
def test_quantize_between_bytes_has_vectors_of_16(count, target):
    x = np.arange(-count, count, 2)[:count].astype(np.int8)  # halves: ties at odd differences
    x[::2] += 1
    out = operand(target, (count,), 2.0, 9)
    convert = node("QUANTIZE", [operand("INT8", (count,), 1.0, 0)], out, rules="litert-opt")
    factor = quantize_multiplier(0.5)
    whole = count // 16 * 16
    want = [
        clamp((double_rounding_up if i < whole else double_rounding)(int(v), *factor) + 9,
              *LIMITS[target])
        for i, v in enumerate(x)
    ]  # fmt: skip
    assert run(convert, x).tolist() == want
    assert_kernel_equals_spec(convert, x)


@pytest.mark.parametrize("target", LIMITS)
@pytest.mark.parametrize("count", [7, 8, 29])
def test_quantize_from_float_has_vectors_of_8(target, count):
    scale = float(np.float32(0.3))
    k = np.arange(count) - count // 2
    x = ((k + 0.5) * np.float32(scale)).astype(np.float32)
    zero_point = 0 if target == "INT16" else 5
    convert = node("QUANTIZE", [operand("FLOAT32", (count,))],
                   operand(target, (count,), scale, zero_point), rules="litert-opt")  # fmt: skip
    whole = count // 8 * 8
    reciprocal = float32(1 / scale)
    want = [
        round(Fraction(float32(float(v) * reciprocal)))
        if i < whole
        else round_half_away(Fraction(float(v) / scale))
        for i, v in enumerate(x)
    ]
    assert run(convert, x).tolist() == [clamp(v + zero_point, *LIMITS[target]) for v in want]
    assert "FromFloatInVectors" in why_not_fast(convert, x)


def test_quantize_from_float_casts_as_x86_does():
    x = np.array([math.nan, math.inf, -math.inf, 3e38, 1, 2, 3, 4], np.float32)
    for zero_point, far in ((5, -128), (-5, 127)):  # -2^31 plus a negative zero point wraps
        out = operand("INT8", (8,), 1.0, zero_point)
        convert = node("QUANTIZE", [operand("FLOAT32", (8,))], out, rules="litert-opt")
        assert run(convert, x).tolist() == [far] * 4 + [v + zero_point for v in (1, 2, 3, 4)]


@pytest.mark.parametrize("count", [5, 8, 21])
@pytest.mark.parametrize("dtype", ["INT8", "UINT8"])
def test_dequantize_has_vectors_of_8(count, dtype):
    scale, zero_point = float(np.float32(0.1)), 77
    x = random_values(dtype, count)
    convert = node("DEQUANTIZE", [operand(dtype, (count,), scale, zero_point)],
                   operand("FLOAT32", (count,)), rules="litert-opt")  # fmt: skip
    offset = float32(-zero_point * scale)
    want = [
        float32(float32(scale * int(v)) + offset)
        if i < count // 8 * 8
        else float32(scale * (int(v) - zero_point))
        for i, v in enumerate(x)
    ]
    assert run(convert, x).tolist() == want
    assert_kernel_equals_spec(convert, x)


@pytest.mark.parametrize("dtype", ["INT8", "UINT8"])
@pytest.mark.parametrize("channels", [5, 16, 20])
def test_mean_over_an_image_has_vectors_of_16_channels(dtype, channels):
    x = random_values(dtype, (2, 2, 2, channels))
    zero_point, s_in, s_out = 3, 0.5, 1.0
    mean = node("MEAN", [operand(dtype, x.shape, s_in, zero_point), constant("INT32", [1, 2])],
                operand(dtype, (2, 1, 1, channels), s_out, 7), rules="litert-opt",
                keep_dims=True)  # fmt: skip
    factor = quantize_multiplier(0.5 / 4)
    offset = 7 - 2  # 3 * 0.5 / 1 is 1.5 steps, plus a half, truncated
    want = []
    for b in range(2):
        for c in range(channels):
            family = double_rounding_up if c < channels // 16 * 16 else double_rounding
            total = sum(int(v) for v in x[b, :, :, c].reshape(-1))
            want.append(clamp(family(total, *factor) + offset, *LIMITS[dtype]))
    assert run(mean, x, None).reshape(-1).tolist() == want


def test_mean_over_other_axes_is_general():
    x = random_values("INT8", (2, 3, 4, 16))
    for axes, keep in (([1, 2], False), ([2], True), ([1, 2, 3], True)):
        means = [
            run(node("MEAN", [operand("INT8", x.shape, 0.5, 3), constant("INT32", axes)],
                     operand("INT8", (1,), 0.3, 7), rules=rules, keep_dims=keep), x, None)
            for rules in ("litert-opt", "litert-ref")
        ]  # fmt: skip
        assert np.array_equal(*means)


@pytest.mark.parametrize("dtype", LIMITS)
def test_sum_in_float32(dtype):
    x = random_values(dtype, (40, 7))
    s_in, s_out = float(np.float32(0.3)), float(np.float32(1.1))
    zero_point = 0 if dtype == "INT16" else 3
    total = node("SUM", [operand(dtype, x.shape, s_in, zero_point), constant("INT32", [1])],
                 operand(dtype, (40,), s_out, zero_point), rules="litert-opt")  # fmt: skip
    scale = float32(s_in / s_out)
    bias = float32(float32(-zero_point * scale) * 7)
    want = []
    for row in x:
        real = float32(float32(float32(int(row.astype(int).sum())) * scale) + bias)
        want.append(clamp(round_half_away(Fraction(real)) + zero_point, *LIMITS[dtype]))
    assert run(total, x, None).tolist() == want


def float_table(factor):
    return [float(np.float32(math.exp(float32(factor * k)))) for k in range(256)]


@pytest.mark.parametrize(
    ("source", "target", "scale", "zero_point"),
    [("INT8", "INT8", 1 / 256, -128), ("UINT8", "UINT8", 1 / 256, 0),
     ("INT8", "INT16", 2.0**-16, -32768)],
)  # fmt: skip
def test_softmax_in_float32(source, target, scale, zero_point):
    x = random_values(source, (30, 9))
    softmax = node("SOFTMAX", [operand(source, x.shape, 0.0625, 3)],
                   operand(target, x.shape, scale, zero_point), rules="litert-opt", beta=1.0,
                   version=3)  # fmt: skip
    table = float_table(-0.0625)
    want = []
    for row in x.tolist():
        e = [table[max(row) - v] for v in row]
        total = 0.0
        for v in e:
            total = float32(total + v)
        inverse = float32(1 / float32(total * scale))
        for v in e:
            step = float32(v * inverse)
            if target == "UINT8":
                steps = math.floor(float32(step + 0.5))
            else:
                steps = round_half_away(Fraction(step)) + zero_point
            want.append(clamp(steps, *LIMITS[target]))
    assert run(softmax, x).reshape(-1).tolist() == want
    assert "float32" in why_not_fast(softmax, x)


def test_softmax_in_float32_takes_many_equal_logits():
    x = np.zeros((1, 600), np.int8)
    out = operand("INT8", x.shape, 1 / 256, -128)
    softmax = node(
        "SOFTMAX", [operand("INT8", x.shape, 0.0625, 3)], out, rules="litert-opt", beta=1.0
    )
    assert set(run(softmax, x).reshape(-1).tolist()) == {-128}


@pytest.mark.parametrize("dtype", ["INT8", "UINT8"])
def test_log_softmax_in_float32(dtype):
    x = random_values(dtype, (30, 9))
    highest = LIMITS[dtype][1]
    s = 0.0625
    record = node("LOG_SOFTMAX", [operand(dtype, x.shape, s, 3)],
                  operand(dtype, x.shape, 1 / 16, highest), rules="litert-opt")  # fmt: skip
    table = float_table(-s)
    want = []
    for row in x.tolist():
        total = 0.0
        for v in row:
            total = float32(total + table[max(row) - v])
        start = float32(float32(s * max(row) + float32(math.log(total))) / 0.0625)
        want += [
            clamp(round(Fraction(float32(s / 0.0625 * v - start))) + highest, *LIMITS[dtype])
            for v in row
        ]
    assert run(record, x).reshape(-1).tolist() == want
    assert "float32" in why_not_fast(record, x)


@pytest.mark.parametrize(("name", "exponent"), [("LOGISTIC", -12), ("TANH", -12), ("TANH", -11)])
def test_sigmoids_on_int16_by_gemmlowp(name, exponent):
    x = np.array([-32768, -20000, -16384, -5, -1, 0, 1, 77, 9999, 16383, 16384, 32767], np.int16)
    curve = node(name, [operand("INT16", x.shape, 2.0**exponent)],
                 operand("INT16", x.shape, 2.0**-15), rules="litert-opt")  # fmt: skip
    shifted = [clamp(int(v) << (exponent + 12), -32768, 32767) for v in x]
    function = {
        "LOGISTIC": gemmlowp16_integers.logistic,
        "TANH": lambda v: gemmlowp16_integers.tanh(v, 3),
    }[name]
    assert run(curve, x).tolist() == [function(v) for v in shifted]
    assert_kernel_equals_spec(curve, x)


@pytest.mark.parametrize(("name", "exponent"), [("LOGISTIC", -11), ("TANH", -10), ("TANH", -13)])
def test_other_scales_keep_the_table(name, exponent):
    x = np.arange(-32768, 32768, 97).astype(np.int16)
    found = [
        run(node(name, [operand("INT16", x.shape, 2.0**exponent)],
                 operand("INT16", x.shape, 2.0**-15), rules=rules), x)
        for rules in ("litert-opt", "litert-ref")
    ]  # fmt: skip
    assert np.array_equal(*found)


def test_resize_bilinear_with_products_of_weights():
    x = random_values("UINT8", (1, 5, 7, 3))
    resize = node("RESIZE_BILINEAR", [operand("UINT8", x.shape), constant("INT32", [11, 13])],
                  operand("UINT8", (1,)), rules="litert-opt", align_corners=False,
                  half_pixel_centers=False)  # fmt: skip
    out = run(resize, x, None)
    for y, c in np.ndindex(11, 13):
        (y0, y1, dy), (x0, x1, dx) = (
            (math.floor(p), min(math.ceil(p), size - 1), float32(p - math.floor(p)))
            for p, size in (
                (float32(y * float32(5 / 11)), 5),
                (float32(c * float32(7 / 13)), 7),
            )
        )
        ry, rx = float32(1 - dy), float32(1 - dx)
        for channel in range(3):
            total = 0.0
            for row, col, a, b in ((y0, x0, ry, rx), (y0, x1, ry, dx), (y1, x0, dy, rx),
                                   (y1, x1, dy, dx)):  # fmt: skip
                value = int(x[0, row, col, channel])
                total = float32(total + float32(value * float32(a * b)))
            assert out[0, y, c, channel] == int(float32(total + 0.5))
    assert "weights" in why_not_fast(resize, x, None)


def test_resize_nearest_in_16_fractional_bits():
    for size, out in ((3, 7), (39, 58), (1000, 999), (7, 7), (2, 65537)):
        x = np.arange(size, dtype=np.uint8).reshape(1, 1, size, 1)
        resize = node("RESIZE_NEAREST_NEIGHBOR",
                      [operand("UINT8", x.shape), constant("INT32", [1, out])],
                      operand("UINT8", (1,)), rules="litert-opt", align_corners=False,
                      half_pixel_centers=False)  # fmt: skip
        index = [min(i * (size * 65536 // out + 1) // 65536, size - 1) for i in range(out)]
        assert run(resize, x, None).reshape(-1).tolist() == [i % 256 for i in index]


def test_a_product_over_one_element_is_copied():
    x = random_values("INT8", (4, 1, 5))
    for rules, copied in (("litert-opt", True), ("litert-ref", False)):
        product = node("REDUCE_PROD", [operand("INT8", x.shape, 0.5, 3), constant("INT32", [1])],
                       operand("INT8", (4, 5), 0.3, 1), rules=rules)  # fmt: skip
        assert np.array_equal(run(product, x, None), x.reshape(4, 5)) == copied


ADDED = [
    # shapes, elements of a run and whether it goes element by element
    ((50,), (50,), 50, True),
    ((1,), (50,), 50, False),
    ((50,), (), 50, False),
    ((3, 2, 19), (2, 19), 38, True),
    ((3, 1, 19), (3, 2, 19), 19, True),
    ((2, 1, 21, 1), (1, 2, 1, 17), 17, False),
    ((2, 1, 2, 1, 17), (1, 2, 1, 2, 17), 17, True),
    ((1, 2, 1, 2, 1, 2, 17), (2, 1, 2, 1, 2, 1, 17), 0, True),
]


@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16"])
@pytest.mark.parametrize("case", range(len(ADDED)))
def test_addition_in_vectors(dtype, case):
    first, second, size, elementwise = ADDED[case]
    scales, zero_points = (0.013, 3.7, 5.1), ((0, 0, 0) if dtype == "INT16" else (3, 9, 20))
    a, b = random_values(dtype, first, 1), random_values(dtype, second, 2)
    inputs = [operand(dtype, x.shape, s, z)
              for x, s, z in zip((a, b), scales, zero_points, strict=False)]  # fmt: skip
    add = node("ADD", inputs, operand(dtype, (1,), scales[2], zero_points[2]), rules="litert-opt",
               pot_scale_int16=False, version=2)  # fmt: skip
    s = [float32(v) for v in scales]
    headroom = 15 if dtype == "INT16" else 20
    twice = 2 * max(s[:2])
    factors = [quantize_multiplier(v / twice) for v in s[:2]]
    last = quantize_multiplier(twice / (2**headroom * s[2]))
    early = elementwise and dtype != "UINT8"
    lanes = 16 if early else 8
    if dtype == "INT16" and first != second:
        size = 0

    def rescaled(value, factor, in_vector):
        multiplier, shift = factor
        if not in_vector:
            return double_rounding(value << headroom, multiplier, shift)
        if early:
            left = headroom + shift
            return high_mul(value << left if left >= 0 else value >> -left, multiplier)
        return high_mul(value << headroom, multiplier) >> -shift

    want = []
    left, right = np.broadcast_arrays(a, b)
    for i, (u, v) in enumerate(zip(left.reshape(-1).tolist(), right.reshape(-1).tolist(),
                                   strict=True)):  # fmt: skip
        in_vector = size > 0 and i % size < size // lanes * lanes
        total = rescaled(u - zero_points[0], factors[0], in_vector) + rescaled(
            v - zero_points[1], factors[1], in_vector
        )
        want.append(clamp(double_rounding(total, *last) + zero_points[2], *LIMITS[dtype]))
    assert run(add, a, b).reshape(-1).tolist() == want


def test_addition_in_vectors_differs_from_the_general_one():
    a, b = (random_values("INT16", (50000,), seed) for seed in (1, 2))
    differing = 0
    for k in range(8):
        scales = 0.013 * 1.17**k, 0.037, 0.051
        inputs = [operand("INT16", a.shape, s) for s in scales[:2]]
        out = operand("INT16", a.shape, scales[2])
        add = [
            node("ADD", inputs, out, rules=rules, pot_scale_int16=False)
            for rules in ("litert-opt", "litert-ref")
        ]
        differing += int((run(add[0], a, b) != run(add[1], a, b)).sum())
    assert 0 < differing < 1000
    assert "int16" in why_not_fast(add[0], a, b)


def test_addition_in_vectors_has_a_kernel_where_places_do_not_matter():
    x = random_values("INT8", (3, 50))
    inputs = [operand("INT8", x.shape, s, 3) for s in (0.5, 0.25)]
    add = node("ADD", inputs, operand("INT8", x.shape, 1.0, 1), rules="litert-opt")
    assert_kernel_equals_spec(add, x, x[::-1].copy())
