"""SEGMENT_SUM: rows added up in int32's low bits, and every refusal."""

from __future__ import annotations

import numpy as np

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import node, operand, refused, run
from tests.ops.windows_of_integers import narrow


def segment_sum(shape, ids, dtype="INT32", index="INT32", ids_shape=None, **changes):
    ids = np.array(ids, np.int32)
    given = operand(index, ids.shape if ids_shape is None else ids_shape, data=ids)
    return node("SEGMENT_SUM", [operand(dtype, shape), given], operand(dtype, (1,)), **changes)


def summed(x, ids):
    x = np.array(x, np.int32)
    out = run(segment_sum(x.shape, ids), x, np.array(ids, np.int32))
    assert_kernel_equals_spec(segment_sum(x.shape, ids), x, None)
    return out


def test_literal():
    assert summed([[1, 2], [3, 4], [5, 6]], [0, 0, 1]).tolist() == [[4, 6], [5, 6]]
    assert summed([2**31 - 1, 1, 7], [0, 0, 1]).tolist() == [-(2**31), 7]
    assert summed(np.zeros((0, 3)), []).shape == (0, 3)


def test_element_by_element():
    rng = np.random.default_rng(0)
    x = rng.integers(-(2**31), 2**31, (40, 3)).astype(np.int32)
    ids = np.cumsum(rng.integers(0, 2, 40))
    ids -= ids[0]
    out = summed(x, ids)
    for segment, column in np.ndindex(*out.shape):
        total = sum(int(x[row, column]) for row in range(40) if ids[row] == segment)
        assert out[segment, column] == narrow(total, 32, True)


def test_refuses_ids_of_other_shapes_C1():
    assert refused(segment_sum((3, 2), [0, 1])) == "C1"
    assert refused(segment_sum((), [0])) == "C1"
    assert refused(segment_sum((2, 2), [[0, 0], [1, 1]])) == "C1"


def test_refuses_ids_that_do_not_count_up_C2():
    assert refused(segment_sum((2,), [1, 1])) == "C2"
    assert refused(segment_sum((2,), [0, 2])) == "C2"
    assert refused(segment_sum((2,), [0, -1])) == "C2"
    assert refused(segment_sum((1,), [-1])) == "C2"


def test_refuses_versions_and_dtypes():
    assert refused(segment_sum((1,), [0], version=2)) == "version"
    assert refused(segment_sum((1,), [0], "INT8")) == "dtype"
    assert refused(segment_sum((1,), [0], index="INT64")) == "dtype"
