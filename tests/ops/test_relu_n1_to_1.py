"""RELU_N1_TO_1: rescaled, clamped to its interval, and every refusal."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from refint8.ops._op import prepare
from tests.ops.nodes import refused, run
from tests.ops.python_integers import clamp, float32, requantize_double, round_half_away
from tests.ops.tables import LIMITS, every, unary


def relu(*arguments, **changes):
    return unary("RELU_N1_TO_1", *arguments, **changes)


def test_literal():
    x = np.array([-128, -3, 3, 127], np.int8)
    assert run(relu(scales=(0.1, 0.1)), x).tolist() == [-10, -3, 3, 10]
    halves = relu(scales=(0.1, 0.05), zero_points=(0, 5))
    assert run(halves, x).tolist() == [-15, -1, 11, 25]


@pytest.mark.parametrize("dtype", ["INT8", "UINT8"])
@pytest.mark.parametrize("scales", [(0.05, 0.03), (0.0123, 0.987), (0.05, 1 / 20.5), (0.3, 0.004)])
def test_equals_python_integers(dtype, scales):
    low, high = LIMITS[dtype]
    z = (low + 50, low + 100)
    ratio = float32(float32(scales[0]) / float32(scales[1]))
    one = round_half_away(Fraction(float32(1 / float32(scales[1]))))
    limits = max(low, z[1] + -1 * one), min(high, z[1] + one)
    x = every(dtype)
    out = prepare(relu(dtype, scales, z)).spec(x)
    assert out.tolist() == [
        clamp(requantize_double(v - z[0], ratio) + z[1], *limits) for v in x.tolist()
    ]


def test_refuses_versions_dtypes_and_missing_scales():
    prepare(relu())
    assert refused(relu(version=2)) == "version"
    assert refused(relu("INT16")) == "dtype"
    assert refused(relu(scales=(None, 0.1))) == "scale"
