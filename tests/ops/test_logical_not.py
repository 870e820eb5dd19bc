"""LOGICAL_NOT: both values, and every refusal."""

from __future__ import annotations

import numpy as np

from tests.ops.nodes import refused, run
from tests.ops.tables import unary


def test_literal():
    x = np.array([True, False, False, True])
    assert run(unary("LOGICAL_NOT", "BOOL", (None, None)), x).tolist() == [False, True, True, False]


def test_refuses_versions_and_dtypes():
    assert refused(unary("LOGICAL_NOT", "BOOL", (None, None), version=2)) == "version"
    assert refused(unary("LOGICAL_NOT", "INT8")) == "dtype"
