"""LOGICAL_AND: its truth table, broadcasting, and every refusal."""

from __future__ import annotations

import numpy as np

from refint8.ops._op import prepare
from tests.ops.integer_pairs import pair
from tests.ops.nodes import refused, run


def test_truth_table():
    x1, x2 = np.array([True, True, False, False]), np.array([True, False, True, False])
    assert run(pair("LOGICAL_AND", "BOOL"), x1, x2).tolist() == [True, False, False, False]
    out = run(pair("LOGICAL_AND", "BOOL", ((2, 1), (2,))), x1[1:3].reshape(2, 1), x2[:2])
    assert out.tolist() == [[True, False], [False, False]]


def test_refuses_shapes_C1():
    assert refused(pair("LOGICAL_AND", "BOOL", ((3,), (4,)))) == "C1"


def test_refuses_versions_and_dtypes():
    prepare(pair("LOGICAL_AND", "BOOL"))
    assert refused(pair("LOGICAL_AND", "BOOL", version=2)) == "version"
    assert refused(pair("LOGICAL_AND", "INT8")) == "dtype"
