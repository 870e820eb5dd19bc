"""MAXIMUM: literal examples, broadcasting, all dtypes, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused, run


def extremum(dtype="INT8", shapes=((4,), (4,)), scales=(1.0, 1.0, 1.0), version=1):
    inputs = [operand(dtype, shape, scale) for shape, scale in zip(shapes, scales, strict=False)]
    return node("MAXIMUM", inputs, operand(dtype, (1,), scales[2]), version=version)


def test_literal():
    x1, x2 = np.array([3, -3, 127, 5], np.int8), np.array([2, -128, 4, 5], np.int8)
    assert run(extremum(), x1, x2).tolist() == [3, -3, 127, 5]


def test_scales_are_not_looked_at():
    x1, x2 = np.array([3, -3, 127, 5], np.int8), np.array([2, -128, 4, 5], np.int8)
    for scales in [(0.5, 100.0, 0.001), (None, None, None)]:
        assert run(extremum(scales=scales), x1, x2).tolist() == [3, -3, 127, 5]


@pytest.mark.parametrize("dtype", ["UINT8", "INT8", "INT16", "INT32", "INT64"])
@pytest.mark.parametrize(
    "shapes", [((5, 7), (5, 7)), ((2, 1, 7), (5, 1)), ((), (3,)), ((0, 2), (1, 2)), ((1,), (2, 3))]
)
def test_equals_python_integers(dtype, shapes):
    limits = np.iinfo(dtype.lower())
    rng = np.random.default_rng(len(shapes[0]))
    x1, x2 = (
        rng.integers(limits.min, limits.max, shape, dtype.lower(), endpoint=True)
        for shape in shapes
    )
    out = run(extremum(dtype, shapes), np.asarray(x1), np.asarray(x2))
    pairs = zip(*(a.reshape(-1).tolist() for a in np.broadcast_arrays(x1, x2)), strict=True)
    assert out.reshape(-1).tolist() == [max(pair) for pair in pairs]


def test_refuses_shapes_C1():
    assert refused(extremum(shapes=((3,), (4,)))) == "C1"


def test_refuses_versions_and_dtypes():
    prepare(extremum(version=4))
    assert refused(extremum(version=5)) == "version"
    assert refused(extremum("FLOAT32")) == "dtype"
    assert refused(extremum("UINT16")) == "dtype"
