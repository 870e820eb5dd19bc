"""WHERE: places in order, shapes that only a run knows, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.engine.session import Session
from refint8.model.build import ModelBuilder
from tests.ops.nodes import node, operand, refused, run


def where(x, dtype=None, out="INT64", **changes):
    x = np.asarray(x)
    name = dtype or {"bool": "BOOL"}.get(x.dtype.name, x.dtype.name.upper())
    return node("WHERE", [operand(name, x.shape, data=x)], operand(out, (1, 1)), **changes)


def test_literal():
    x = np.array([[True, False], [False, True]])
    assert run(where(x), x).tolist() == [[0, 0], [1, 1]]
    x = np.array([0, -1, 0, 5], np.int8)
    assert run(where(x), x).tolist() == [[1], [3]]
    x = np.array([0.0, -0.0, np.nan], np.float32)
    assert run(where(x), x).tolist() == [[2]]
    assert run(where(np.zeros((2, 3), bool)), np.zeros((2, 3), bool)).shape == (0, 2)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.int32, np.uint32, np.int64])
def test_every_place_in_order(dtype):
    x = np.random.default_rng(0).integers(0, 3, (3, 4, 5)).astype(dtype)
    places = [list(place) for place in np.ndindex(*x.shape) if x[place] != 0]
    assert run(where(x), x).tolist() == places


def test_a_shape_that_only_a_run_knows():
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (4,), scale=0.5)
    places, chosen = b.tensor("places", "INT64", (1, 1)), b.tensor("y", "INT8", (1,), scale=0.5)
    b.operator("WHERE", [x], [places])
    b.operator("GATHER_ND", [x, places], [chosen])
    session = Session(b.model([x], [chosen]))
    for given in ([0, 7, 0, -3], [1, 2, 3, 4], [0, 0, 0, 0]):
        out = session.run({x: np.array(given, np.int8)})
        assert out[chosen].tolist() == [value for value in given if value]


def test_refuses_scalars_C1():
    assert refused(where(np.array(True))) == "C1"


def test_refuses_versions_and_dtypes():
    assert refused(where(np.zeros(2, bool), version=3)) == "version"
    assert refused(where(np.zeros(2, np.int16))) == "dtype"
    assert refused(where(np.zeros(2, bool), out="INT32")) == "dtype"
