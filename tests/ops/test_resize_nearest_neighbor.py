"""RESIZE_NEAREST_NEIGHBOR: float32 indices with constructed ties, and every refusal."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from tests.ops.nodes import constant, node, operand, refused, run
from tests.ops.python_integers import float32, round_half_away


def resize(shape, size, align=False, half=False, dtype="INT8", size_dtype="INT32", **changes):
    inputs = [operand(dtype, shape), constant(size_dtype, np.array(size, np.int32))]
    return node(
        "RESIZE_NEAREST_NEIGHBOR",
        inputs,
        operand(dtype, (1,)),
        align_corners=align,
        half_pixel_centers=half,
        **changes,
    )


def resized_line(size, out, align, half):
    """The source column of every output column, read off an image of column numbers."""
    x = np.arange(size, dtype=np.int16).reshape(1, 1, size, 1)
    return run(resize(x.shape, (1, out), align, half, "INT16"), x, None).reshape(-1).tolist()


def nearest(i, size, out, align, half):
    """The formula of the docstring, one number at a time."""
    scale = float32((size - 1) / (out - 1)) if align and out > 1 else float32(size / out)
    value = float32(float32(i + (0.5 if half else 0.0)) * scale)
    index = round_half_away(Fraction(value)) if align else math.floor(value)
    return min(index, size - 1)


def test_literal():
    x = np.array([[1, 2], [3, 4]], np.int8).reshape(1, 2, 2, 1)
    out = run(resize(x.shape, (4, 3)), x, None)
    assert out.reshape(4, 3).tolist() == [[1, 1, 2], [1, 1, 2], [3, 3, 4], [3, 3, 4]]


@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("half", [False, True])
def test_all_small_sizes(align, half):
    for size in range(1, 14):
        for out in range(1, 26):
            expected = [nearest(i, size, out, align, half) for i in range(out)]
            assert resized_line(size, out, align, half) == expected, (size, out)


@pytest.mark.parametrize(
    "size, out, align, half, i, expected",
    [
        # The exact position is a whole number (or a tie), float32 falls just short of it.
        (2, 82, False, False, 41, 0),
        (2, 41, False, True, 20, 0),
        (2, 83, True, False, 41, 0),
        (2, 42, True, True, 20, 0),
    ],
)
def test_float32_at_constructed_ties(size, out, align, half, i, expected):
    exact = (i + Fraction(half, 2)) * (
        Fraction(size - 1, out - 1) if align else Fraction(size, out)
    )
    assert (round_half_away(exact) if align else math.floor(exact)) == expected + 1
    assert resized_line(size, out, align, half)[i] == expected


def test_batches_and_channels_stay_together():
    x = np.arange(2 * 2 * 3 * 4, dtype=np.int8).reshape(2, 2, 3, 4)
    out = run(resize(x.shape, (3, 2)), x, None)
    for n, row, column, c in np.ndindex(*out.shape):
        source = n, nearest(row, 2, 3, False, False), nearest(column, 3, 2, False, False), c
        assert out[n, row, column, c] == x[source]


@pytest.mark.parametrize("dtype", ["FLOAT32", "INT32", "UINT16", "UINT8", "BOOL"])
def test_moves_every_dtype(dtype):
    x = operand(dtype, (1, 1, 2, 1), data=[0, 1]).value
    out = run(resize(x.shape, (1, 4), dtype=dtype), x, None)
    assert out.reshape(-1).tolist() == [0, 0, 1, 1]


def test_empty_results():
    assert run(resize((1, 2, 2, 1), (0, 3)), np.zeros((1, 2, 2, 1), np.int8), None).size == 0
    assert run(resize((0, 2, 2, 1), (1, 3)), np.zeros((0, 2, 2, 1), np.int8), None).size == 0


def test_refuses_other_ranks_C1():
    assert refused(resize((2, 2, 1), (1, 1))) == "C1"
    assert refused(resize((1, 2, 2, 1), (1, 1, 1))) == "C1"
    assert refused(resize((1, 2, 2, 1), [[1, 1]])) == "C1"


def test_refuses_negative_sizes_and_empty_images_C2():
    assert refused(resize((1, 2, 2, 1), (-1, 1))) == "C2"
    assert refused(resize((1, 0, 2, 1), (1, 1))) == "C2"
    assert refused(resize((1, 2, 0, 1), (1, 1))) == "C2"


def test_refuses_versions_and_dtypes():
    assert refused(resize((1, 2, 2, 1), (1, 1), version=5)) == "version"
    assert refused(resize((1, 2, 2, 1), (1, 1), dtype="INT64")) == "dtype"
    assert refused(resize((1, 2, 2, 1), (1, 1), dtype="INT4")) == "dtype"
    assert refused(resize((1, 2, 2, 1), (1, 1), size_dtype="INT64")) == "dtype"
