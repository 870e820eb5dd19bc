"""ONE_HOT: every axis element by element, indices outside, the kernel, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from tests.ops.kernels import assert_alarm, assert_kernel_equals_spec
from tests.ops.nodes import constant, node, operand, refused, run


def one_hot(shape, depth, axis=-1, dtype="INT8", index="INT32", on=(), off=(), **changes):
    inputs = [
        operand(index, shape),
        constant(changes.pop("depth_dtype", "INT32"), depth),
        operand(dtype, on),
        operand(dtype, off),
    ]
    return node("ONE_HOT", inputs, operand(dtype, (1,)), axis=axis, **changes)


def hot(indices, depth, axis=-1, on=1, off=0):
    indices = np.array(indices, np.int32)
    values = np.array(on, np.int8), np.array(off, np.int8)
    return run(one_hot(indices.shape, depth, axis), indices, None, *values)


def test_literal():
    assert hot([1, 0, 2], 3).tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert hot([1, 0], 2, 0, on=7, off=-7).tolist() == [[-7, 7], [7, -7]]
    assert hot(1, 3).tolist() == [0, 1, 0]
    assert hot([-1, 3, 2], 3).tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize("axis", [-1, 0, 1, 2])
@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT32", "INT64", "BOOL", "FLOAT32"])
@pytest.mark.parametrize("index", ["INT32", "INT64"])
def test_element_by_element_and_kernel(axis, dtype, index):
    indices = np.random.default_rng(axis + 1).integers(-1, 5, (2, 3)).astype(index.lower())
    on, off = (operand(dtype, (1,), data=[value]).value for value in (1, 0))
    operator = one_hot((2, 3), 4, axis, dtype, index, (1,), (1,))
    out = run(operator, indices, None, on, off)
    position = 2 if axis == -1 else axis
    for place in np.ndindex(*out.shape):
        k, rest = place[position], place[:position] + place[position + 1 :]
        assert out[place] == (k == indices[rest])
    assert_kernel_equals_spec(operator, indices, None, on, off)


@pytest.mark.parametrize("index", [2**31, -(2**31) - 1, 2**32 + 1])
def test_reports_indices_beyond_int32(index):
    operator = one_hot((1,), 3, index="INT64")
    arrays = np.array([index]), None, np.array(1, np.int8), np.array(0, np.int8)
    with pytest.raises(DomainError, match="does not fit int32"):
        run(operator, *arrays)
    assert_alarm(operator, *arrays)


def test_refuses_axes_outside_C1():
    assert refused(one_hot((2,), 3, 2)) == "C1"
    assert refused(one_hot((2,), 3, -2)) == "C1"


def test_refuses_depths_that_are_no_number_C2():
    assert refused(one_hot((2,), -1)) == "C2"
    assert refused(one_hot((2,), [1, 2])) == "C2"


def test_refuses_values_of_several_elements_C3():
    assert refused(one_hot((2,), 3, on=(2,))) == "C3"
    assert refused(one_hot((2,), 3, off=(0,))) == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(one_hot((2,), 3, version=2)) == "version"
    assert refused(one_hot((2,), 3, dtype="INT16")) == "dtype"
    assert refused(one_hot((2,), 3, index="INT16")) == "dtype"
    assert refused(one_hot((2,), 3, depth_dtype="INT64")) == "dtype"
