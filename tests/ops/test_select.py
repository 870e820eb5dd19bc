"""SELECT: conditions of every rank, the kernel, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import node, operand, refused, run


def select(condition, x, y, dtype="INT8", out=(1,), **changes):
    inputs = [operand("BOOL", condition), operand(dtype, x), operand(dtype, y)]
    return node("SELECT", inputs, operand(dtype, out), **changes)


def values(dtype, shape, seed):
    return operand(dtype, shape, data=np.random.default_rng(seed).integers(0, 100, shape)).value


def test_literal():
    x, y = np.array([[1, 2], [3, 4]], np.int8), np.array([[5, 6], [7, 8]], np.int8)
    whole = np.array([[True, False], [False, True]])
    assert run(select((2, 2), (2, 2), (2, 2)), whole, x, y).tolist() == [[1, 6], [7, 4]]
    rows = np.array([False, True])
    assert run(select((2,), (2, 2), (2, 2)), rows, x, y).tolist() == [[5, 6], [3, 4]]
    assert run(select((), (2, 2), (2, 2)), np.array(True), x, y).tolist() == x.tolist()


@pytest.mark.parametrize("dtype", ["INT8", "INT16", "INT32", "INT64", "BOOL", "FLOAT32"])
@pytest.mark.parametrize("rank", [0, 1, 3])
def test_element_by_element_and_kernel(dtype, rank):
    shape = (3, 5, 2)
    condition = np.random.default_rng(rank).integers(0, 2, shape[:rank]).astype(bool)
    x, y = values(dtype, shape, 1), values(dtype, shape, 2)
    operator = select(condition.shape, shape, shape, dtype)
    out = run(operator, condition, x, y)
    for index in np.ndindex(*shape):
        assert out[index] == (x if condition[index[:rank]] else y)[index]
    assert_kernel_equals_spec(operator, condition, x, y)


def test_single_elements_keep_the_declared_shape():
    operator = select((1,), (), (1, 1), out=(1, 1, 1))
    out = run(operator, np.array([True]), np.array(5, np.int8), np.array([[6]], np.int8))
    assert out.tolist() == [[[5]]]


def test_refuses_values_of_other_shapes_C1():
    assert refused(select((2,), (2,), (3,))) == "C1"
    assert refused(select((2, 2), (2, 2), (2,))) == "C1"


def test_refuses_conditions_of_other_shapes_C2():
    assert refused(select((3,), (2, 3), (2, 3))) == "C2"
    assert refused(select((2, 1), (2, 3), (2, 3))) == "C2"


def test_refuses_versions_and_dtypes():
    assert refused(select((2,), (2,), (2,), version=5)) == "version"
    assert refused(select((2,), (2,), (2,), "INT4")) == "dtype"
