"""SQUEEZE: literal shapes, bytes untouched, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.nodes import node, operand, refused, run


def squeeze(shape, dims=(), dtype="INT8", **changes):
    return node(
        "SQUEEZE", [operand(dtype, shape)], operand(dtype, (1,)), squeeze_dims=dims, **changes
    )


@pytest.mark.parametrize(
    "shape, dims, expected",
    [
        ((1, 2, 1, 3), (), (2, 3)),
        ((1, 2, 1, 3), (0,), (2, 1, 3)),
        ((1, 2, 1, 3), (-2,), (1, 2, 3)),
        ((1, 2, 1, 3), (0, -4, 2), (2, 3)),  # 0 and -4 are the same axis
        ((1, 1), (), ()),
        ((), (), ()),
        ((2, 3), (), (2, 3)),
        ((0, 1, 2), (), (0, 2)),
        ((1, 1, 1, 1, 1, 1, 1, 2), (6,), (1, 1, 1, 1, 1, 1, 2)),
    ],
)
def test_drops_axes_and_keeps_the_order(shape, dims, expected):
    x = np.arange(np.prod(shape), dtype=np.int8).reshape(shape)
    out = run(squeeze(shape, dims), x)
    assert out.shape == expected
    assert out.reshape(-1).tolist() == list(range(x.size))


@pytest.mark.parametrize("dtype", ["FLOAT32", "INT64", "BOOL", "INT4", "COMPLEX128"])
def test_moves_every_dtype(dtype):
    x = operand(dtype, (1, 2), data=[0, 1]).value
    assert run(squeeze((1, 2), dtype=dtype), x).tolist() == [0, 1]


def test_keeps_the_bits_of_a_nan():
    x = np.array([[0x7FC12345]], np.uint32).view(np.float32)
    assert run(squeeze((1, 1), (0,), "FLOAT32"), x).view(np.uint32).tolist() == [0x7FC12345]


def test_the_result_is_a_copy():
    x = np.zeros((1, 2), np.int8)
    out = run(squeeze((1, 2)), x)
    x[...] = 1
    assert out.tolist() == [0, 0]


def test_refuses_ranks_above_8_C1():
    assert refused(squeeze((1,) * 9)) == "C1"


def test_refuses_axes_that_are_not_there_or_not_1_C2():
    assert refused(squeeze((1, 2), (2,))) == "C2"
    assert refused(squeeze((1, 2), (-3,))) == "C2"
    assert refused(squeeze((1, 2), (1,))) == "C2"
    assert refused(squeeze((), (0,))) == "C2"


def test_refuses_versions_and_dtypes():
    assert refused(squeeze((1, 2), version=3)) == "version"
    mixed = node("SQUEEZE", [operand("INT8", (1,))], operand("INT16", (1,)), squeeze_dims=())
    assert refused(mixed) == "dtype"
