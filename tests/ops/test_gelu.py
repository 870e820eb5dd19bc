"""GELU: both functions rounded, int16 tables, and every refusal."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from refint8.ops._op import prepare
from tests.ops.nodes import refused, run
from tests.ops.python_integers import float32, round_half_away
from tests.ops.tables import LIMITS, assert_close, assert_rounded, every, unary


def gelu(*arguments, **changes):
    return unary("GELU", *arguments, **changes)


def by_error_function(t):
    return 0.5 * t * math.erfc(-t * math.sqrt(0.5))


def by_tanh(t):
    return 0.5 * t * (1 + math.tanh(math.sqrt(2 / math.pi) * (t + 0.044715 * t**3)))


FUNCTIONS = {False: by_error_function, True: by_tanh}


def test_literal():
    x = np.array([-20, -5, 10, 30], np.int8)
    # -2, -0.5, 1 and 3 give -0.0455, -0.154, 0.841 and 2.996; in steps of 0.01 and 0.1.
    assert run(gelu(scales=(0.1, 0.01)), x).tolist() == [-5, -15, 84, 127]
    assert run(gelu(), x).tolist() == [0, -2, 8, 30]


@pytest.mark.parametrize("approximate", [False, True])
@pytest.mark.parametrize("dtype", ["INT8", "UINT8"])
@pytest.mark.parametrize("scales", [(0.02, 0.02), (0.05, 0.03), (0.3, 0.11)])
def test_the_table_is_the_rounded_function(approximate, dtype, scales):
    low, _ = LIMITS[dtype]
    zero_points = (low + 130, low + 40)
    record = prepare(gelu(dtype, scales, zero_points, approximate=approximate))
    assert_rounded(record, FUNCTIONS[approximate], dtype, scales, zero_points)


@pytest.mark.parametrize(
    "scales, q, right, in_double",
    [
        ((0.027915198355913162, 0.020621882751584053), 39, 46, 45),
        ((0.009024213999509811, 0.0038138816598802805), 68, 118, 117),
        ((0.030747225508093834, 0.11361301690340042), 80, 22, 21),
    ],
)
def test_entries_are_computed_in_float32(scales, q, right, in_double):
    x_scale, out_scale = (float32(scale) for scale in scales)
    t = float32(x_scale * q)
    y = float32(float32(0.5 * t) * float32(math.erfc(float32(t * -float32(math.sqrt(0.5))))))
    assert round_half_away(Fraction(float32(y * float32(1 / out_scale)))) == right
    assert round_half_away(Fraction(by_error_function(x_scale * q) / out_scale)) == in_double
    assert run(gelu(scales=scales, shape=(1,)), np.array([q], np.int8)).item() == right


def test_the_approximations_cube_is_multiplied_from_left_to_right():
    scales, q = (0.033663276582956314, 0.0016267611645162106), -58
    t, factor, slope = float32(scales[0] * q), float32(0.044715), float32(math.sqrt(2 / math.pi))
    from_left = float32(float32(float32(factor * t) * t) * t)
    cube_first = float32(factor * float32(float32(t * t) * t))
    entries = []
    for cube in (from_left, cube_first):
        inner = float32(slope * float32(t + cube))
        y = float32(float32(0.5 * t) * float32(1 + float32(math.tanh(inner))))
        entries.append(round_half_away(Fraction(float32(y * float32(1 / float32(scales[1]))))))
    assert entries == [-30, -31]
    made = gelu(scales=scales, shape=(1,), approximate=True)
    assert run(made, np.array([q], np.int8)).item() == -30


def test_the_approximation_differs():
    exact, approximate = (
        prepare(gelu(scales=(0.02, 0.002), approximate=option)).spec(every("INT8"))
        for option in (False, True)
    )
    assert (exact != approximate).any()


@pytest.mark.parametrize("approximate", [False, True])
def test_int16_is_close_to_the_real_function(approximate):
    scales = (1e-4, 1e-4)
    record = prepare(gelu("INT16", scales, approximate=approximate))
    assert_close(record, FUNCTIONS[approximate], scales, 2)


@pytest.mark.parametrize(
    "scales, approximate, count",
    [
        ((0.000185147175216116, 0.00012064764450769871), False, 124),
        ((5.930725819780491e-05, 5.270455949357711e-05), True, 128),
    ],
)
def test_a_last_bit_of_glibc_shows_on_int16(scales, approximate, count):
    rounded, glibc = (
        prepare(gelu("INT16", scales, rules=rules, approximate=approximate)).spec(every("INT16"))
        for rules in ("tflite", "litert-ref")
    )
    assert (rounded != glibc).sum() == count
    assert abs(rounded.astype(int) - glibc).max() == 1


def test_refuses_asymmetric_int16_C1():
    assert refused(gelu("INT16", zero_points=(1, 0))) == "C1"


def test_refuses_versions_dtypes_and_missing_scales():
    prepare(gelu(version=3))
    assert refused(gelu(version=4)) == "version"
    assert refused(gelu("FLOAT32")) == "dtype"
    assert refused(gelu(scales=(None, 0.1))) == "scale"
