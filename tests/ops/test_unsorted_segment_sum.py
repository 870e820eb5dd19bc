"""UNSORTED_SEGMENT_SUM: rows in any order against Python integers, and every refusal."""

from __future__ import annotations

from operator import add

import numpy as np
import pytest

from refint8.errors import DomainError
from tests.ops.kernels import assert_alarm, assert_kernel_equals_spec
from tests.ops.nodes import constant, node, operand, refused, run
from tests.ops.windows_of_integers import narrow

FUNCTION, START = add, 0


def segments(shape, ids, count, dtype="INT32", index="INT32", **changes):
    inputs = [operand(dtype, shape), operand(index, ids), constant("INT32", count)]
    return node("UNSORTED_SEGMENT_SUM", inputs, operand(dtype, (1,)), **changes)


def test_a_segment_without_rows():
    x, ids = np.array([[5, 6]], np.int32), np.array([1], np.int32)
    out = run(segments((1, 2), (1,), 2), x, ids, None)
    assert out.tolist() == [[START, START], [5, 6]]


@pytest.mark.parametrize("ids_rank", [0, 1, 2])
def test_element_by_element_and_kernel(ids_rank):
    rng = np.random.default_rng(ids_rank)
    shape, count = (4, 5, 3), 3
    x = rng.integers(-(2**31), 2**31, shape).astype(np.int32)
    ids = np.asarray(rng.integers(-1, count, shape[:ids_rank]), np.int32)
    operator = segments(shape, ids.shape, [count])
    out = run(operator, x, ids, None)
    assert out.shape == (count, *shape[ids_rank:])
    for place in np.ndindex(*out.shape):
        value = START
        for row in np.ndindex(*shape[:ids_rank]):
            if ids[row] == place[0]:
                value = narrow(FUNCTION(value, int(x[(*row, *place[1:])])), 32, True)
        assert out[place] == value
    assert_kernel_equals_spec(operator, x, ids, None)


def test_reports_segments_beyond_the_count():
    arrays = np.zeros(2, np.int32), np.array([0, 2], np.int32), None
    with pytest.raises(DomainError, match="segment 2 is not among 2"):
        run(segments((2,), (2,), 2), *arrays)
    assert_alarm(segments((2,), (2,), 2), *arrays)


def test_refuses_ids_of_other_shapes_C1():
    assert refused(segments((3, 2), (2,), 4)) == "C1"
    assert refused(segments((3,), (3, 1), 4)) == "C1"


def test_refuses_counts_that_are_no_number_C2():
    assert refused(segments((3,), (3,), -1)) == "C2"
    assert refused(segments((3,), (3,), [1, 2])) == "C2"


def test_refuses_versions_and_dtypes():
    assert refused(segments((3,), (3,), 4, version=2)) == "version"
    assert refused(segments((3,), (3,), 4, "INT8")) == "dtype"
    assert refused(segments((3,), (3,), 4, index="INT64")) == "dtype"
