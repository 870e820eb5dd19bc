"""PACK: the definition element by element, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.nodes import node, operand, refused, run


def pack(shapes, axis, count=None, dtype="INT8", quantizations=None, out=(), **changes):
    quantizations = quantizations or [()] * len(shapes)
    inputs = [operand(dtype, s, *q) for s, q in zip(shapes, quantizations, strict=True)]
    count = len(shapes) if count is None else count
    return node(
        "PACK", inputs, operand(dtype, (1,), *out), values_count=count, axis=axis, **changes
    )


def test_literal():
    a, b = np.array([1, 2], np.int8), np.array([3, 4], np.int8)
    assert run(pack([(2,)] * 2, 0), a, b).tolist() == [[1, 2], [3, 4]]
    assert run(pack([(2,)] * 2, 1), a, b).tolist() == [[1, 3], [2, 4]]
    assert run(pack([(2,)] * 2, -1), a, b).tolist() == [[1, 3], [2, 4]]
    assert run(pack([(2,)] * 2, -2), a, b).tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("axis", range(-6, 6))
def test_every_axis_of_rank_5_element_by_element(axis):
    values = [np.arange(32, dtype=np.int8).reshape((2,) * 5) + 32 * k for k in range(3)]
    out = run(pack([(2,) * 5] * 3, axis), *values)
    for k, value in enumerate(values):
        for index in np.ndindex(*value.shape):
            at = list(index)
            at.insert(axis if axis >= 0 else axis + 6, k)
            assert out[tuple(at)] == value[index]


def test_scalars_and_empty():
    scalars = [np.int8(k).reshape(()) for k in (7, 8)]
    assert run(pack([(), ()], 0), *scalars).tolist() == [7, 8]
    assert run(pack([(0,)] * 2, 0), *[np.zeros(0, np.int8)] * 2).shape == (2, 0)
    assert run(pack([(1,)], 0), np.array([3], np.int8)).tolist() == [[3]]


@pytest.mark.parametrize("dtype", ["FLOAT32", "UINT8", "INT16", "INT32", "UINT32", "INT64"])
def test_moves_every_dtype(dtype):
    x = operand(dtype, (2,), data=[0, 1]).value
    assert run(pack([(2,)] * 2, 0, dtype=dtype), x, x).tolist() == [[0, 1], [0, 1]]


def test_refuses_another_number_of_inputs_C1():
    assert refused(pack([(2,)] * 2, 0, count=3)) == "C1"
    assert refused(pack([(2,)] * 2, 0, count=1)) == "C1"


def test_refuses_axes_outside_C2():
    assert refused(pack([(2,)] * 2, 2)) == "C2"
    assert refused(pack([(2,)] * 2, -3)) == "C2"


def test_refuses_different_shapes_C3():
    assert refused(pack([(2,), (3,)], 0)) == "C3"
    assert refused(pack([(2,), (2, 1)], 0)) == "C3"


def test_refuses_a_change_of_quantization_C4():
    same = pack([(2,)] * 2, 0, quantizations=[(0.5, 3)] * 2, out=(0.5, 3))
    assert run(same, *[np.zeros(2, np.int8)] * 2).shape == (2, 2)
    assert refused(pack([(2,)] * 2, 0, quantizations=[(0.5, 3)] * 2, out=(0.5, 4))) == "C4"
    differ = [(0.5, 3), (0.25, 3)]
    assert refused(pack([(2,)] * 2, 0, quantizations=differ, out=(0.5, 3))) == "C4"
    assert refused(pack([(2,)] * 2, 0, out=(0.5, 0))) == "C4"


def test_refuses_versions_and_dtypes():
    assert refused(pack([(2,)], 0, version=6)) == "version"
    assert refused(pack([(2,)], 0, dtype="BOOL")) == "dtype"
    mixed = [operand("INT8", (2,)), operand("UINT8", (2,))]
    assert refused(node("PACK", mixed, operand("INT8", (2, 2)), values_count=2, axis=0)) == "dtype"
