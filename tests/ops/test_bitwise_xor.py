"""BITWISE_XOR: literal examples, Python integers, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.ops._op import prepare
from tests.ops.integer_pairs import assert_pairs, pair
from tests.ops.nodes import refused, run


def test_literal():
    x1, x2 = np.array([5, -1, 0, 127], np.int8), np.array([3, 1, -128, 127], np.int8)
    assert run(pair("BITWISE_XOR", "INT8"), x1, x2).tolist() == [6, -2, -128, 0]


@pytest.mark.parametrize("dtype", ["UINT8", "INT8", "UINT16", "INT16", "UINT32", "INT32"])
def test_equals_python_integers(dtype):
    assert_pairs("BITWISE_XOR", dtype, lambda a, b: a ^ b)


def test_refuses_shapes_C1():
    assert (
        refused(
            pair(
                "BITWISE_XOR",
                "INT8",
                ((3,), (4,)),
            )
        )
        == "C1"
    )


def test_refuses_versions_and_dtypes():
    prepare(pair("BITWISE_XOR", "INT8", version=1))
    assert refused(pair("BITWISE_XOR", "INT8", version=2)) == "version"
    assert refused(pair("BITWISE_XOR", "INT64")) == "dtype"
