"""GATHER: the definition element by element over axes and batches, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from tests.ops.nodes import node, operand, refused, run


def gather(shape, positions_shape, axis=0, batch_dims=0, dtype="INT8", index="INT32", **changes):
    inputs = [operand(dtype, shape), operand(index, positions_shape)]
    return node("GATHER", inputs, operand(dtype, (1,)), axis=axis, batch_dims=batch_dims, **changes)


def gathered(x, positions, axis=0, batch_dims=0, **changes):
    positions = np.array(positions, np.int32)
    return run(gather(x.shape, positions.shape, axis, batch_dims, **changes), x, positions)


def test_literal():
    x = np.array([[1, 2, 3], [4, 5, 6]], np.int8)
    assert gathered(x, [1, 0, 1]).tolist() == [[4, 5, 6], [1, 2, 3], [4, 5, 6]]
    assert gathered(x, [2, 0], axis=-1).tolist() == [[3, 1], [6, 4]]
    assert gathered(x, 1).tolist() == [4, 5, 6]
    assert gathered(x, [[1], [0]], axis=1, batch_dims=1).tolist() == [[2], [4]]
    assert gathered(x, [[1], [0]], axis=1, batch_dims=-1).tolist() == [[2], [4]]


@pytest.mark.parametrize("axis", range(4))
@pytest.mark.parametrize("extra", [(), (5,), (2, 3)])
def test_every_axis_and_batch_element_by_element(axis, extra):
    rng = np.random.default_rng(axis)
    x = np.arange(2 * 3 * 4 * 2, dtype=np.int8).reshape(2, 3, 4, 2)
    for batch_dims in range(axis + 1):
        positions = rng.integers(0, x.shape[axis], x.shape[:batch_dims] + extra)
        out = gathered(x, positions, axis, batch_dims)
        assert out.shape == x.shape[:axis] + extra + x.shape[axis + 1 :]
        for index in np.ndindex(*out.shape):
            before, rest = index[:axis], index[axis:]
            chosen, behind = rest[: len(extra)], rest[len(extra) :]
            position = int(positions[index[:batch_dims] + chosen])
            assert out[index] == x[(*before, position, *behind)]


@pytest.mark.parametrize("index", ["INT16", "INT32", "INT64"])
@pytest.mark.parametrize("dtype", ["FLOAT32", "FLOAT16", "INT64", "BOOL", "UINT8", "INT16"])
def test_moves_every_dtype(dtype, index):
    x = operand(dtype, (2,), data=[0, 1]).value
    positions = operand(index, (3,), data=[1, 0, 1]).value
    assert run(gather((2,), (3,), dtype=dtype, index=index), x, positions).tolist() == [1, 0, 1]


def test_int4_by_whole_bytes():
    x = operand("INT4", (2, 2), data=[[-8, 1], [2, 7]]).value
    assert gathered(x, [1], dtype="INT4").tolist() == [[2, 7]]


def test_empty():
    assert gathered(np.zeros((2, 3), np.int8), np.zeros((0, 4))).shape == (0, 4, 3)
    assert gathered(np.zeros((0, 3), np.int8), np.zeros((0, 2)), 1, 1).shape == (0, 2)
    assert gathered(np.zeros((2, 0), np.int8), [1]).shape == (1, 0)


@pytest.mark.parametrize("position", [-1, 2, -128])
def test_reports_positions_outside_the_axis(position):
    x = np.zeros((2, 3), np.int8)
    with pytest.raises(DomainError, match=f"position {position} is outside an axis of size 2"):
        gathered(x, [0, position, position])


def test_refuses_axes_outside_C1():
    assert refused(gather((2, 3), (1,), axis=2)) == "C1"
    assert refused(gather((2, 3), (1,), axis=-3)) == "C1"
    assert refused(gather((), (1,))) == "C1"


def test_refuses_batch_dims_that_do_not_fit_C2():
    assert refused(gather((2, 3), (2,), axis=0, batch_dims=1)) == "C2"
    assert refused(gather((2, 3), (), axis=1, batch_dims=1)) == "C2"
    assert refused(gather((2, 3), (2,), axis=1, batch_dims=-2)) == "C2"


def test_refuses_different_batches_C3():
    assert refused(gather((2, 3), (3, 1), axis=1, batch_dims=1)) == "C3"


def test_refuses_odd_runs_of_int4_C4():
    assert refused(gather((4, 3), (1,), dtype="INT4")) == "C4"
    assert refused(gather((4,), (1,), dtype="INT4")) == "C4"


def test_refuses_versions_and_dtypes():
    assert refused(gather((2,), (1,), version=9)) == "version"
    assert refused(gather((2,), (1,), dtype="UINT32")) == "dtype"
    assert refused(gather((2,), (1,), index="INT8")) == "dtype"
