"""LOG: the function rounded, what is not positive, int16 tables, and every refusal."""

from __future__ import annotations

import math

import numpy as np
import pytest

from refint8.ops._op import prepare
from tests.ops.nodes import refused, run
from tests.ops.tables import assert_rounded, unary


def log(*arguments, **changes):
    return unary("LOG", *arguments, **changes)


def test_literal():
    x = np.array([1, 10, 20, 127], np.int8)
    # ln of 0.1, 1, 2 and 12.7 in steps of 0.1.
    assert run(log(), x).tolist() == [-23, 0, 7, 25]


def test_what_is_not_positive_gives_the_lowest_value():
    x = np.array([0, -1, -128, 10], np.int8)
    assert run(log(), x).tolist() == [-128, -128, -128, 0]
    assert run(log(zero_points=(0, 20)), x).tolist() == [-128, -128, -128, 20]


@pytest.mark.parametrize("scales", [(0.02, 0.05), (0.5, 0.03), (0.001, 0.1)])
@pytest.mark.parametrize("zero_points", [(-128, 127), (-128, 0), (-128, -3)])
def test_the_table_is_the_rounded_function(scales, zero_points):
    low = (-128 - zero_points[1]) * scales[1]
    record = prepare(log("INT8", scales, zero_points))
    assert_rounded(record, lambda t: math.log(t) if t > 0 else low, "INT8", scales, zero_points)


def test_int16_is_close_to_the_real_function():
    scales = (1e-3, 1e-3)
    out = prepare(log("INT16", scales)).spec(np.arange(2000, 32768, 37).astype(np.int16))
    real = [math.log(v * 1e-3) * 1e3 for v in range(2000, 32768, 37)]
    assert abs(out - np.array(real)).max() < 3
    assert prepare(log("INT16", scales)).spec(np.array([-9000], np.int16)).tolist() == [-32768]


def test_refuses_asymmetric_int16_C1():
    assert refused(log("INT16", zero_points=(1, 0))) == "C1"


def test_refuses_versions_dtypes_and_missing_scales():
    prepare(log(version=2))
    assert refused(log(version=3)) == "version"
    assert refused(log("UINT8")) == "dtype"
    assert refused(log(scales=(None, 0.1))) == "scale"
