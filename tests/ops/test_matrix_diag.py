"""MATRIX_DIAG: element by element, the kernel, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import node, operand, refused, run


def matrix_diag(shape, dtype="INT8", **changes):
    return node("MATRIX_DIAG", [operand(dtype, shape)], operand(dtype, (1,)), **changes)


def test_literal():
    assert run(matrix_diag((2,)), np.array([5, 6], np.int8)).tolist() == [[5, 0], [0, 6]]


@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT32"])
@pytest.mark.parametrize("shape", [(1,), (7,), (2, 3, 4), (2, 0)])
def test_element_by_element_and_kernel(dtype, shape):
    x = operand(dtype, shape, data=np.arange(np.prod(shape)) + 1).value
    out = run(matrix_diag(shape, dtype), x)
    assert out.shape == (*shape, shape[-1])
    for place in np.ndindex(*out.shape):
        assert out[place] == (x[place[:-1]] if place[-1] == place[-2] else 0)
    assert_kernel_equals_spec(matrix_diag(shape, dtype), x)


def test_refuses_scalars_C1():
    assert refused(matrix_diag(())) == "C1"


def test_refuses_versions_and_dtypes():
    assert refused(matrix_diag((2,), version=2)) == "version"
    assert refused(matrix_diag((2,), "BOOL")) == "dtype"
