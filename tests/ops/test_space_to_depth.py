"""SPACE_TO_DEPTH: the definition element by element, the kernel, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import node, operand, refused, run


def space_to_depth(shape, block, dtype="INT8", **changes):
    out = operand(dtype, (1, 1, 1, 1))
    return node("SPACE_TO_DEPTH", [operand(dtype, shape)], out, block_size=block, **changes)


def numbered(shape, dtype=np.int8):
    return np.arange(np.prod(shape)).astype(dtype).reshape(shape)


def test_literal():
    x = np.array([[[[1], [2]], [[3], [4]]]], np.int8)
    assert run(space_to_depth(x.shape, 2), x).tolist() == [[[[1, 2, 3, 4]]]]
    x = numbered((1, 2, 4, 2))
    expected = [[[[0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15]]]]
    assert run(space_to_depth(x.shape, 2), x).tolist() == expected


@pytest.mark.parametrize("block", [1, 2, 3])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_element_by_element(block, channels):
    x = numbered((2, 6, 12, channels), np.int32)
    out = run(space_to_depth(x.shape, block, "INT32"), x)
    for n, row, column, c in np.ndindex(*x.shape):
        i, j = row % block, column % block
        depth = (i * block + j) * channels + c
        assert out[n, row // block, column // block, depth] == x[n, row, column, c]


@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT32", "INT64", "FLOAT32"])
@pytest.mark.parametrize("shape", [(1, 4, 6, 1), (2, 2, 4, 3), (1, 8, 8, 16), (0, 2, 2, 1)])
def test_kernel(dtype, shape):
    x = operand(dtype, shape, data=np.arange(np.prod(shape)) % 128).value
    assert_kernel_equals_spec(space_to_depth(shape, 2, dtype), x)


def test_refuses_other_ranks_C1():
    assert refused(space_to_depth((4, 4, 1), 2)) == "C1"
    assert refused(space_to_depth((1, 1, 4, 4, 1), 2)) == "C1"


def test_refuses_blocks_that_do_not_divide_C2():
    assert refused(space_to_depth((1, 4, 3, 1), 2)) == "C2"
    assert refused(space_to_depth((1, 3, 4, 1), 2)) == "C2"
    assert refused(space_to_depth((1, 4, 4, 1), 0)) == "C2"
    assert refused(space_to_depth((1, 4, 4, 1), -2)) == "C2"


def test_refuses_versions_and_dtypes():
    assert refused(space_to_depth((1, 2, 2, 1), 2, version=3)) == "version"
    assert refused(space_to_depth((1, 2, 2, 1), 2, "INT16")) == "dtype"
