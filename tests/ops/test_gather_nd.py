"""GATHER_ND: the definition element by element, positions outside, the kernel, every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from tests.ops.kernels import assert_alarm, assert_kernel_equals_spec, why_not_fast
from tests.ops.nodes import constant, node, operand, refused, run


def gather_nd(shape, positions, dtype="INT8", index="INT32", **changes):
    given = (
        operand(index, positions) if isinstance(positions, tuple) else constant(index, positions)
    )
    return node("GATHER_ND", [operand(dtype, shape), given], operand(dtype, (1,)), **changes)


def gathered(x, positions):
    positions = np.array(positions, np.int32)
    return run(gather_nd(x.shape, positions.shape), x, positions)


def test_literal():
    x = np.array([[1, 2, 3], [4, 5, 6]], np.int8)
    assert gathered(x, [[1, 0], [0, 2]]).tolist() == [4, 3]
    assert gathered(x, [[1], [0]]).tolist() == [[4, 5, 6], [1, 2, 3]]
    assert gathered(x, [1, 2]).tolist() == 6


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
@pytest.mark.parametrize("lead", [(), (4,), (2, 3)])
def test_element_by_element(depth, lead):
    rng = np.random.default_rng(depth)
    x = np.arange(24, dtype=np.int8).reshape(2, 3, 4)
    positions = rng.integers(0, x.shape[:depth], (*lead, depth)).astype(np.int32)
    out = gathered(x, positions)
    assert out.shape == (*lead, *x.shape[depth:])
    for index in np.ndindex(*out.shape):
        vector = tuple(int(i) for i in positions[index[: len(lead)]])
        assert out[index] == x[(*vector, *index[len(lead) :])]


@pytest.mark.parametrize("dtype", ["UINT8", "INT16", "INT64", "BOOL", "FLOAT16", "FLOAT32"])
@pytest.mark.parametrize("index", ["INT16", "INT32", "INT64"])
def test_moves_every_dtype(dtype, index):
    x = operand(dtype, (2,), data=[0, 1]).value
    positions = operand(index, (3, 1), data=[1, 0, 1]).value
    out = run(gather_nd((2,), (3, 1), dtype, index), x, positions)
    assert out.tolist() == [1, 0, 1]


def test_empty():
    assert gathered(np.zeros((2, 3), np.int8), np.zeros((0, 1))).shape == (0, 3)
    assert gathered(np.zeros((0, 3), np.int8), np.zeros((0, 2))).shape == (0,)


@pytest.mark.parametrize("bad", [[0, 3], [2, 0], [0, -1], [-1, 0]])
def test_reports_positions_outside(bad):
    # [0, 3] and [1, -1] would still be inside the tensor if rows ran on.
    with pytest.raises(DomainError, match=r"is outside a tensor of \(2, 3\)"):
        gathered(np.zeros((2, 3), np.int8), [[0, 0], bad])


@pytest.mark.parametrize("dtype", ["INT8", "INT16", "FLOAT32"])
def test_kernel(dtype):
    x = operand(dtype, (3, 4, 5), data=np.arange(60)).value
    for positions in ([[0], [2], [2]], [[[1, 3], [0, 0]]], [[2, 3, 4], [0, 0, 0]]):
        assert_kernel_equals_spec(gather_nd(x.shape, positions, dtype), x, None)


@pytest.mark.parametrize("index", ["INT16", "INT32", "INT64"])
def test_kernel_looks_at_computed_positions(index):
    x = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    operator = gather_nd(x.shape, (2, 2), "INT16", index)
    inside = np.array([[2, 3], [0, 0]]).astype(index.lower())
    assert_kernel_equals_spec(operator, x, inside)
    for bad in ([3, 0], [0, 4], [-1, 3], [1, -1]):
        assert_alarm(operator, x, np.array([[0, 0], bad]).astype(index.lower()))
    assert "outside" in why_not_fast(gather_nd((3, 4), [[3, 0]]), x[:, :, 0], None)


def test_refuses_scalars_C1():
    assert refused(gather_nd((), (1, 1))) == "C1"
    assert refused(gather_nd((2,), ())) == "C1"


def test_refuses_more_indices_than_axes_C2():
    assert refused(gather_nd((2, 3), (4, 3))) == "C2"


def test_refuses_indices_into_nothing_C3():
    assert refused(gather_nd((0, 3), (1, 1))) == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(gather_nd((2,), (1, 1), version=7)) == "version"
    assert refused(gather_nd((2,), (1, 1), "UINT32")) == "dtype"
    assert refused(gather_nd((2,), (1, 1), index="INT8")) == "dtype"
