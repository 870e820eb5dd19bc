"""TOPK_V2: order and ties against Python's sort, NaN, the kernel, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.kernels import assert_alarm, assert_kernel_equals_spec
from tests.ops.nodes import constant, node, operand, refused, run_all


def top(shape, k, dtype="INT8", index="INT32", k_dtype="INT32", **changes):
    outputs = [operand(dtype, (1,)), operand(index, (1,))]
    return node("TOPK_V2", [operand(dtype, shape), constant(k_dtype, k)], outputs, **changes)


def largest(x, k, index="INT32"):
    out = run_all(top(x.shape, k, x.dtype.name.upper(), index), x, None)
    return [part.tolist() for part in out]


def test_literal():
    x = np.array([3, 9, -1, 9, 5], np.int8)
    assert largest(x, 3) == [[9, 9, 5], [1, 3, 4]]
    assert largest(x, 0) == [[], []]
    assert largest(x, -4) == [[], []]
    assert largest(np.array([[-128, 127], [0, 0]], np.int8), 2) == [
        [[127, -128], [0, 0]],
        [[1, 0], [0, 1]],
    ]
    assert largest(np.array([0, 255], np.uint8), 2) == [[255, 0], [1, 0]]


@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT32"])
@pytest.mark.parametrize("index", ["INT32", "INT16"])
@pytest.mark.parametrize("k", [1, 4, 17])
def test_against_a_sort_and_kernel(dtype, index, k):
    rng = np.random.default_rng(k)
    x = operand(dtype, (3, 17), data=rng.integers(0, 9, (3, 17))).value
    values, indices = run_all(top(x.shape, k, dtype, index, "INT16"), x, None)
    for row in range(3):
        order = sorted(range(17), key=lambda i: (-int(x[row, i]), i))[:k]
        assert indices[row].tolist() == order
        assert values[row].tolist() == x[row, order].tolist()
    assert_kernel_equals_spec(top(x.shape, k, dtype, index), x, None)


@pytest.mark.parametrize("dtype", ["INT8", "INT16", "INT32", "INT64"])
def test_extremes(dtype):
    limits = np.iinfo(dtype.lower())
    x = np.array([limits.min, 0, limits.max, limits.min + 1], dtype.lower())
    assert largest(x, 4)[1] == [2, 1, 3, 0]
    assert_kernel_equals_spec(top((4,), 4, dtype), x, None)


def test_nan_comes_last():
    x = np.array([np.nan, 1, -np.inf, np.inf, np.nan, -0.0, 0.0], np.float32)
    assert largest(x, 7)[1] == [3, 1, 5, 6, 2, 0, 4]
    assert_alarm(top((7,), 3, "FLOAT32"), x, None)


def test_refuses_several_numbers_C1():
    assert refused(top((4,), [1, 2])) == "C1"


def test_refuses_more_than_there_is_C2():
    assert refused(top((4,), 5)) == "C2"
    assert refused(top((), 0)) == "C2"


def test_refuses_rows_beyond_int16_indices_C3():
    assert refused(top((1 << 15,), 1, index="INT16")) == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(top((4,), 1, version=4)) == "version"
    assert refused(top((4,), 1, "BOOL")) == "dtype"
    assert refused(top((4,), 1, index="INT64")) == "dtype"
    assert refused(top((4,), 1, k_dtype="INT64")) == "dtype"
