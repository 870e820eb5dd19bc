"""compare: bits against bits, and everything else reported instead of raised."""

from __future__ import annotations

import math

import numpy as np
import pytest

from refint8.oracle.compare import compare, compare_arrays


def test_equal_is_truthy():
    diff = compare({1: np.array([1, 2], np.int8)}, {1: np.array([1, 2], np.int8)})
    assert diff
    assert diff.first is None
    assert (diff.elements, diff.differing) == (2, 0)
    assert diff.table() == "0 of 1 tensors differ, 0 of 2 elements"


def test_counts_places_and_measures():
    a = np.zeros((2, 3), np.int8)
    b = np.array([[0, 0, 5], [0, -7, 0]], np.int8)
    diff = compare({"x": a}, {"x": b})
    assert not diff
    first = diff.first
    assert (first.elements, first.differing, first.largest) == (6, 2, 7)
    assert (first.first, first.a, first.b) == ((0, 2), 0, 5)
    assert diff.table() == (
        "x  2/6 differ, at most by 7, first at [0, 2]: 0 and 5\n"
        "1 of 1 tensors differ, 2 of 6 elements"
    )


def test_first_is_in_the_order_of_the_first_side():
    zero, one = np.zeros(1, np.int8), np.ones(1, np.int8)
    diff = compare({3: zero, 1: zero, 2: zero}, {1: one, 2: one, 3: zero})
    assert diff.first.key == 1


@pytest.mark.parametrize(
    "dtype, a, b, largest",
    [
        (np.int8, -128, 127, 255),
        (np.uint8, 0, 255, 255),
        (np.int32, -(2**31), 2**31 - 1, 2**32 - 1),
        (np.int64, -(2**63), 2**63 - 1, 2**64 - 1),
        (np.uint64, 0, 2**64 - 1, 2**64 - 1),
        (np.bool_, False, True, 1),
    ],
)
def test_largest_difference_of_integers_is_exact(dtype, a, b, largest):
    found = compare_arrays(0, np.array([a, a], dtype), np.array([a, b], dtype))
    assert found.largest == largest
    assert isinstance(found.largest, int)


def test_floats_are_compared_by_bits():
    nan_1 = np.array([0x7FC00000], np.uint32).view(np.float32)
    nan_2 = np.array([0xFFC00001], np.uint32).view(np.float32)
    assert compare_arrays(0, nan_1, nan_2).equal, "any NaN equals any NaN"
    zeros = compare_arrays(0, np.array([0.0], np.float32), np.array([-0.0], np.float32))
    assert (zeros.differing, zeros.largest) == (1, 0.0)
    number = compare_arrays(0, nan_1, np.array([1.0], np.float32))
    assert (number.differing, number.largest) == (1, math.inf)
    step = compare_arrays(0, np.array([1.0, 5.0]), np.array([np.nextafter(1.0, 2.0), 5.0]))
    assert (step.differing, step.largest) == (1, 2.0**-52)


@pytest.mark.parametrize(
    "b, problem",
    [
        (np.zeros((1, 4), np.uint8), "dtype int8 against uint8"),
        (np.zeros((4, 1), np.int8), "shape (1, 4) against (4, 1)"),
        (np.zeros(4, np.int8), "shape (1, 4) against (4,)"),
    ],
)
def test_shape_and_dtype_are_reported(b, problem):
    diff = compare({7: np.zeros((1, 4), np.int8)}, {7: b})
    assert not diff
    assert diff.first.problem == problem
    assert diff.differing == 4
    assert diff.table().startswith(f"7  {problem}\n")


def test_an_empty_tensor_of_another_shape_is_not_equal():
    assert not compare({0: np.zeros((0, 2))}, {0: np.zeros((2, 0))})


def test_a_tensor_on_one_side_only_is_a_difference():
    x = np.zeros(3, np.int8)
    assert compare({1: x}, {}).first.problem == "not on the second side"
    assert compare({}, {1: x}).first.problem == "not on the first side"


def test_scalars_and_strided_views():
    assert compare_arrays(0, np.array(3), np.array(3)).equal
    other = compare_arrays(0, np.array(3), np.array(5))
    assert (other.first, other.largest) == ((), 2)
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert compare_arrays(0, x.T, np.ascontiguousarray(x.T)).equal
    assert compare_arrays(0, x[:, ::2], x[:, ::2] + 1).differing == 6
