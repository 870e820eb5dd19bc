"""TRANSPOSE: the definition element by element, special shapes, and every refusal."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from tests.ops.nodes import constant, node, operand, refused, run


def transpose(shape, perm, dtype="INT8", **changes):
    inputs = [operand(dtype, shape), constant("INT32", perm)]
    return node("TRANSPOSE", inputs, operand(dtype, (1,)), **changes)


def test_literal():
    x = np.array([[1, 2, 3], [4, 5, 6]], np.int8)
    assert run(transpose((2, 3), [1, 0]), x, None).tolist() == [[1, 4], [2, 5], [3, 6]]
    assert run(transpose((2, 3), [-1, -2]), x, None).tolist() == [[1, 4], [2, 5], [3, 6]]


@pytest.mark.parametrize("perm", list(permutations(range(4))))
def test_every_permutation_of_four_axes(perm):
    x = np.arange(2 * 3 * 4 * 5, dtype=np.int16).reshape(2, 3, 4, 5)
    out = run(transpose(x.shape, perm, "INT16"), x, None)
    for index in np.ndindex(*x.shape):
        assert out[tuple(index[axis] for axis in perm)] == x[index]


def test_rank_6_and_8():
    x = np.arange(64, dtype=np.int8).reshape(2, 2, 2, 2, 2, 2)
    out = run(transpose(x.shape, [5, 3, 1, 0, 2, 4]), x, None)
    for index in np.ndindex(*x.shape):
        assert out[tuple(index[axis] for axis in (5, 3, 1, 0, 2, 4))] == x[index]
    assert run(transpose((1,) * 8, range(8)), np.ones((1,) * 8, np.int8), None).shape == (1,) * 8


def test_empty():
    assert run(transpose((2, 0, 3), [2, 0, 1]), np.zeros((2, 0, 3), np.int8), None).size == 0


@pytest.mark.parametrize("dtype", ["FLOAT32", "INT64", "BOOL", "INT4", "UINT16", "COMPLEX64"])
def test_moves_every_dtype(dtype):
    x = operand(dtype, (1, 2), data=[0, 1]).value
    assert run(transpose((1, 2), [1, 0], dtype), x, None).tolist() == [[0], [1]]


def test_refuses_rank_0_and_ranks_above_8_C1():
    assert refused(transpose((), np.zeros(0))) == "C1"
    assert refused(transpose((1,) * 9, range(9))) == "C1"


def test_refuses_what_is_no_permutation_C2():
    assert refused(transpose((2, 3), [0, 0])) == "C2"
    assert refused(transpose((2, 3), [1, -1])) == "C2"
    assert refused(transpose((2, 3), [0, 2])) == "C2"
    assert refused(transpose((2, 3), [0, -3])) == "C2"
    assert refused(transpose((2, 3), [0])) == "C2"
    assert refused(transpose((2, 3), [0, 1, 2])) == "C2"
    assert refused(transpose((2, 3), [[0, 1]])) == "C2"


def test_refuses_versions_and_dtypes():
    assert refused(transpose((2, 3), [0, 1], version=10)) == "version"
    assert refused(transpose((2, 3), [0, 1], "INT2")) == "dtype"
    assert refused(transpose((2, 3), [0, 1], "COMPLEX128")) == "dtype"
