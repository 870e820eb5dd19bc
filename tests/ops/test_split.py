"""SPLIT: the definition element by element, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.nodes import constant, node, operand, refused, run_all


def split(shape, axis, parts, outputs=None, dtype="INT8", **changes):
    outs = [operand(dtype, (1,)) for _ in range(parts if outputs is None else outputs)]
    inputs = [constant("INT32", axis), operand(dtype, shape)]
    return node("SPLIT", inputs, outs, num_splits=parts, **changes)


def test_literal():
    x = np.array([[1, 2, 3, 4], [5, 6, 7, 8]], np.int8)
    left, right = run_all(split((2, 4), 1, 2), None, x)
    assert (left.tolist(), right.tolist()) == ([[1, 2], [5, 6]], [[3, 4], [7, 8]])
    above, below = run_all(split((2, 4), [-2], 2), None, x)
    assert (above.tolist(), below.tolist()) == ([[1, 2, 3, 4]], [[5, 6, 7, 8]])


@pytest.mark.parametrize("axis", range(-6, 6))
def test_every_axis_of_rank_6_element_by_element(axis):
    x = np.arange(2**6, dtype=np.int8).reshape((2,) * 6)
    for part, out in enumerate(run_all(split(x.shape, axis, 2), None, x)):
        for index in np.ndindex(*out.shape):
            source = list(index)
            source[axis] += part
            assert out[index] == x[tuple(source)]


def test_one_part_and_empty_parts():
    (same,) = run_all(split((3,), 0, 1), None, np.array([1, 2, 3], np.int8))
    assert same.tolist() == [1, 2, 3]
    parts = run_all(split((2, 0), 1, 3), None, np.zeros((2, 0), np.int8))
    assert [part.shape for part in parts] == [(2, 0)] * 3


@pytest.mark.parametrize("dtype", ["FLOAT32", "UINT8", "INT16", "INT32", "INT64"])
def test_moves_every_dtype(dtype):
    x = operand(dtype, (2,), data=[0, 1]).value
    assert [part.tolist() for part in run_all(split((2,), 0, 2, dtype=dtype), None, x)] == [
        [0],
        [1],
    ]


def test_refuses_axes_outside_C1():
    assert refused(split((2, 4), 2, 2)) == "C1"
    assert refused(split((2, 4), -3, 2)) == "C1"
    assert refused(split((2, 4), [0, 1], 2)) == "C1"
    assert refused(split((), 0, 1)) == "C1"


def test_refuses_uneven_parts_and_other_counts_C2():
    assert refused(split((2, 4), 1, 3)) == "C2"
    assert refused(split((2, 4), 1, 2, outputs=4)) == "C2"
    assert refused(split((2, 4), 1, 0, outputs=1)) == "C2"


def test_refuses_versions_and_dtypes():
    assert refused(split((2,), 0, 2, version=6)) == "version"
    assert refused(split((2,), 0, 2, dtype="BOOL")) == "dtype"
    assert refused(split((2,), 0, 2, outputs=0)) == "dtype"
