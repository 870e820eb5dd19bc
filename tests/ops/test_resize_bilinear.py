"""RESIZE_BILINEAR: integers in Python, float32 in Python, constructed ties, and every refusal."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.nodes import constant, node, operand, refused, run
from tests.ops.python_integers import float32, round_half_away

MODES = [(False, False), (True, False), (False, True)]


def resize(shape, size, align=False, half=False, dtype="INT8", size_dtype="INT32", **changes):
    inputs = [operand(dtype, shape), constant(size_dtype, np.array(size, np.int32))]
    return node(
        "RESIZE_BILINEAR",
        inputs,
        operand(dtype, (1,)),
        align_corners=align,
        half_pixel_centers=half,
        **changes,
    )


def truncated(a, b):
    return int(Fraction(a, b))


def line_q10(i, size, out, align, half):
    """(lower, upper, fraction) of the docstring, in integers."""
    scale = (1024 * size + out // 2) // out
    if align and out > 1:
        scale = (1024 * (size - 1) + (out - 1) // 2) // (out - 1)
    position = i * scale + (scale // 2 - 512 if half else 0)
    lower = max(truncated(position, 1024), 0)
    return lower, min(truncated(position + 1023, 1024), size - 1), position - 1024 * lower


def line_float32(i, size, out, align, half):
    """(lower, upper, fraction) of the docstring, in float32."""
    scale = float32((size - 1) / (out - 1)) if align and out > 1 else float32(size / out)
    position = float32((i + 0.5) * scale) if half else float32(i * scale)
    if half:
        position = float32(position - 0.5)
    lower = max(math.floor(position), 0)
    return lower, min(math.ceil(position), size - 1), float32(position - lower)


def blend_q10(corners, dy, dx):
    weights = (1024 - dy) * (1024 - dx), dy * (1024 - dx), (1024 - dy) * dx, dy * dx
    total = sum(v * w for v, w in zip(corners, weights, strict=True))
    return round_half_away(Fraction(total, 1 << 20))


def blend_float32(corners, dy, dx):
    ry, rx = float32(1 - dy), float32(1 - dx)
    total = 0.0
    for v, (a, b) in zip(corners, ((ry, rx), (dy, rx), (ry, dx), (dy, dx)), strict=True):
        total = float32(total + float32(float32(v * a) * b))
    return int(float32(total + 0.5))


def check_equal(x, size, align, half, dtype):
    line, blend = (line_float32, blend_float32) if dtype == "UINT8" else (line_q10, blend_q10)
    out = run(resize(x.shape, size, align, half, dtype), x, None)
    for n, row, column, c in np.ndindex(*out.shape):
        y0, y1, dy = line(row, x.shape[1], size[0], align, half)
        x0, x1, dx = line(column, x.shape[2], size[1], align, half)
        corners = [int(x[n, j, i, c]) for j, i in ((y0, x0), (y1, x0), (y0, x1), (y1, x1))]
        assert out[n, row, column, c] == blend(corners, dy, dx), (row, column)


def test_literal():
    x = np.array([[0, 10], [20, 30]], np.int8).reshape(1, 2, 2, 1)
    out = run(resize(x.shape, (3, 3), align=True), x, None)
    assert out.reshape(3, 3).tolist() == [[0, 5, 10], [10, 15, 20], [20, 25, 30]]
    ties = np.array([-1, 0, 1, 2], np.int8).reshape(1, 1, 4, 1)
    out = run(resize(ties.shape, (1, 7), align=True), ties, None)
    assert out.reshape(-1).tolist() == [-1, -1, 0, 1, 1, 2, 2]  # ties away from zero


@pytest.mark.parametrize("align, half", MODES)
@pytest.mark.parametrize("dtype", ["INT8", "INT16", "UINT8"])
@pytest.mark.parametrize("size", [(1, 1), (2, 9), (5, 3), (13, 8), (7, 7)])
def test_equals_python(align, half, dtype, size):
    rng = np.random.default_rng(size[0])
    info = np.iinfo(dtype.lower())
    for shape in ((2, 3, 4, 2), (1, 1, 1, 1), (1, 7, 5, 1), (1, 2, 2, 3)):
        x = rng.integers(info.min, info.max + 1, shape).astype(dtype.lower())
        check_equal(x, size, align, half, dtype)
        check_equal(
            rng.choice([info.min, info.max], shape).astype(x.dtype), size, align, half, dtype
        )


@pytest.mark.parametrize(
    "size, align, half, values, at, expected, in_double",
    [
        (12, False, False, [235, 51, 87, 240], (11, 1), 112, 113),
        (7, True, False, [183, 175, 35, 150], (1, 2), 162, 163),
        (3, False, True, [243, 80, 176, 96], (0, 1), 161, 162),
    ],
)
def test_uint8_at_constructed_ties(size, align, half, values, at, expected, in_double):
    x = np.array(values, np.uint8).reshape(1, 2, 2, 1)
    out = run(resize(x.shape, (size, size), align, half, "UINT8"), x, None)
    assert out[0, at[0], at[1], 0] == expected != in_double


@pytest.mark.parametrize("dtype", ["INT8", "INT16", "UINT8"])
def test_a_constant_image_stays_constant(dtype):
    info = np.iinfo(dtype.lower())
    for value in (info.min, info.max, 0, 1):
        for align, half in MODES:
            x = np.full((1, 3, 5, 1), value, dtype.lower())
            assert (run(resize(x.shape, (7, 4), align, half, dtype), x, None) == value).all()


def test_quantization_is_not_looked_at():
    inputs = [operand("INT8", (1, 1, 1, 1), 0.5, 3), constant("INT32", [1, 1])]
    out = operand("INT8", (1, 1, 1, 1), 0.25, 4)
    operator = node("RESIZE_BILINEAR", inputs, out, align_corners=False, half_pixel_centers=False)
    assert run(operator, np.full((1, 1, 1, 1), 9, np.int8), None).tolist() == [[[[9]]]]


def test_reports_positions_beyond_int32():
    with pytest.raises(DomainError, match="leave 32 bits"):
        prepare(resize((1, 1, 1 << 21, 1), (1, 2)))
    assert prepare(resize((1, 1, 1 << 21, 1), (1, 2), dtype="UINT8")).shapes == ((1, 1, 2, 1),)
    assert prepare(resize((1, 1, (1 << 21) - 2, 1), (1, 2))).shapes == ((1, 1, 2, 1),)


@pytest.mark.parametrize("dtype", ["INT8", "INT16"])
def test_reports_scales_that_lead_past_the_last_pixel(dtype):
    # (1024 * 65 + 256) / 513 = 130 is rounded up: 512 * 130 = 65 * 1024, pixel 65 of 0..64.
    for shape, size in (((1, 65, 1, 1), (513, 1)), ((1, 1, 65, 1), (1, 513))):
        with pytest.raises(DomainError, match="leads to pixel 65, outside the axis"):
            prepare(resize(shape, size, dtype=dtype))
    assert prepare(resize((1, 65, 1, 1), (513, 1), align=True, dtype=dtype)).rows.lower.max() == 64
    assert prepare(resize((1, 65, 1, 1), (513, 1), dtype="UINT8")).rows.lower.max() == 64


def test_empty_batches():
    assert run(resize((0, 2, 2, 1), (1, 3)), np.zeros((0, 2, 2, 1), np.int8), None).size == 0


def test_refuses_other_ranks_C1():
    assert refused(resize((2, 2, 1), (1, 1))) == "C1"
    assert refused(resize((1, 2, 2, 1), (1, 1, 1))) == "C1"


def test_refuses_sizes_below_1_and_empty_images_C2():
    assert refused(resize((1, 2, 2, 1), (0, 1))) == "C2"
    assert refused(resize((1, 2, 2, 1), (1, -1))) == "C2"
    assert refused(resize((1, 0, 2, 1), (1, 1))) == "C2"


def test_refuses_both_options_C3():
    assert refused(resize((1, 2, 2, 1), (1, 1), True, True)) == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(resize((1, 2, 2, 1), (1, 1), version=5)) == "version"
    assert refused(resize((1, 2, 2, 1), (1, 1), dtype="FLOAT32")) == "dtype"
    assert refused(resize((1, 2, 2, 1), (1, 1), dtype="INT32")) == "dtype"
