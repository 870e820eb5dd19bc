"""RIGHT_SHIFT: literal examples, Python integers, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.model.types import NUMPY_DTYPE
from refint8.ops._op import prepare
from tests.ops.integer_pairs import assert_pairs, pair
from tests.ops.nodes import refused, run


def test_literal():
    x1, x2 = np.array([-7, 100, -1, 100], np.int8), np.array([1, 2, 100, -3], np.int8)
    assert run(pair("RIGHT_SHIFT", "INT8"), x1, x2).tolist() == [-4, 25, -1, 100]


@pytest.mark.parametrize("dtype", ["UINT8", "INT8", "UINT16", "INT16", "UINT32", "INT32"])
def test_equals_python_integers(dtype):
    bits = 8 * NUMPY_DTYPE[dtype].itemsize
    assert_pairs("RIGHT_SHIFT", dtype, lambda a, b: a >> max(0, min(b, bits - 1)))


def test_refuses_shapes_C1():
    assert (
        refused(
            pair(
                "RIGHT_SHIFT",
                "INT8",
                ((3,), (4,)),
            )
        )
        == "C1"
    )


def test_refuses_versions_and_dtypes():
    prepare(pair("RIGHT_SHIFT", "INT8", version=1))
    assert refused(pair("RIGHT_SHIFT", "INT8", version=2)) == "version"
    assert refused(pair("RIGHT_SHIFT", "INT64")) == "dtype"
