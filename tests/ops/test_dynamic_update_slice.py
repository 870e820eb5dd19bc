"""DYNAMIC_UPDATE_SLICE: the box, its clamped starts, the kernel, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import node, operand, refused, run


def update_slice(x, update, starts=None, dtype="INT8", index="INT32", **changes):
    starts = (len(x),) if starts is None else starts
    inputs = [operand(dtype, x), operand(dtype, update), operand(index, starts)]
    return node("DYNAMIC_UPDATE_SLICE", inputs, operand(dtype, (1,)), **changes)


def test_literal():
    x, update = np.zeros((2, 3), np.int8), np.array([[7, 8]], np.int8)
    operator = update_slice((2, 3), (1, 2))
    for starts, expected in (
        ([1, 1], [[0, 0, 0], [0, 7, 8]]),
        ([0, 0], [[7, 8, 0], [0, 0, 0]]),
        ([9, -9], [[0, 0, 0], [7, 8, 0]]),  # both clamped
        ([-1, 2], [[0, 7, 8], [0, 0, 0]]),
    ):
        assert run(operator, x, update, np.array(starts, np.int32)).tolist() == expected


@pytest.mark.parametrize("dtype", ["INT8", "INT16", "FLOAT32", "INT64", "BOOL", "INT4"])
@pytest.mark.parametrize("index", ["INT32", "INT64"])
@pytest.mark.parametrize("update", [(1, 2, 3), (2, 4, 5), (2, 1, 5), (1, 4, 1), (2, 0, 5)])
def test_element_by_element_and_kernel(dtype, index, update):
    shape = (2, 4, 5)
    rng = np.random.default_rng(1)
    x, box = (operand(dtype, s, data=rng.integers(0, 2, s)).value for s in (shape, update))
    operator = update_slice(shape, update, dtype=dtype, index=index)
    for starts in ([0, 0, 0], [1, 2, 2], [-5, 3, 99], [2**31 - 1, -(2**31), 1]):
        given = np.array(starts).astype(index.lower())
        out = run(operator, x, box, given)
        limits = zip(starts, shape, update, strict=True)
        first = [max(0, min(start, size - n)) for start, size, n in limits]
        for place in np.ndindex(*shape):
            inside = tuple(i - s for i, s in zip(place, first, strict=True))
            is_in = all(0 <= i < n for i, n in zip(inside, update, strict=True))
            assert out[place] == (box[inside] if is_in else x[place])
        assert_kernel_equals_spec(operator, x, box, given)


def test_scalars():
    arrays = np.array(1, np.int8), np.array(2, np.int8), np.zeros(0, np.int32)
    assert run(update_slice((), ()), *arrays).tolist() == 2
    assert_kernel_equals_spec(update_slice((), ()), *arrays)


def test_refuses_other_starts_C1():
    assert refused(update_slice((2, 3), (1, 1), (1,))) == "C1"
    assert refused(update_slice((2, 3), (1, 1), (1, 2))) == "C1"


def test_refuses_what_is_no_box_C2():
    assert refused(update_slice((2, 3), (3, 1))) == "C2"
    assert refused(update_slice((2, 3), (1,))) == "C2"


def test_refuses_ranks_above_8_C3():
    assert refused(update_slice((1,) * 9, (1,) * 9)) == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(update_slice((2,), (1,), version=7)) == "version"
    assert refused(update_slice((2,), (1,), dtype="INT2")) == "dtype"
    assert refused(update_slice((2,), (1,), index="INT16")) == "dtype"
