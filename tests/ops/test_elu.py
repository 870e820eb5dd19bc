"""ELU: the function rounded, both ways to e^x - 1, and every refusal."""

from __future__ import annotations

import math

import numpy as np
import pytest

from refint8.ops._op import prepare
from tests.ops.nodes import refused, run
from tests.ops.tables import assert_rounded, unary


def elu(*arguments, **changes):
    return unary("ELU", *arguments, **changes)


def real(t):
    return t if t >= 0 else math.expm1(t)


def test_literal():
    x = np.array([-128, -10, 0, 50], np.int8)
    # e^-12.8 - 1, e^-1 - 1, 0 and 5 in steps of 0.01 and of 0.1.
    assert run(elu(scales=(0.1, 0.01)), x).tolist() == [-100, -63, 0, 127]
    assert run(elu(), x).tolist() == [-10, -6, 0, 50]


@pytest.mark.parametrize("rules", ["tflite", "tflm"])
@pytest.mark.parametrize("scales", [(0.02, 0.02), (0.05, 0.01), (0.3, 0.11)])
@pytest.mark.parametrize("zero_points", [(0, 0), (60, -20)])
def test_the_table_is_the_rounded_function(rules, scales, zero_points):
    record = prepare(elu("INT8", scales, zero_points, rules=rules))
    assert_rounded(record, real, "INT8", scales, zero_points)


def test_two_roundings_show_near_zero():
    # e^x - 1 in float32 is a multiple of 2^-24: 2^-26 below 1 is lost, expm1 keeps it.
    scales = (2.0**-26, 2.0**-27)
    x = np.array([-1, -2, -3, -4], np.int8)
    assert run(elu(scales=scales), x).tolist() == [-2, -4, -6, -8]
    assert run(elu(scales=scales, rules="tflm"), x).tolist() == [0, 0, -8, -8]


def test_refuses_versions_dtypes_and_missing_scales():
    prepare(elu())
    assert refused(elu(version=2)) == "version"
    assert refused(elu("INT16")) == "dtype"
    assert refused(elu(scales=(None, 0.1))) == "scale"
