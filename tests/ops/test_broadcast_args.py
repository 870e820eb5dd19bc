"""BROADCAST_ARGS: shapes of shapes, what does not broadcast, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from tests.ops.kernels import assert_alarm, assert_kernel_equals_spec
from tests.ops.nodes import node, operand, refused, run


def broadcast_args(a, b, dtype="INT32", **changes):
    inputs = [operand(dtype, a), operand(dtype, b)]
    return node("BROADCAST_ARGS", inputs, operand(dtype, (1,)), **changes)


def args(a, b, dtype=np.int32):
    operator = broadcast_args((len(a),), (len(b),), np.dtype(dtype).name.upper())
    arrays = np.array(a, dtype), np.array(b, dtype)
    out = run(operator, *arrays).tolist()
    assert_kernel_equals_spec(operator, *arrays)
    return out


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_literal(dtype):
    assert args([2, 3], [3], dtype) == [2, 3]
    assert args([4, 1, 1], [2, 3], dtype) == [4, 2, 3]
    assert args([1, 5], [7, 1, 1], dtype) == [7, 1, 5]
    assert args([], [2], dtype) == [2]
    assert args([], [], dtype) == []
    assert args([0], [1], dtype) == [0]
    assert args([1], [0], dtype) == [0]


def test_reports_what_does_not_broadcast():
    for a, b in (([2], [3]), ([1, 2], [5, 0]), ([3, 1], [2, 2])):
        with pytest.raises(DomainError, match="do not broadcast"):
            args(a, b)
        operator = broadcast_args((len(a),), (len(b),))
        assert_alarm(operator, np.array(a, np.int32), np.array(b, np.int32))


def test_refuses_other_ranks_C1():
    assert refused(broadcast_args((), (2,))) == "C1"
    assert refused(broadcast_args((2,), (1, 2))) == "C1"


def test_refuses_versions_and_dtypes():
    assert refused(broadcast_args((2,), (2,), version=2)) == "version"
    assert refused(broadcast_args((2,), (2,), "INT16")) == "dtype"
