"""SELECT_V2: broadcasting element by element, the kernel, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import node, operand, refused, run


def select(condition, x, y, dtype="INT8", out=(1,), **changes):
    inputs = [operand("BOOL", condition), operand(dtype, x), operand(dtype, y)]
    return node("SELECT_V2", inputs, operand(dtype, out), **changes)


def at(array, index):
    """The element of a smaller array that stands at this index of the broadcast."""
    behind = index[len(index) - array.ndim :]
    return array[tuple(0 if n == 1 else i for i, n in zip(behind, array.shape, strict=True))]


def test_literal():
    condition = np.array([[True], [False]])
    x, y = np.array([1, 2], np.int8), np.array(9, np.int8)
    assert run(select((2, 1), (2,), ()), condition, x, y).tolist() == [[1, 2], [9, 9]]


SHAPES = [
    ((2, 3), (2, 3), (2, 3)),
    ((2, 1, 3), (4, 1), (1, 1, 3)),
    ((), (2, 2), (2,)),
    ((5,), (), ()),
    ((3, 1), (1, 70), (3, 70)),
    ((2, 3, 1, 1), (2, 1, 5, 67), (3, 5, 67)),
    ((1, 1), (4, 9), ()),
    ((3, 2, 1), (3, 2, 8), (3, 2, 8)),
    ((0, 2), (2,), ()),
]


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16", "INT32", "INT64"])
def test_element_by_element_and_kernel(shapes, dtype):
    rng = np.random.default_rng(0)
    condition = np.asarray(rng.integers(0, 2, shapes[0]).astype(bool))
    x, y = (operand(dtype, s, data=rng.integers(0, 100, s)).value for s in shapes[1:])
    operator = select(*shapes, dtype)
    out = run(operator, condition, x, y)
    assert out.shape == np.broadcast_shapes(*shapes)
    for index in np.ndindex(*out.shape):
        assert out[index] == at(x if at(condition, index) else y, index)
    assert_kernel_equals_spec(operator, condition, x, y)


def test_single_elements_keep_the_declared_shape():
    operator = select((1,), (), (1, 1), out=())
    out = run(operator, np.array([False]), np.array(5, np.int8), np.array([[6]], np.int8))
    assert out.tolist() == 6


def test_refuses_what_does_not_broadcast_C1():
    assert refused(select((2,), (3,), (1,))) == "C1"
    assert refused(select((1,) * 9, (2,), (2,))) == "C1"


def test_refuses_versions_and_dtypes():
    assert refused(select((2,), (2,), (2,), version=3)) == "version"
    assert refused(select((2,), (2,), (2,), "INT4")) == "dtype"
