"""MATRIX_SET_DIAG: element by element, the kernel, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import node, operand, refused, run


def set_diag(shape, diagonal, dtype="INT8", **changes):
    inputs = [operand(dtype, shape), operand(dtype, diagonal)]
    return node("MATRIX_SET_DIAG", inputs, operand(dtype, (1,)), **changes)


def test_literal():
    x, diagonal = np.ones((2, 3), np.int8), np.array([5, 6], np.int8)
    assert run(set_diag((2, 3), (2,)), x, diagonal).tolist() == [[5, 1, 1], [1, 6, 1]]


@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT32"])
@pytest.mark.parametrize("shape", [(4, 4), (2, 3, 5), (2, 5, 3), (3, 0, 2)])
def test_element_by_element_and_kernel(dtype, shape):
    small = (*shape[:-2], min(shape[-2:]))
    x = operand(dtype, shape, data=np.arange(np.prod(shape))).value
    diagonal = operand(dtype, small, data=np.arange(np.prod(small)) + 60).value
    out = run(set_diag(shape, small, dtype), x, diagonal)
    for place in np.ndindex(*shape):
        on = place[-1] == place[-2]
        assert out[place] == (diagonal[place[:-1]] if on else x[place])
    assert_kernel_equals_spec(set_diag(shape, small, dtype), x, diagonal)


def test_refuses_vectors_C1():
    assert refused(set_diag((4,), (4,))) == "C1"


def test_refuses_diagonals_of_other_shapes_C2():
    assert refused(set_diag((2, 3), (3,))) == "C2"
    assert refused(set_diag((5, 2, 3), (2,))) == "C2"


def test_refuses_versions_and_dtypes():
    assert refused(set_diag((2, 2), (2,), version=2)) == "version"
    assert refused(set_diag((2, 2), (2,), "BOOL")) == "dtype"
