"""NEG: raw values of every dtype, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.nodes import refused, run
from tests.ops.tables import unary


@pytest.mark.parametrize("dtype", ["INT8", "INT16", "INT32", "INT64"])
def test_literal(dtype):
    low = np.iinfo(dtype.lower()).min
    x = np.array([low, -1, 0, 5], dtype.lower())
    assert run(unary("NEG", dtype), x).tolist() == [low, 1, 0, -5]


def test_scales_and_zero_points_are_not_looked_at():
    x = np.array([1, 2, 3, 4], np.int8)
    node = unary("NEG", scales=(0.1, 7.0), zero_points=(100, -3))
    assert run(node, x).tolist() == [-1, -2, -3, -4]


def test_refuses_versions_and_dtypes():
    assert refused(unary("NEG", version=2)) == "version"
    assert refused(unary("NEG", "UINT8")) == "dtype"
