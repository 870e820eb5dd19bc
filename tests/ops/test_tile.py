"""TILE: the definition element by element, every dtype, the kernel, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import constant, node, operand, refused, run


def tile(shape, multiples, dtype="INT8", index="INT32", **changes):
    inputs = [operand(dtype, shape), constant(index, np.array(multiples, np.int64))]
    return node("TILE", inputs, operand(dtype, (1,) * len(shape)), **changes)


def test_literal():
    x = np.array([[1, 2], [3, 4]], np.int8)
    assert run(tile((2, 2), [1, 2]), x, None).tolist() == [[1, 2, 1, 2], [3, 4, 3, 4]]
    assert run(tile((2, 2), [2, 1]), x, None).tolist() == [[1, 2], [3, 4], [1, 2], [3, 4]]
    assert run(tile((), []), np.array(7, np.int8), None).tolist() == 7


@pytest.mark.parametrize("multiples", [(1, 1, 1), (2, 3, 1), (1, 1, 4), (3, 1, 2), (0, 2, 2)])
def test_element_by_element(multiples):
    x = np.arange(24, dtype=np.int8).reshape(2, 3, 4)
    out = run(tile(x.shape, multiples), x, None)
    assert out.shape == tuple(m * n for m, n in zip(multiples, x.shape, strict=True))
    for index in np.ndindex(*out.shape):
        assert out[index] == x[tuple(i % n for i, n in zip(index, x.shape, strict=True))]


@pytest.mark.parametrize("dtype", ["BOOL", "UINT8", "INT16", "UINT32", "INT64", "FLOAT16"])
@pytest.mark.parametrize("index", ["INT32", "INT64"])
def test_moves_every_dtype(dtype, index):
    x = operand(dtype, (2,), data=[0, 1]).value
    assert run(tile((2,), [2], dtype, index), x, None).tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("dtype", ["INT8", "INT16", "INT32", "COMPLEX64"])
@pytest.mark.parametrize(
    ("shape", "multiples"),
    [((3,), [5]), ((2, 3), [1, 7]), ((1, 40), [9, 1]), ((2, 1, 3), [2, 3, 2]), ((2,), [0])],
)
def test_kernel(dtype, shape, multiples):
    x = operand(dtype, shape, data=np.arange(np.prod(shape))).value
    assert_kernel_equals_spec(tile(shape, multiples, dtype), x, None)


def test_refuses_other_multiples_C1():
    assert refused(tile((2, 3), [1])) == "C1"
    assert refused(tile((2, 3), [1, 1, 1])) == "C1"
    assert refused(tile((2, 3), [1, -1])) == "C1"


def test_refuses_versions_and_dtypes():
    assert refused(tile((2,), [1], version=4)) == "version"
    assert refused(tile((2,), [1], "INT4")) == "dtype"
    assert refused(tile((2,), [1], index="INT16")) == "dtype"
