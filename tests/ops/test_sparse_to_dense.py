"""SPARSE_TO_DENSE: every form of positions, positions outside, the kernel, every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from tests.ops.kernels import assert_alarm, assert_kernel_equals_spec
from tests.ops.nodes import constant, node, operand, refused, run


def sparse(positions, shape, values=(), dtype="INT8", index="INT32", default=(), **changes):
    inputs = [
        operand(index, positions),
        constant(changes.pop("shape_dtype", "INT32"), np.array(shape, np.int64)),
        operand(dtype, values),
        operand(dtype, default),
    ]
    return node("SPARSE_TO_DENSE", inputs, operand(dtype, (1,)), **changes)


def dense(positions, shape, values, default=0):
    positions, values = np.array(positions, np.int32), np.array(values, np.int8)
    operator = sparse(positions.shape, shape, values.shape)
    arrays = positions, None, values, np.array(default, np.int8)
    assert_kernel_equals_spec(operator, *arrays)
    return run(operator, *arrays).tolist()


def test_literal():
    assert dense([[0, 1], [1, 0]], (2, 2), [5, 6], -1) == [[-1, 5], [6, -1]]
    assert dense([1, 3], (4,), [5, 6]) == [0, 5, 0, 6]
    assert dense([1, 3], (4,), 9) == [0, 9, 0, 9]
    assert dense(2, (4,), 7) == [0, 0, 7, 0]
    assert dense(2, (4,), [7]) == [0, 0, 7, 0]
    assert dense([[1], [1]], (2,), [5, 6]) == [0, 6]  # the later value stays
    assert dense(np.zeros((0, 2)), (1, 2), [], 3) == [[3, 3]]


@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT32", "INT64", "FLOAT32"])
@pytest.mark.parametrize("index", ["INT32", "INT64"])
def test_element_by_element_and_kernel(dtype, index):
    shape = (2, 3, 4, 5)
    rng = np.random.default_rng(0)
    positions = np.stack([rng.integers(0, n, 30) for n in shape], 1).astype(index.lower())
    values = operand(dtype, (30,), data=np.arange(30)).value
    operator = sparse(positions.shape, shape, (30,), dtype, index, (1,), shape_dtype="INT64")
    arrays = positions, None, values, operand(dtype, (1,), data=[99]).value
    expected = {
        tuple(place): value for place, value in zip(positions.tolist(), values, strict=True)
    }
    out = run(operator, *arrays)
    for place in np.ndindex(*shape):
        assert out[place] == expected.get(place, 99)
    assert_kernel_equals_spec(operator, *arrays)


@pytest.mark.parametrize("bad", [[2, 0], [0, 2], [-1, 0], [0, -1]])
def test_reports_positions_outside(bad):
    operator = sparse((1, 2), (2, 2), (1,))
    arrays = np.array([bad], np.int32), None, np.ones(1, np.int8), np.array(0, np.int8)
    with pytest.raises(DomainError, match="is outside a tensor"):
        run(operator, *arrays)
    assert_alarm(operator, *arrays)


def test_refuses_other_ranks_C1():
    assert refused(sparse((1, 1, 1), (4,))) == "C1"
    assert refused(sparse((1,), [[4]])) == "C1"
    assert refused(sparse((1,), (4,), (1, 1))) == "C1"
    assert refused(sparse((1,), (4,), default=(2,))) == "C1"


def test_refuses_other_numbers_of_values_C2():
    assert refused(sparse((3, 1), (4,), (2,))) == "C2"


def test_refuses_positions_of_other_lengths_C3():
    assert refused(sparse((3, 2), (4,), (3,))) == "C3"
    assert refused(sparse((3,), (4, 4), (3,))) == "C3"
    assert refused(sparse((3, 5), (1,) * 5, (3,))) == "C3"
    assert refused(sparse((3, 1), (-4,), (3,))) == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(sparse((1,), (4,), version=4)) == "version"
    assert refused(sparse((1,), (4,), dtype="INT16")) == "dtype"
    assert refused(sparse((1,), (4,), index="INT16")) == "dtype"
