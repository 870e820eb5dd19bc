"""UNPACK: the definition element by element, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.nodes import node, operand, refused, run_all


def unpack(shape, axis, num, outputs=None, dtype="INT8", quantization=(), outs=None, **changes):
    count = num if outputs is None else outputs
    outs = outs or [quantization] * count
    return node(
        "UNPACK",
        [operand(dtype, shape, *quantization)],
        [operand(dtype, (1,), *q) for q in outs],
        num=num,
        axis=axis,
        **changes,
    )


def test_literal():
    x = np.array([[1, 2, 3], [4, 5, 6]], np.int8)
    assert [o.tolist() for o in run_all(unpack((2, 3), 0, 2), x)] == [[1, 2, 3], [4, 5, 6]]
    assert [o.tolist() for o in run_all(unpack((2, 3), -1, 3), x)] == [[1, 4], [2, 5], [3, 6]]


@pytest.mark.parametrize("axis", range(-6, 6))
def test_every_axis_of_rank_6_element_by_element(axis):
    x = np.arange(2**6, dtype=np.int8).reshape((2,) * 6)
    for k, out in enumerate(run_all(unpack(x.shape, axis, 2), x)):
        for index in np.ndindex(*out.shape):
            at = list(index)
            at.insert(axis if axis >= 0 else axis + 6, k)
            assert out[index] == x[tuple(at)]


def test_a_vector_gives_scalars():
    outs = run_all(unpack((2,), 0, 2), np.array([7, 8], np.int8))
    assert [(out.shape, int(out)) for out in outs] == [((), 7), ((), 8)]


@pytest.mark.parametrize("dtype", ["FLOAT32", "FLOAT16", "UINT8", "INT16", "INT32", "BOOL"])
def test_moves_every_dtype(dtype):
    x = operand(dtype, (2, 1), data=[[0], [1]]).value
    assert [o.tolist() for o in run_all(unpack((2, 1), 0, 2, dtype=dtype), x)] == [[0], [1]]


def test_refuses_an_empty_input_C1():
    assert refused(unpack((2, 0), 0, 2)) == "C1"


def test_refuses_axes_outside_C2():
    assert refused(unpack((2, 3), 2, 2)) == "C2"
    assert refused(unpack((2, 3), -3, 2)) == "C2"
    assert refused(unpack((), 0, 1)) == "C2"


def test_refuses_another_number_of_outputs_C3():
    assert refused(unpack((2, 3), 1, 2)) == "C3"
    assert refused(unpack((2, 3), 1, 3, outputs=2)) == "C3"


def test_refuses_a_change_of_quantization_C4():
    x = np.zeros((2, 3), np.int8)
    assert len(run_all(unpack((2, 3), 0, 2, quantization=(0.5, 3)), x)) == 2
    differ = [(0.5, 3), (0.5, 4)]
    assert refused(unpack((2, 3), 0, 2, quantization=(0.5, 3), outs=differ)) == "C4"
    assert refused(unpack((2, 3), 0, 2, outs=[(0.25, 0)] * 2)) == "C4"


def test_refuses_versions_and_dtypes():
    assert refused(unpack((2, 3), 0, 2, version=7)) == "version"
    assert refused(unpack((2, 3), 0, 2, dtype="INT64")) == "dtype"
