"""SPACE_TO_BATCH_ND: the definition element by element, the border's value, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import constant, node, operand, refused, run


def space_to_batch(
    shape, block, border, dtype="INT8", zero_point=0, out_zero_point=None, **changes
):
    scale = 0.5 if dtype in ("INT8", "UINT8", "INT16") else None
    if out_zero_point is None:
        out_zero_point = zero_point
    inputs = [
        operand(dtype, shape, scale, zero_point),
        constant("INT32", block),
        constant("INT32", np.array(border).reshape(-1, 2)),
    ]
    out = operand(dtype, (1,) * len(shape), scale, out_zero_point)
    return node("SPACE_TO_BATCH_ND", inputs, out, **changes)


def test_literal():
    x = np.array([[[[1], [2]], [[3], [4]]]], np.int8)
    out = run(space_to_batch(x.shape, [2, 2], [[0, 0], [0, 0]]), x, None, None)
    assert out.tolist() == [[[[1]]], [[[2]]], [[[3]]], [[[4]]]]
    row = np.array([[[1], [2], [3]]], np.int8)
    out = run(space_to_batch(row.shape, [2], [[1, 0]], zero_point=-5), row, None, None)
    assert out.tolist() == [[[-5], [2]], [[1], [3]]]


BORDERS = [
    ((2, 4, 6, 3), [2, 3], [[0, 0], [0, 0]]),
    ((1, 3, 5, 2), [2, 2], [[1, 2], [0, 1]]),
    ((2, 5, 1, 1), [3, 1], [[5, 5], [0, 0]]),
    ((2, 7, 2), [3], [[2, 0]]),
    ((1, 4, 4, 1), [2, 2], [[-1, 1], [-2, -2]]),
    ((1, 2, 2, 1), [1, 4], [[0, 0], [6, 0]]),
]


@pytest.mark.parametrize(("shape", "block", "border"), BORDERS)
def test_element_by_element(shape, block, border):
    x = np.arange(np.prod(shape), dtype=np.int8).reshape(shape)
    out = run(space_to_batch(shape, block, border, zero_point=-77), x, None, None)
    images = shape[0]
    for index in np.ndindex(*out.shape):
        shift, image = divmod(index[0], images)
        shifts = []
        for size in reversed(block):
            shift, s = divmod(shift, size)
            shifts.insert(0, s)
        place = [
            i * b + s - before
            for i, b, s, (before, _) in zip(index[1:-1], block, shifts, border, strict=True)
        ]
        inside = all(0 <= p < n for p, n in zip(place, shape[1:-1], strict=True))
        assert out[index] == (x[(image, *place, index[-1])] if inside else -77)


@pytest.mark.parametrize(("shape", "block", "border"), BORDERS)
@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16", "INT64"])
def test_kernel(shape, block, border, dtype):
    x = operand(dtype, shape, data=np.arange(np.prod(shape)) % 100).value
    zero_point = {"INT8": -3, "UINT8": 200}.get(dtype, 0)
    asked = space_to_batch(shape, block, border, dtype, zero_point)
    assert_kernel_equals_spec(asked, x, None, None)


def test_the_border_holds_the_zero_point_of_8_bits_only():
    for dtype, fill in (("UINT8", 200), ("INT8", -3), ("INT16", 0), ("INT32", 0), ("BOOL", 0)):
        x = operand(dtype, (1, 1, 1), data=[[[1]]]).value
        zero_point = fill if dtype in ("UINT8", "INT8") else 0
        out = run(space_to_batch((1, 1, 1), [2], [[1, 0]], dtype, zero_point), x, None, None)
        assert out.reshape(-1).tolist() == [fill, 1]


def test_the_rule_for_the_border():
    x = np.full((1, 1, 1), 9, np.int8)
    asked = space_to_batch((1, 1, 1), [2], [[0, 1]], zero_point=-3, rules="tflm")
    assert run(asked, x, None, None).reshape(-1).tolist() == [9, 0]


def test_refuses_other_ranks_C1():
    assert refused(space_to_batch((2, 2), [], np.zeros((0, 2), int))) == "C1"
    assert refused(space_to_batch((1, 2, 2, 2, 1), [1, 1, 1], [[0, 0]] * 3)) == "C1"


def test_refuses_blocks_and_borders_of_other_shapes_C2():
    assert refused(space_to_batch((1, 2, 2, 1), [1], [[0, 0], [0, 0]])) == "C2"
    assert refused(space_to_batch((1, 2, 2, 1), [1, 1], [[0, 0]])) == "C2"
    assert refused(space_to_batch((1, 2, 2, 1), [1, 0], [[0, 0], [0, 0]])) == "C2"
    assert refused(space_to_batch((1, 2, 2, 1), [-1, -1], [[0, 0], [0, 0]])) == "C2"


def test_refuses_blocks_that_do_not_divide_C3():
    assert refused(space_to_batch((1, 3, 1), [2], [[0, 0]])) == "C3"
    assert refused(space_to_batch((1, 2, 1), [2], [[-2, -2]])) == "C3"


def test_refuses_other_parameters_C4():
    assert refused(space_to_batch((1, 2, 1), [2], [[0, 0]], out_zero_point=1)) == "C4"
    assert refused(space_to_batch((1, 2, 1), [2], [[0, 0]], "INT16", 5)) == "C4"


def test_refuses_versions_and_dtypes():
    assert refused(space_to_batch((1, 2, 1), [2], [[0, 0]], version=5)) == "version"
    assert refused(space_to_batch((1, 2, 1), [2], [[0, 0]], "INT4")) == "dtype"
