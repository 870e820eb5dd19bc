"""Resize coordinates at the edges of an image; the formulas whole are in the operators' tests."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.numerics.resize import (
    blend_float32,
    blend_q10,
    linear_float32,
    linear_q10,
    nearest,
)


def test_nearest_is_int64_and_inside():
    for align in (False, True):
        for half in (False, True):
            index = nearest(3, 100, align_corners=align, half_pixel_centers=half)
            assert index.dtype == np.int64
            assert (index.min(), index.max()) == (0, 2)
            assert (np.diff(index) >= 0).all()


def test_nearest_of_nothing():
    assert nearest(3, 0, align_corners=False, half_pixel_centers=False).shape == (0,)


def test_one_output_pixel_ignores_align_corners():
    assert nearest(5, 1, align_corners=True, half_pixel_centers=True).tolist() == [3]
    line = linear_q10(5, 1, align_corners=True, half_pixel_centers=False)
    assert (line.lower.tolist(), line.fraction.tolist()) == ([0], [0])


@pytest.mark.parametrize("linear", [linear_float32, linear_q10])
def test_half_pixels_reach_before_the_first_and_past_the_last(linear):
    line = linear(2, 4, align_corners=False, half_pixel_centers=True)
    assert (line.lower.tolist(), line.upper.tolist()) == ([0, 0, 0, 1], [0, 1, 1, 1])
    one = 1 if line.fraction.dtype == np.float32 else 1024
    assert (line.fraction / one).tolist() == [-0.25, 0.25, 0.75, 0.25]


def test_float32_lines_hold_float32():
    line = linear_float32(3, 7, align_corners=False, half_pixel_centers=False)
    assert (line.lower.dtype, line.fraction.dtype) == (np.int64, np.float32)


def test_q10_reports_what_int32_cannot_hold():
    with pytest.raises(DomainError, match="leave 32 bits"):
        linear_q10(1 << 21, 3, align_corners=False, half_pixel_centers=False)


def test_blend_q10_rounds_ties_away_from_zero():
    half = np.array([512])
    for low, high, expected in ((0, 1, 1), (0, -1, -1), (-2, -1, -2), (1, 2, 2), (-1, 1, 0)):
        v = [np.array([value], np.int8) for value in (low, low, high, high)]
        assert blend_q10(*v, np.array([0]), half).tolist() == [expected]


def test_blend_float32_rounds_ties_up():
    half, zero = np.array([0.5], np.float32), np.array([0], np.float32)
    for low, high, expected in ((0, 1, 1), (254, 255, 255), (3, 5, 4)):
        v = [np.array([value], np.uint8) for value in (low, low, high, high)]
        assert blend_float32(*v, zero, half).tolist() == [expected]
