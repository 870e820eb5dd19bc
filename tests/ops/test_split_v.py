"""SPLIT_V: literal parts, the definition element by element, and every refusal."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import pytest

from tests.ops.nodes import constant, node, operand, refused, run_all


def split_v(shape, sizes, axis, outputs=None, dtype="INT8", sizes_dtype="INT32", **changes):
    count = np.size(sizes) if outputs is None else outputs
    inputs = [operand(dtype, shape), constant(sizes_dtype, sizes), constant("INT32", axis)]
    options = {"num_splits": count, **changes}
    return node("SPLIT_V", inputs, [operand(dtype, (1,)) for _ in range(count)], **options)


@pytest.mark.parametrize(
    "sizes, expected",
    [
        ([1, 3], [[10], [11, 12, 13]]),
        ([4], [[10, 11, 12, 13]]),
        ([1, -1, 2], [[10], [11], [12, 13]]),
        ([2, 2, -1], [[10, 11], [12, 13], []]),
        ([0, 4, 0], [[], [10, 11, 12, 13], []]),
        ([-1], [[10, 11, 12, 13]]),
    ],
)
@pytest.mark.parametrize("sizes_dtype", ["INT32", "INT64"])
def test_literal(sizes, expected, sizes_dtype):
    x = np.array([10, 11, 12, 13], np.int8)
    parts = run_all(split_v((4,), sizes, [0], sizes_dtype=sizes_dtype), x, None, None)
    assert [part.tolist() for part in parts] == expected


@pytest.mark.parametrize("axis", range(-6, 6))
def test_every_axis_of_rank_6_element_by_element(axis):
    x = np.arange(3**6, dtype=np.int16).reshape((3,) * 6)
    parts = run_all(split_v(x.shape, [1, 0, 2], axis, dtype="INT16"), x, None, None)
    for start, out in zip(accumulate([0, 1, 0]), parts, strict=True):
        for index in np.ndindex(*out.shape):
            source = list(index)
            source[axis] += start
            assert out[index] == x[tuple(source)]


@pytest.mark.parametrize("dtype", ["FLOAT32", "UINT8", "INT16", "INT32", "INT64"])
def test_moves_every_dtype(dtype):
    x = operand(dtype, (2,), data=[0, 1]).value
    parts = run_all(split_v((2,), [1, 1], 0, dtype=dtype), x, None, None)
    assert [part.tolist() for part in parts] == [[0], [1]]


def test_refuses_axes_outside_C1():
    assert refused(split_v((4,), [2, 2], 1)) == "C1"
    assert refused(split_v((4,), [2, 2], -2)) == "C1"
    assert refused(split_v((4,), [2, 2], [0, 0])) == "C1"


def test_refuses_other_counts_C2():
    assert refused(split_v((4,), [2, 2], 0, outputs=3)) == "C2"
    assert refused(split_v((4,), [2, 2], 0, num_splits=3)) == "C2"
    assert refused(split_v((4,), [[2, 2]], 0)) == "C2"
    assert refused(split_v((4,), 4, 0)) == "C2"


def test_refuses_sizes_that_do_not_fill_the_axis_C3():
    assert refused(split_v((4,), [1, 2], 0)) == "C3"
    assert refused(split_v((4,), [4, 1], 0)) == "C3"
    assert refused(split_v((4,), [3, 2, -1], 0)) == "C3"
    assert refused(split_v((4,), [-1, -1], 0)) == "C3"
    assert refused(split_v((4,), [-2, 6], 0)) == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(split_v((2,), [1, 1], 0, version=4)) == "version"
    assert refused(split_v((2,), [1, 1], 0, dtype="BOOL")) == "dtype"
    assert refused(split_v((2,), [1, 1], 0, sizes_dtype="INT16")) == "dtype"
