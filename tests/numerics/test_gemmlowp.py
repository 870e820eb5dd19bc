"""gemmlowp's fixed point against unbounded Python integers, and against the real functions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from refint8.numerics import gemmlowp
from tests.ops import gemmlowp_integers as integers
from tests.ops.gemmlowp_integers import real

INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1


def negative_values(integer_bits, seed=0):
    """0, the extremes, both sides of every quarter border near 0 and -32, powers of two, noise."""
    one = 2 ** (31 - integer_bits)
    borders = [-k * one // 4 + d for k in (0, 1, 2, 3, 4, 7, 8, 127, 128, 129) for d in (-1, 0, 1)]
    powers = [-(2**k) for k in range(32)]
    noise = np.random.default_rng(seed).integers(INT32_MIN, 1, 500)
    scaled = np.random.default_rng(seed).integers(-8 * one, 1, 500)
    values = {*borders, *powers, *noise.tolist(), *scaled.tolist(), INT32_MIN, INT32_MIN + 1}
    return sorted(v for v in values if INT32_MIN <= v <= 0)


@pytest.mark.parametrize("integer_bits", [0, 1, 2, 3, 4, 5, 6, 9, 12, 29])
def test_exp_equals_python_integers(integer_bits):
    values = negative_values(integer_bits, integer_bits)
    expected = [integers.exp_negative(v, integer_bits) for v in values]
    assert gemmlowp.exp_on_negative_values(values, integer_bits).tolist() == expected


def test_exp_is_close_to_the_real_function():
    values = negative_values(5)
    out = gemmlowp.exp_on_negative_values(values)
    for value, raw in zip(values, out.tolist(), strict=True):
        assert abs(real(raw) - math.exp(real(value, 5))) < 1e-6


def test_exp_examples():
    one = 1 << 26
    out = gemmlowp.exp_on_negative_values([0, -1, -one, -2 * one, INT32_MIN])
    assert out.tolist() == [
        INT32_MAX,
        *(integers.exp_negative(v, 5) for v in (-1, -one, -2 * one, INT32_MIN)),
    ]
    assert gemmlowp.exp_on_negative_values([-(33 << 19), -(32 << 19)], 12).tolist()[0] == 0


UNIT = [0, 1, 2, 3, 2**29, 2**30 - 1, 2**30, 2**30 + 1, INT32_MAX - 1, INT32_MAX]


@pytest.mark.parametrize(
    "function, expected",
    [
        (gemmlowp.one_over_one_plus_x_for_x_in_0_1, integers.one_over_one_plus),
        (
            gemmlowp.one_minus_x_over_one_plus_x_for_x_in_0_1,
            lambda a: integers.saturating_double(integers.two_over_one_plus(a) - 2**29, 2),
        ),
    ],
)
def test_quotients_equal_python_integers(function, expected):
    values = UNIT + np.random.default_rng(1).integers(0, 2**31, 2000).tolist()
    assert function(values).tolist() == [expected(v) for v in values]


def test_one_over_one_plus_x_at_the_ends():
    # 1/2 comes out four units low: three Newton steps end there.
    ends = gemmlowp.one_over_one_plus_x_for_x_in_0_1([0, INT32_MAX])
    assert ends.tolist() == [INT32_MAX, 2**30 - 4]


@pytest.mark.parametrize("integer_bits", [0, 3, 4, 5, 9])
@pytest.mark.parametrize("name", ["logistic", "tanh"])
def test_sigmoids_equal_python_integers(name, integer_bits):
    negative = negative_values(integer_bits, 7)
    values = negative + [-v for v in negative if v > INT32_MIN]
    expected = [getattr(integers, name)(v, integer_bits) for v in values]
    assert getattr(gemmlowp, name)(values, integer_bits).tolist() == expected


@pytest.mark.parametrize(
    "name, real_function", [("logistic", lambda v: 1 / (1 + math.exp(-v))), ("tanh", math.tanh)]
)
def test_sigmoids_are_close_to_the_real_functions(name, real_function):
    values = np.linspace(INT32_MIN, INT32_MAX, 999).astype(np.int64)
    out = getattr(gemmlowp, name)(values, 4)
    for value, raw in zip(values.tolist(), out.tolist(), strict=True):
        assert abs(real(raw) - real_function(real(value, 4))) < 1e-6


def test_sigmoids_at_zero_and_the_lowest_value():
    assert gemmlowp.logistic([0], 4).tolist() == [2**30]
    assert gemmlowp.tanh([0], 4).tolist() == [0]
    lowest = gemmlowp.tanh([INT32_MIN, -INT32_MAX, INT32_MAX], 4).tolist()
    assert lowest[0] == lowest[1] == -lowest[2]


def test_reciprocal_equals_python_integers():
    powers = [2**k + d for k in range(1, 32) for d in (-1, 0, 1)]
    values = powers + np.random.default_rng(2).integers(1, 2**32, 1000).tolist()
    scale, bits = gemmlowp.reciprocal(values, 12)
    expected = [integers.reciprocal(v, 12) for v in values]
    assert list(zip(scale.tolist(), bits.tolist(), strict=True)) == expected


def test_reciprocal_is_close_to_the_real_function():
    values = [1, 3, 2**19, 3 * 2**19, 5 * 2**27, 2**32 - 1]
    scale, bits = gemmlowp.reciprocal(values, 12)
    for value, raw, shift in zip(values, scale.tolist(), bits.tolist(), strict=True):
        assert real(raw) * 2.0**-shift == pytest.approx(1 / real(value, 12), rel=1e-8)


def test_shapes_broadcast_like_the_argument():
    assert gemmlowp.logistic(np.zeros((2, 3), np.int64), 4).shape == (2, 3)
    assert gemmlowp.reciprocal(np.ones((4, 1), np.int64), 12)[1].shape == (4, 1)
