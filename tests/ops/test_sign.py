"""SIGN: extremes, and every refusal."""

from __future__ import annotations

import numpy as np

from refint8.ops._op import prepare
from tests.ops.nodes import refused, run
from tests.ops.tables import unary


def test_literal():
    x = np.array([-(2**31), -1, 0, 2**31 - 1], np.int32)
    assert run(unary("SIGN", "INT32", (None, None)), x).tolist() == [-1, -1, 0, 1]


def test_refuses_versions_and_dtypes():
    prepare(unary("SIGN", "INT32", (None, None), version=2))
    assert refused(unary("SIGN", "INT32", (None, None), version=3)) == "version"
    assert refused(unary("SIGN", "INT8")) == "dtype"
