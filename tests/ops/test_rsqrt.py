"""RSQRT: Python integers, int16 by rule, negative values, and every refusal."""

from __future__ import annotations

import math

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.gemmlowp_integers import inverse_root
from tests.ops.nodes import refused, run
from tests.ops.python_integers import (
    clamp,
    double_rounding,
    float32,
    quantize_multiplier,
)
from tests.ops.tables import unary


def rsqrt(*arguments, **changes):
    return unary("RSQRT", *arguments, **changes)


def test_literal():
    x = np.array([0, 1, 4, 100], np.int8)
    # 0 gives the highest value; 1, 1/2 and 1/10 in steps of 1/100.
    assert run(rsqrt(scales=(1.0, 0.01)), x).tolist() == [127, 100, 50, 10]


def integers(value, z, real, high):
    d = value - z[0]
    if d == 0:
        return high
    multiplier, shift = inverse_root(d) if d > 1 else (2**31 - 1, 0)
    root = double_rounding(1, multiplier, shift + 20)
    multiplier, shift = quantize_multiplier(real)
    return clamp(double_rounding(root, multiplier, shift - 20) + z[1], -high - 1, high)


@pytest.mark.parametrize("scales", [(0.05, 0.03), (0.7, 0.003), (0.0123, 0.9)])
@pytest.mark.parametrize("z", [(-128, -128), (-50, 20)])
def test_int8_equals_python_integers(scales, z):
    x = np.arange(z[0], 128).astype(np.int8)
    product = float32(float32(math.sqrt(float32(scales[0]))) * float32(scales[1]))
    out = prepare(rsqrt("INT8", scales, z)).spec(x)
    assert out.tolist() == [integers(v, z, 1 / product, 127) for v in x.tolist()]


@pytest.mark.parametrize(
    "scales, d, single, double",
    [
        ((0.6214730739593506, 0.001252304413355887), 131, 89, 88),
        ((0.8047348856925964, 0.005151896737515926), 8, 77, 76),
        ((0.45895883440971375, 0.006912278011441231), 8, 76, 75),
        ((0.2684839367866516, 0.007559002842754126), 7, 96, 97),
    ],
)
def test_the_precision_of_the_multiplier_is_a_rule(scales, d, single, double):
    """Scales and inputs next to a tie, which the one root's or product's last bit decides."""
    root = math.sqrt(float32(scales[0]))
    products = float32(float32(root) * float32(scales[1])), root * float32(scales[1])
    z = (-128, 0)
    x = np.array([d - 128], np.int8)
    for rules, product, right in zip(("tflite", "tflm"), products, (single, double), strict=True):
        assert integers(int(x[0]), z, 1 / product, 127) == right
        assert run(rsqrt("INT8", scales, z, (1,), rules=rules), x).item() == right


@pytest.mark.parametrize("scales", [(1e-3, 1e-3), (3e-5, 0.01)])
def test_int16_in_integers_by_rule(scales):
    x = np.arange(0, 32768, 7).astype(np.int16)
    product = math.sqrt(float32(scales[0])) * float32(scales[1])
    out = prepare(rsqrt("INT16", scales, rules="tflm")).spec(x)
    assert out.tolist() == [integers(v, (0, 0), 1 / product, 32767) for v in x.tolist()]


def test_int16_by_a_table():
    scales = (1e-3, 1e-3)
    record = prepare(rsqrt("INT16", scales))
    x = np.arange(2000, 32768, 37).astype(np.int16)
    real = np.array([1 / math.sqrt(v * 1e-3) * 1e3 for v in x.tolist()])
    assert abs(record.spec(x) - real).max() < 3
    # At 0 the highest value, less half of what interpolation misses in the first interval.
    assert record.spec(np.array([0], np.int16)).tolist() == [25860]


def test_negative_values_are_reported():
    for dtype, z in (("INT8", 3), ("INT16", 0)):
        with pytest.raises(DomainError, match="of 2 negative values"):
            x = np.array([z, z - 1, z - 100, z + 1], dtype.lower())
            run(rsqrt(dtype, zero_points=(z, 0)), x)


def test_refuses_asymmetric_int16_C1():
    assert refused(rsqrt("INT16", zero_points=(1, 0))) == "C1"


def test_refuses_versions_dtypes_and_missing_scales():
    prepare(rsqrt(version=3))
    assert refused(rsqrt(version=4)) == "version"
    assert refused(rsqrt("UINT8")) == "dtype"
    assert refused(rsqrt(scales=(None, 0.1))) == "scale"
