"""Rescaling in float32: how the factor is made, rounding, clamping, values beyond int32."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.numerics.rescale import Float32Rescale
from refint8.numerics.rules import Rules
from tests.ops.python_integers import float32


def test_the_factor_goes_through_the_reciprocal():
    rescale = Float32Rescale.between((0.1797773391008377, 22), (0.3595546782016754, 20), Rules())
    reciprocal = float32(1 / float32(0.3595546782016754))
    assert float(rescale.scale) == float32(float32(0.1797773391008377) * reciprocal) != 0.5
    assert float(rescale.bias) == float32(-22 * float(rescale.scale))


def test_ties_go_away_from_zero_and_values_are_clamped():
    rescale = Float32Rescale(np.float32(0.5), np.float32(-2), 100)
    assert rescale(np.array([1, 3, 5, 7])).tolist() == [98, 99, 101, 102]
    rescale = Float32Rescale(np.float32(100), np.float32(-5000), 100)
    assert rescale(np.array([0, 50, 255])).tolist() == [0, 100, 255]


@pytest.mark.parametrize("rule, high, low", [("saturate", 255, 0), ("x86", 0, 0)])
def test_beyond_int32_by_rule(rule, high, low):
    rescale = Float32Rescale(np.float32(1e9), np.float32(-1e11), 7, rule)
    assert rescale(np.array([255, 0, 100])).tolist() == [high, low, 7]
