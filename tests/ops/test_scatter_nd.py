"""SCATTER_ND: sums of slices, positions outside, the kernel, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from tests.ops.kernels import assert_alarm, assert_kernel_equals_spec, why_not_fast
from tests.ops.nodes import constant, node, operand, refused, run


def scatter_nd(positions, updates, shape, dtype="INT8", index="INT32", **changes):
    given = (
        operand(index, positions) if isinstance(positions, tuple) else constant(index, positions)
    )
    inputs = [given, operand(dtype, updates), constant(index, np.array(shape, np.int64))]
    return node("SCATTER_ND", inputs, operand(dtype, (1,) * len(shape)), **changes)


def scattered(positions, updates, shape, dtype="INT8"):
    positions = np.array(positions, np.int32)
    updates = operand(dtype, np.shape(updates), data=updates).value
    return run(scatter_nd(positions.shape, updates.shape, shape, dtype), positions, updates, None)


def test_literal():
    assert scattered([[1], [3]], [5, 6], (4,)).tolist() == [0, 5, 0, 6]
    assert scattered([[1]], [[5, 6]], (2, 2)).tolist() == [[0, 0], [5, 6]]
    assert scattered([[1, 0]], [7], (2, 2)).tolist() == [[0, 0], [7, 0]]


def test_what_meets_is_added_up_in_the_low_bits():
    assert scattered([[0], [0], [0]], [100, 100, -1], (1,)).tolist() == [-57]
    assert scattered([[0], [0]], [200, 100], (1,), "UINT8").tolist() == [44]
    assert scattered([[0], [0]], [2**31 - 1, 1], (1,), "INT32").tolist() == [-(2**31)]
    assert scattered([[0], [0], [1]], [True, True, False], (2,), "BOOL").tolist() == [True, False]


def test_floats_are_added_in_order():
    values = [2.0**24, 1.0, 1.0, -(2.0**24)]
    assert scattered([[0]] * 4, values, (1,), "FLOAT32").tolist() == [0.0]
    assert scattered([[0]] * 4, [*values[1:], values[0]], (1,), "FLOAT32").tolist() == [2.0]


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT32", "INT64", "BOOL", "FLOAT32"])
def test_element_by_element_and_kernel(depth, dtype):
    rng = np.random.default_rng(depth)
    shape = (2, 3, 4)
    positions = rng.integers(0, shape[:depth], (3, 2, depth)).astype(np.int32)
    updates = rng.integers(0, 2 if dtype == "BOOL" else 100, (3, 2, *shape[depth:]))
    expected = np.zeros(shape, object)
    for place in np.ndindex(3, 2):
        expected[tuple(positions[place])] += updates[place]
    updates = operand(dtype, updates.shape, data=updates).value
    operator = scatter_nd(positions.shape, updates.shape, shape, dtype)
    out = run(operator, positions, updates, None)
    wrapped = expected.astype(np.int64).astype(bool if dtype == "BOOL" else out.dtype)
    assert np.array_equal(out, wrapped)
    assert_kernel_equals_spec(operator, positions, updates, None)
    assert_kernel_equals_spec(scatter_nd(positions, updates.shape, shape, dtype), None, updates)


@pytest.mark.parametrize("bad", [[2, 0], [0, 3], [-1, 0], [0, -1]])
def test_reports_positions_outside(bad):
    with pytest.raises(DomainError, match=r"is outside a tensor of \(2, 3\)"):
        scattered([[0, 0], bad], [1, 2], (2, 3))
    operator = scatter_nd((2, 2), (2,), (2, 3))
    assert_alarm(operator, np.array([[0, 0], bad], np.int32), np.ones(2, np.int8), None)
    known = scatter_nd([bad], (1,), (2, 3))
    assert "outside" in why_not_fast(known, None, np.ones(1, np.int8), None)


def test_refuses_scalars_C1():
    assert refused(scatter_nd((), (1,), (4,))) == "C1"
    assert refused(scatter_nd((1,), (), (4,))) == "C1"
    assert refused(scatter_nd((1, 1), (1,), [[4]])) == "C1"


def test_refuses_updates_of_other_shapes_C2():
    assert refused(scatter_nd((2, 1), (3,), (4,))) == "C2"
    assert refused(scatter_nd((2, 1), (2, 3), (4, 4))) == "C2"
    assert refused(scatter_nd((2, 2), (2,), (4,))) == "C2"


def test_refuses_negative_sizes_C3():
    assert refused(scatter_nd((2, 1), (2,), (-1,))) == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(scatter_nd((1, 1), (1,), (4,), version=2)) == "version"
    assert refused(scatter_nd((1, 1), (1,), (4,), "INT16")) == "dtype"
    assert refused(scatter_nd((1, 1), (1,), (4,), index="INT64")) == "dtype"
