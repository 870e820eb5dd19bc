"""MIRROR_PAD: the definition element by element, both modes, the kernel, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import constant, node, operand, refused, run


def mirror_pad(
    shape, paddings, mode="REFLECT", dtype="INT8", index="INT32", out=(0.5, 0), **changes
):
    inputs = [
        operand(dtype, shape, 0.5, changes.pop("zero_point", 0)),
        constant(index, np.array(paddings, np.int64).reshape(-1, 2)),
    ]
    return node("MIRROR_PAD", inputs, operand(dtype, (1,) * len(shape), *out), mode=mode, **changes)


def test_literal():
    x = np.array([1, 2, 3], np.int8)
    assert run(mirror_pad((3,), [[2, 2]]), x, None).tolist() == [3, 2, 1, 2, 3, 2, 1]
    out = run(mirror_pad((3,), [[2, 3]], "SYMMETRIC"), x, None)
    assert out.tolist() == [2, 1, 1, 2, 3, 3, 2, 1]
    x = np.array([[1, 2], [3, 4]], np.int8)
    assert run(mirror_pad((2, 2), [[1, 0], [0, 1]]), x, None).tolist() == [
        [3, 4, 3],
        [1, 2, 1],
        [3, 4, 3],
    ]


def source(i, before, size, skipped):
    """Walk from the edge, turning round at each end of the axis."""
    i -= before
    if i < 0:
        return -i - 1 + skipped
    return i if i < size else 2 * size - 1 - skipped - i


CASES = [
    ((4, 3), [[3, 2], [1, 0]], "REFLECT"),
    ((4, 3), [[4, 4], [3, 1]], "SYMMETRIC"),
    ((1, 2, 3), [[0, 0], [1, 1], [2, 2]], "REFLECT"),
    ((1, 5, 5, 2), [[1, 1], [2, 5], [0, 3], [2, 0]], "SYMMETRIC"),
    ((1,), [[0, 0]], "REFLECT"),
]


@pytest.mark.parametrize(("shape", "paddings", "mode"), CASES)
def test_element_by_element(shape, paddings, mode):
    x = np.arange(np.prod(shape), dtype=np.int8).reshape(shape)
    out = run(mirror_pad(shape, paddings, mode), x, None)
    for index in np.ndindex(*out.shape):
        axes = zip(index, paddings, shape, strict=True)
        place = tuple(source(i, before, n, mode == "REFLECT") for i, (before, _), n in axes)
        assert out[index] == x[place]


@pytest.mark.parametrize(("shape", "paddings", "mode"), CASES)
@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16", "INT32", "INT64"])
def test_kernel(shape, paddings, mode, dtype):
    x = operand(dtype, shape, data=np.arange(np.prod(shape))).value
    assert_kernel_equals_spec(mirror_pad(shape, paddings, mode, dtype), x, None)


@pytest.mark.parametrize("dtype", ["BOOL", "FLOAT32", "UINT32", "FLOAT16", "COMPLEX64"])
@pytest.mark.parametrize("index", ["INT32", "INT64"])
def test_moves_every_dtype(dtype, index):
    x = operand(dtype, (2,), data=[0, 1]).value
    out = run(mirror_pad((2,), [[1, 1]], "REFLECT", dtype, index), x, None)
    assert out.tolist() == [1, 0, 1, 0]


def test_refuses_other_paddings_C1():
    assert refused(mirror_pad((3, 3), [[1, 1]])) == "C1"
    assert refused(mirror_pad((3,), [[1, -1]])) == "C1"


def test_refuses_other_modes_C2():
    assert refused(mirror_pad((3,), [[1, 1]], "MirrorPadMode(2)")) == "C2"


def test_refuses_more_than_there_is_C3():
    assert refused(mirror_pad((3,), [[3, 0]])) == "C3"
    assert refused(mirror_pad((3,), [[0, 4]], "SYMMETRIC")) == "C3"


def test_refuses_other_parameters_C4():
    assert refused(mirror_pad((3,), [[1, 1]], out=(0.25, 0))) == "C4"
    assert refused(mirror_pad((3,), [[1, 1]], out=(0.5, 1))) == "C4"
    symmetric = mirror_pad((3,), [[1, 1]], "REFLECT", "INT16", out=(0.5, 3), zero_point=3)
    assert refused(symmetric) == "C4"


def test_refuses_versions_and_dtypes():
    assert refused(mirror_pad((3,), [[1, 1]], version=4)) == "version"
    assert refused(mirror_pad((3,), [[1, 1]], "REFLECT", "INT4")) == "dtype"
    assert refused(mirror_pad((3,), [[1, 1]], index="INT16")) == "dtype"
