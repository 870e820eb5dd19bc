"""SLICE: literal boxes, the definition element by element, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.nodes import constant, node, operand, refused, run


def slicing(shape, begin, size, dtype="INT8", index_dtype="INT32", **changes):
    inputs = [
        operand(dtype, shape),
        constant(index_dtype, np.array(begin, np.int64)),
        constant(index_dtype, np.array(size, np.int64)),
    ]
    return node("SLICE", inputs, operand(dtype, (1,)), **changes)


@pytest.mark.parametrize(
    "begin, size, expected",
    [
        ((0, 0), (2, 3), [[1, 2, 3], [4, 5, 6]]),
        ((1, 1), (1, 2), [[5, 6]]),
        ((0, 1), (-1, -1), [[2, 3], [5, 6]]),
        ((1, 3), (1, -1), [[]]),
        ((2, 0), (0, 3), []),
    ],
)
@pytest.mark.parametrize("index_dtype", ["INT32", "INT64"])
def test_literal(begin, size, expected, index_dtype):
    x = np.array([[1, 2, 3], [4, 5, 6]], np.int8)
    out = run(slicing((2, 3), begin, size, index_dtype=index_dtype), x, None, None)
    assert out.tolist() == expected


def test_rank_6_element_by_element():
    shape, begin, size = (2, 3, 2, 3, 2, 2), (1, 0, 0, 1, 0, 1), (1, 2, 2, -1, 2, 1)
    x = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
    out = run(slicing(shape, begin, size, "INT16"), x, None, None)
    assert out.shape == (1, 2, 2, 2, 2, 1)
    for index in np.ndindex(*out.shape):
        assert out[index] == x[tuple(b + i for b, i in zip(begin, index, strict=True))]


def test_rank_0_is_copied():
    assert run(slicing((), [], []), np.int8(7).reshape(()), None, None).tolist() == 7


@pytest.mark.parametrize("dtype", ["FLOAT32", "INT64", "BOOL", "INT4", "UINT32", "FLOAT64"])
def test_moves_every_dtype(dtype):
    x = operand(dtype, (3,), data=[0, 1, 0]).value
    assert run(slicing((3,), [1], [-1], dtype), x, None, None).tolist() == [1, 0]


def test_refuses_vectors_that_do_not_fit_the_rank_C1():
    assert refused(slicing((2, 3), [0], [1])) == "C1"
    assert refused(slicing((2, 3), [0, 0], [1])) == "C1"
    assert refused(slicing((2,), [[0]], [[1]])) == "C1"


def test_refuses_boxes_that_leave_the_input_C2():
    assert refused(slicing((4,), [2], [3])) == "C2"
    assert refused(slicing((4,), [-1], [1])) == "C2"
    assert refused(slicing((4,), [-1], [-1])) == "C2"
    assert refused(slicing((4,), [0], [-2])) == "C2"
    assert refused(slicing((4,), [5], [-1])) == "C2"
    assert refused(slicing((4,), [5], [0])) == "C2"


def test_refuses_versions_and_dtypes():
    assert refused(slicing((4,), [0], [1], version=9)) == "version"
    assert refused(slicing((4,), [0], [1], index_dtype="INT16")) == "dtype"
    good = slicing((4,), [0], [1])
    mixed = [good.inputs[0], good.inputs[1], constant("INT64", [1])]
    assert refused(node("SLICE", mixed, good.outputs)) == "dtype"
