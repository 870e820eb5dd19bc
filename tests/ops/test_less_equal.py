"""LESS_EQUAL: both sides in Python integers, raw integers, scales of 1 and more, every refusal."""

from __future__ import annotations

import operator

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.comparisons import PAIRS, comparison, expected, grid
from tests.ops.nodes import refused, run


def compare(*arguments, **changes):
    return comparison("LESS_EQUAL", *arguments, **changes)


def test_literal():
    x1, x2 = np.array([-3, 2, 4, 5], np.int8), np.array([-6, 5, 8, 10], np.int8)
    # By 1 and 1/2: -3, 2, 4, 5 against -3, 2.5, 4, 5.
    halves = compare(scales=(0.5, 0.25))
    assert run(halves, x1, x2).tolist() == [True, True, True, True]


@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16"])
@pytest.mark.parametrize(
    "scales, zero_points", [*PAIRS, ((1.0, 2.5), (0, 1)), ((300.0, 7.3), (2, 9))]
)
def test_scaled_equals_python_integers(dtype, scales, zero_points):
    x1, x2 = grid(dtype)
    node = compare(dtype, scales, zero_points, (x1.shape, x2.shape))
    out = run(node, x1, x2)
    assert out.tolist() == expected(operator.le, x1, x2, scales, zero_points)


def test_a_tiny_scale_makes_neighbours_equal():
    x = np.array([0, 1, 2, 3], np.int8)
    node = compare(scales=(2.0**-12, 2.0**-12), shapes=((4,), ()))
    # 256 * 2^-12 is 1/16 of a step of the common scale.
    assert run(node, x, np.int8(0)).tolist() == [True, True, True, True]


@pytest.mark.parametrize("dtype", ["INT32", "INT64", "INT16"])
def test_raw_integers(dtype):
    low, high = (
        (0, 1) if dtype == "BOOL" else (np.iinfo(dtype.lower()).min, np.iinfo(dtype.lower()).max)
    )
    x1 = np.array([low, low, high, high], dtype.lower())
    x2 = np.array([low, high, low, high], dtype.lower())
    node = compare(dtype, (None, None))
    assert run(node, x1, x2).tolist() == [True, True, False, True]


def test_int16_with_scales_by_rule():
    x1, x2 = np.array([1, 2, 3, 4], np.int16), np.array([4, 4, 4, 4], np.int16)
    scales = (0.25, 0.125)
    # By scales 2, 4, 6, 8 against 4; raw 1, 2, 3, 4 against 4.
    assert run(compare("INT16", scales), x1, x2).tolist() == [True, True, False, False]
    raw = compare("INT16", scales, rules="litert-ref")
    assert run(raw, x1, x2).tolist() == [True, True, True, True]
    with pytest.raises(DomainError, match="nothing has set"):
        prepare(compare("INT16", scales, rules="tflm"))


def test_reproduces_the_shift_by_a_negative_count():
    # From a scale of 1 on a side becomes its sign: 1 from the zero point up, else -1.
    x1, x2 = np.array([-9, -1, 0, 9], np.int8), np.array([-8, 0, 0, 100], np.int8)
    node = compare(scales=(2.0, 4.0), rules="litert-ref")
    assert run(node, x1, x2).tolist() == [True, True, True, True]
    with pytest.raises(DomainError, match="a scale is 1"):
        prepare(compare(scales=(1.0, 0.5), rules="litert-ref"))


def test_refuses_shapes_C1():
    assert refused(compare(shapes=((3,), (4,)))) == "C1"


def test_refuses_zero_points_C2():
    assert refused(compare(zero_points=(128, 0))) == "C2"
    assert refused(compare("UINT8", zero_points=(0, -1))) == "C2"


def test_refuses_versions_dtypes_and_missing_scales():
    prepare(compare(version=2))
    assert refused(compare(version=3)) == "version"
    assert refused(compare("FLOAT32")) == "dtype"
    assert refused(compare(scales=(None, 0.5))) == "scale"
