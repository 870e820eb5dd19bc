"""MEAN, SUM, RESIZE_BILINEAR and tables as delegated operators compute them, against Python."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from refint8.numerics.float32_sum import LIMIT, Float32Sum
from refint8.numerics.resize import linear_q11
from refint8.numerics.rules import Rules
from tests.ops.nodes import constant, node, operand, run
from tests.ops.python_integers import clamp, float32, half_up
from tests.ops.test_delegated_arithmetic import LIMITS, both, even, every, of, unary

# MEAN and SUM


def test_the_zero_point_is_rounded_with_the_sum():
    for zero_point, expected in ((0, [0, 2]), (1, [2, 2])):
        x = of("INT8", [[0, 1], [1, 2]])  # 0.5 and 1.5
        inputs = [operand("INT8", (2, 2), 1.0), constant("INT32", [1])]
        out = operand("INT8", (2,), 1.0, zero_point)
        made = node("MEAN", inputs, out, rules=Rules(reduction="float32"))
        assert run(made, x, None).tolist() == expected


@both
@pytest.mark.parametrize("name", ["MEAN", "SUM"])
@pytest.mark.parametrize("axes", [(0,), (1,), (0, 2), (0, 1, 2)])
def test_reductions_equal_python(dtype, name, axes):
    rng = np.random.default_rng(len(axes))
    low, high = LIMITS[dtype]
    x = rng.integers(low, high + 1, (7, 11, 3)).astype(dtype.lower())
    zi, zo = low + 90, high - 100
    s, out = float32(0.0391), float32(0.0171 if name == "MEAN" else 0.31)
    inputs = [operand(dtype, x.shape, s, zi), constant("INT32", axes)]
    made = node(name, inputs, operand(dtype, (1,), out, zo), rules=Rules(reduction="float32"))
    count = math.prod(x.shape[a] for a in axes)
    scale = float32(s / out)
    if name == "MEAN":
        scale = float32(scale * float32(1 / count))
    offset = float32(zo - float32(float32(count * zi) * scale))
    sums = x.astype(int).sum(axis=axes).reshape(-1).tolist()
    expected = [
        clamp(even(float32(float32(float32(total) * scale) + offset)), low, high) for total in sums
    ]
    assert run(made, x, None).reshape(-1).tolist() == expected


def test_a_mean_is_a_float32_product_with_the_reciprocal_at_ties():
    """Sums whose exact mean is a tie: a division, or a product in double, decide otherwise."""
    told = {"division": 0, "double": 0}
    for count, ratio in product(range(3, 60), (3, 5, 7)):
        ties = [n for n in range(-20 * count, 20 * count) if 2 * n * ratio % (2 * count) == count]
        scale = float32(ratio * float32(1 / count))
        expected = [even(float32(n * scale)) for n in ties]
        made = Float32Sum.of((ratio, 0), (1.0, 0), count, mean=True)
        assert made(np.array(ties, np.int64)).tolist() == expected
        divided = float32(ratio / count)
        told["division"] += [even(float32(n * divided)) for n in ties] != expected
        told["double"] += [even(n * Fraction(scale)) for n in ties] != expected
    assert min(told.values()) > 5, told


def test_wild_factors_saturate():
    wild = Float32Sum(np.float32(np.inf), np.float32(0))
    assert wild(np.array([1, -1, 0])).tolist() == [LIMIT, -LIMIT, 0]


# RESIZE_BILINEAR


def line_q11(i, size, out, align, half):
    scale = float32((size - 1) / (out - 1)) if align and out > 1 else float32(size / out)
    position = float32(i * scale)
    if half:
        position = float32(position + float32(float32(scale / 2) - 0.5))
    position = min(max(position, 0.0), float(size - 1))
    lower = math.floor(position)
    return lower, min(lower + 1, size - 1), even(2048 * float32(position - lower))


@both
@pytest.mark.parametrize("align, half", [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("sizes", [((5, 7), (9, 4)), ((3, 1), (7, 13)), ((2, 2), (1, 1))])
def test_eleven_bits_equal_python_integers(dtype, align, half, sizes):
    (rows, columns), (height, width) = sizes
    low, high = LIMITS[dtype]
    x = np.random.default_rng(height).integers(low, high + 1, (1, rows, columns, 2))
    x = x.astype(dtype.lower())
    size = constant("INT32", [height, width])
    got = run(
        node("RESIZE_BILINEAR", [operand(dtype, x.shape), size], operand(dtype, (1,)),
             rules=Rules(resize_bilinear="eleven_bits"), align_corners=align,
             half_pixel_centers=half),
        x, None,
    )  # fmt: skip
    for i, j, c in np.ndindex(height, width, 2):
        y0, y1, dy = line_q11(i, rows, height, align, half)
        x0, x1, dx = line_q11(j, columns, width, align, half)
        v = x[0, :, :, c].astype(int)
        above, below = (2048 * v[y, x0] + (v[y, x1] - v[y, x0]) * dx for y in (y0, y1))
        blended = Fraction(int(2048 * above + (below - above) * dy), 2**22)
        assert got[0, i, j, c] == half_up(blended)


@pytest.mark.parametrize("size, out", [(19, 159), (25, 91), (47, 187), (57, 55), (59, 127)])
def test_half_a_pixel_is_scaled_by_itself(size, out):
    """f32(i * scale) + f32(f32(scale / 2) - 0.5), which is not f32(f32(i + 0.5) * scale) - 0.5."""
    line = linear_q11(size, out, align_corners=False, half_pixel_centers=True)
    found = list(zip(*(part.tolist() for part in (line.lower, line.upper, line.fraction)),
                     strict=True))  # fmt: skip
    assert found == [line_q11(i, size, out, align=False, half=True) for i in range(out)]
    scale, index = np.float32(size) / np.float32(out), np.arange(out, dtype=np.float32)
    other = np.clip((index + np.float32(0.5)) * scale - np.float32(0.5), 0, size - 1)
    positions = 2048 * line.lower + line.fraction
    assert np.any(positions != 2048 * np.floor(other) + np.rint(2048 * (other - np.floor(other))))


def test_eleven_bits_take_ties_up():
    x = of("INT8", [80, 43, -128]).reshape(1, 1, 3, 1)  # (43 - 128) / 2 = -42.5
    for rules, expected in ((Rules(), -43), (Rules(resize_bilinear="eleven_bits"), -42)):
        inputs = [operand("INT8", x.shape), constant("INT32", [1, 4])]
        made = node("RESIZE_BILINEAR", inputs, operand("INT8", (1,)), rules=rules,
                    align_corners=False, half_pixel_centers=False)  # fmt: skip
        assert run(made, x, None).reshape(-1).tolist() == [80, 52, expected, -128]


# Tables

FUNCTIONS = {
    "LOGISTIC": lambda t: float32(1 / (1 + math.exp(-t))),
    "TANH": lambda t: float32(math.tanh(t)),
    "ELU": lambda t: float32(math.expm1(t)) if t < 0 else t,
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("scales", [(0.05, 1 / 256), (0.5, 1 / 257), (0.031, 1 / 100)])
def test_tables_are_rounded_with_their_zero_point(name, scales):
    s, out = map(float32, scales)
    rules = replace(Rules(), logistic_int8="table_float64", table_rounding="half_even")
    got = unary(name, rules, "INT8", scales, (9, -28), every("INT8"))
    for q, entry in zip(every("INT8").tolist(), got.tolist(), strict=True):
        real = FUNCTIONS[name](float32((q - 9) * s))
        steps = float32(float32(real * float32(1 / out)) - 28)
        # A function's last bit is the library's: an entry next to a tie may be either.
        if abs(steps % 1 - 0.5) > 1e-3 or steps % 1 == 0.5:
            assert entry == clamp(even(steps), -128, 127), q


def test_a_tie_of_the_logistic_function():
    # logistic(0) is exactly 1/2, and 0.5 * 257 a tie: 128.5 - 128 to even, or away and back.
    rules = Rules(logistic_int8="table_float64")
    zero = of("INT8", [0])
    assert unary("LOGISTIC", rules, "INT8", (1.0, 1 / 257), (0, -128), zero) == 1
    ruled = replace(rules, table_rounding="half_even")
    assert unary("LOGISTIC", ruled, "INT8", (1.0, 1 / 257), (0, -128), zero) == 0
