"""FILL: every dtype, the kernel for known and computed values, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import constant, node, operand, refused, run


def fill(sizes, dtype="INT8", value=(), index="INT32", known=None, scales=(0.5, 0.5), **changes):
    points = changes.pop("zero_points", (0, 0))
    wanted = constant(index, np.array(sizes, np.int64))
    inputs = [wanted, operand(dtype, value, scales[0], points[0], data=known)]
    return node("FILL", inputs, operand(dtype, (1,), scales[1], points[1]), **changes)


def test_literal():
    assert run(fill([2, 3]), None, np.array(-7, np.int8)).tolist() == [[-7] * 3] * 2
    assert run(fill(np.zeros(0, int)), None, np.array(4, np.int8)).tolist() == 4
    assert run(fill([0, 2]), None, np.array(4, np.int8)).shape == (0, 2)


@pytest.mark.parametrize("dtype", ["INT8", "BOOL", "INT16", "FLOAT32", "INT64", "UINT32"])
@pytest.mark.parametrize("sizes", [[1], [70], [3, 5, 7], [9000]])
def test_kernel(dtype, sizes):
    value = operand(dtype, (), data=1).value
    assert_kernel_equals_spec(fill(sizes, dtype), None, value)
    assert_kernel_equals_spec(fill(sizes, dtype, known=1, index="INT64"), None, None)


def test_refuses_what_is_no_shape_C1():
    assert refused(fill([-1])) == "C1"
    assert refused(fill([[2]])) == "C1"


def test_refuses_values_that_are_no_scalar_C2():
    assert refused(fill([2], value=(1,))) == "C2"


def test_refuses_other_parameters_C3():
    assert refused(fill([2], scales=(0.5, 0.25))) == "C3"
    assert refused(fill([2], zero_points=(1, 0))) == "C3"
    assert refused(fill([2], "INT16", zero_points=(3, 3))) == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(fill([2], version=6)) == "version"
    assert refused(fill([2], "INT4")) == "dtype"
    assert refused(fill([2], index="INT16")) == "dtype"
