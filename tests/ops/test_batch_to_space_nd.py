"""BATCH_TO_SPACE_ND: the definition element by element, the way back, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import constant, node, operand, refused, run


def batch_to_space(shape, block, crops, dtype="INT8", zero_point=0, scale=0.5, **changes):
    inputs = [
        operand(dtype, shape, 0.5, zero_point),
        constant("INT32", block),
        constant("INT32", np.array(crops).reshape(-1, 2)),
    ]
    out = operand(dtype, (1,) * len(shape), scale, zero_point)
    return node("BATCH_TO_SPACE_ND", inputs, out, **changes)


def test_literal():
    x = np.array([[[[1]]], [[[2]]], [[[3]]], [[[4]]]], np.int8)
    out = run(batch_to_space(x.shape, [2, 2], [[0, 0], [0, 0]]), x, None, None)
    assert out.tolist() == [[[[1], [2]], [[3], [4]]]]
    out = run(batch_to_space(x.shape, [2, 2], [[1, 0], [0, 1]]), x, None, None)
    assert out.tolist() == [[[[3]]]]


CROPS = [
    ((12, 2, 3, 2), [2, 3], [[0, 0], [0, 0]]),
    ((8, 2, 2, 1), [2, 2], [[1, 2], [3, 0]]),
    ((6, 3, 2), [3], [[2, 4]]),
    ((4, 1, 1, 3), [1, 4], [[0, 0], [3, 1]]),
    ((4, 1, 1, 1), [2, 2], [[2, 0], [0, 0]]),
]


@pytest.mark.parametrize(("shape", "block", "crops"), CROPS)
def test_element_by_element(shape, block, crops):
    x = np.arange(np.prod(shape), dtype=np.int8).reshape(shape)
    out = run(batch_to_space(shape, block, crops), x, None, None)
    images = shape[0] // int(np.prod(block))
    assert out.shape[0] == images
    for index in np.ndindex(*out.shape):
        batch, place = 0, []
        for i, b, (before, _) in zip(index[1:-1], block, crops, strict=True):
            blocks, shift = divmod(i + before, b)
            batch = batch * b + shift
            place.append(blocks)
        assert out[index] == x[(batch * images + index[0], *place, index[-1])]


@pytest.mark.parametrize(("shape", "block", "crops"), CROPS)
@pytest.mark.parametrize("dtype", ["INT8", "INT16", "INT32"])
def test_kernel(shape, block, crops, dtype):
    x = operand(dtype, shape, data=np.arange(np.prod(shape)) % 100).value
    assert_kernel_equals_spec(batch_to_space(shape, block, crops, dtype), x, None, None)


def test_undoes_space_to_batch():
    x = np.arange(48, dtype=np.int8).reshape(1, 4, 6, 2)
    constants = [constant("INT32", [2, 3]), constant("INT32", [[2, 0], [1, 2]])]
    operands = [operand("INT8", x.shape, 0.5), *constants]
    there = node("SPACE_TO_BATCH_ND", operands, operand("INT8", (1,) * 4, 0.5))
    batches = run(there, x, None, None)
    back = batch_to_space(batches.shape, [2, 3], [[2, 0], [1, 2]])
    assert np.array_equal(run(back, batches, None, None), x)


def test_refuses_other_ranks_C1():
    assert refused(batch_to_space((2, 2), [], np.zeros((0, 2), int))) == "C1"


def test_refuses_blocks_and_crops_of_other_shapes_C2():
    assert refused(batch_to_space((4, 2, 2, 1), [2], [[0, 0]])) == "C2"
    assert refused(batch_to_space((4, 2, 1), [0], [[0, 0]])) == "C2"
    assert refused(batch_to_space((4, 2, 1), [2], [[-1, 0]])) == "C2"


def test_refuses_batches_that_make_no_image_C3():
    assert refused(batch_to_space((3, 2, 1), [2], [[0, 0]])) == "C3"
    assert refused(batch_to_space((2, 2, 1), [2], [[3, 2]])) == "C3"


def test_refuses_other_parameters_C4():
    assert refused(batch_to_space((2, 2, 1), [2], [[0, 0]], scale=0.25)) == "C4"
    assert refused(batch_to_space((2, 2, 1), [2], [[0, 0]], "INT16", 5)) == "C4"


def test_refuses_versions_and_dtypes():
    assert refused(batch_to_space((2, 2, 1), [2], [[0, 0]], version=5)) == "version"
    assert refused(batch_to_space((2, 2, 1), [2], [[0, 0]], "INT4")) == "dtype"
