"""DEPTH_TO_SPACE: the definition element by element, the kernel, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import node, operand, refused, run


def depth_to_space(shape, block, dtype="INT8", **changes):
    out = operand(dtype, (1, 1, 1, 1))
    return node("DEPTH_TO_SPACE", [operand(dtype, shape)], out, block_size=block, **changes)


def test_literal():
    x = np.array([[[[1, 2, 3, 4]]]], np.int8)
    assert run(depth_to_space(x.shape, 2), x).tolist() == [[[[1], [2]], [[3], [4]]]]


@pytest.mark.parametrize("block", [1, 2, 3])
@pytest.mark.parametrize("channels", [1, 3])
def test_element_by_element(block, channels):
    shape = (2, 3, 2, channels * block * block)
    x = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    out = run(depth_to_space(shape, block, "INT32"), x)
    for n, row, column, c in np.ndindex(*out.shape):
        depth = (row % block * block + column % block) * channels + c
        assert out[n, row, column, c] == x[n, row // block, column // block, depth]


@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT32", "INT64", "FLOAT32"])
@pytest.mark.parametrize("shape", [(1, 2, 3, 4), (2, 1, 2, 12), (1, 8, 8, 64), (0, 2, 2, 4)])
def test_kernel(dtype, shape):
    x = operand(dtype, shape, data=np.arange(np.prod(shape)) % 128).value
    assert_kernel_equals_spec(depth_to_space(shape, 2, dtype), x)


def test_refuses_other_ranks_C1():
    assert refused(depth_to_space((4, 4, 4), 2)) == "C1"
    assert refused(depth_to_space((1, 1, 4, 4, 4), 2)) == "C1"


def test_refuses_blocks_that_do_not_divide_C2():
    assert refused(depth_to_space((1, 1, 1, 6), 2)) == "C2"
    assert refused(depth_to_space((1, 1, 1, 4), 0)) == "C2"
    assert refused(depth_to_space((1, 1, 1, 4), -2)) == "C2"


def test_refuses_versions_and_dtypes():
    assert refused(depth_to_space((1, 2, 2, 4), 2, version=3)) == "version"
    assert refused(depth_to_space((1, 2, 2, 4), 2, "INT16")) == "dtype"
