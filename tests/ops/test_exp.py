"""EXP: the function rounded, int16 tables, overflow, and every refusal."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from refint8.ops._op import prepare
from tests.ops.nodes import refused, run
from tests.ops.python_integers import float32, round_half_away
from tests.ops.tables import assert_close, assert_rounded, unary


def exp(*arguments, **changes):
    return unary("EXP", *arguments, **changes)


def test_literal():
    x = np.array([-20, 0, 5, 10], np.int8)
    # e^-2, 1, e^0.5 and e of 0.1 each.
    assert run(exp(), x).tolist() == [1, 10, 16, 27]


@pytest.mark.parametrize("scales", [(0.02, 0.05), (0.05, 3.0), (0.001, 0.004), (0.5, 1.0)])
@pytest.mark.parametrize("zero_points", [(0, 0), (-100, -128), (50, 10)])
def test_the_table_is_the_rounded_function(scales, zero_points):
    record = prepare(exp("INT8", scales, zero_points))
    assert_rounded(record, math.exp, "INT8", scales, zero_points)


@pytest.mark.parametrize(
    "scales, q, right, in_double",
    [
        ((0.035773977637290955, 0.2657100260257721), 65, 39, 38),
        ((0.03464080020785332, 0.31167861819267273), 100, 103, 102),
        ((0.03486090525984764, 0.898541271686554), 92, 28, 27),
    ],
)
def test_entries_are_computed_in_float32(scales, q, right, in_double):
    x_scale, out_scale = (float32(scale) for scale in scales)
    y = float32(math.exp(float32(x_scale * q)))
    assert round_half_away(Fraction(float32(y * float32(1 / out_scale)))) == right
    assert round_half_away(Fraction(math.exp(x_scale * q) / out_scale)) == in_double
    assert run(exp(scales=scales, shape=(1,)), np.array([q], np.int8)).item() == right


def test_int16_is_close_to_the_real_function():
    scales = (1e-4, 1e-3)
    assert_close(prepare(exp("INT16", scales)), math.exp, scales, 8)


def test_what_leaves_int32_saturates():
    x = np.array([127, -128, 0, 1], np.int8)
    assert run(exp(scales=(1.0, 1e-3)), x).tolist() == [127, 0, 127, 127]


def test_refuses_asymmetric_int16_C1():
    assert refused(exp("INT16", zero_points=(1, 0))) == "C1"
    assert refused(exp("INT16", zero_points=(0, 1))) == "C1"


def test_refuses_versions_dtypes_and_missing_scales():
    prepare(exp(version=2))
    assert refused(exp(version=3)) == "version"
    assert refused(exp("FLOAT32")) == "dtype"
    assert refused(exp("UINT8")) == "dtype"
    assert refused(exp(scales=(None, 0.1))) == "scale"
