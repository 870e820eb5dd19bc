"""The digest of differences: counted by hand, and bounded whatever the tensor's size."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from refint8.oracle.diff_map import BINS, CHANNELS, FIRST, SIDE, Bin, Cells, Element, diff_map
from refint8.oracle.plain import plain


def test_equal_tensors_have_no_map():
    x = np.arange(6, dtype=np.int8)
    assert diff_map([(0, x, x.copy())]) is None
    assert diff_map([]) is None


def test_another_shape_or_dtype_has_no_map():
    x = np.arange(6, dtype=np.int8)
    assert diff_map([(0, x, x.reshape(2, 3) + np.int8(1))]) is None
    assert diff_map([(0, x, x.astype(np.int16) + np.int16(1))]) is None


def test_nhwc_counted_by_hand():
    ours = np.zeros((1, 2, 3, 2), np.int8)
    theirs = ours.copy()
    theirs[0, 0, 1, 0] = 1
    theirs[0, 0, 1, 1] = -1
    theirs[0, 1, 2, 1] = 1
    found = diff_map([(4, ours, ours), (7, ours, theirs)])
    assert (found.shape, found.dtype, found.samples) == ((1, 2, 3, 2), "int8", 2)
    assert (found.elements, found.differing, found.not_finite) == (24, 3, 0)
    assert found.histogram == (Bin(-1, -1, 1), Bin(1, 1, 2))
    assert found.channels == Cells((1, 2), (1, 1), ((1, 2),), ((12, 12),))
    assert found.plane == Cells((2, 3), (1, 1), ((0, 2, 0), (0, 0, 1)), ((4, 4, 4), (4, 4, 4)))
    assert found.first == (
        Element(7, (0, 0, 1, 0), 0, 1),
        Element(7, (0, 0, 1, 1), 0, -1),
        Element(7, (0, 1, 2, 1), 0, 1),
    )


def test_samples_are_summed():
    ours = np.zeros((2, 2), np.int16)
    found = diff_map([(0, ours, ours + np.int16(5)), (1, ours, ours - np.int16(5))])
    assert found.histogram == (Bin(-5, -5, 4), Bin(5, 5, 4))
    assert found.channels.differing == ((4, 4),)
    assert [e.sample for e in found.first] == [0, 0, 0, 0, 1, 1, 1, 1]


def test_samples_of_another_shape_are_left_out():
    small, large = np.zeros((1, 2), np.int8), np.zeros((3, 2), np.int8)
    found = diff_map([(0, large, large), (1, small, small + np.int8(1)), (2, large, large)])
    assert (found.shape, found.samples, found.elements, found.differing) == ((1, 2), 1, 2, 2)


@pytest.mark.parametrize("shape", [(), (5,), (1, 5), (1, 1, 1, 5)])
def test_no_plane_where_there_is_no_space(shape):
    found = diff_map([(0, np.zeros(shape, np.int8), np.ones(shape, np.int8))])
    assert found.plane is None
    assert (found.channels is None) == (shape == ())


def test_the_digest_of_a_large_tensor_is_small_and_complete():
    random = np.random.default_rng(0)
    ours = random.integers(-128, 128, (2, 130, 65, 600), np.int8)
    theirs = random.integers(-128, 128, ours.shape, np.int8)
    found = diff_map([(0, ours, theirs)])
    differing = int((ours != theirs).sum())
    assert len(found.histogram) <= BINS
    assert len(found.first) == FIRST
    assert len(found.channels.differing[0]) <= CHANNELS
    assert found.channels.step == (1, 3)
    assert found.plane.step == (3, 2)
    assert len(found.plane.differing) <= SIDE
    assert len(found.plane.differing[0]) <= SIDE
    assert sum(b.count for b in found.histogram) == differing
    for cells in (found.channels, found.plane):
        assert sum(map(sum, cells.differing)) == differing
        assert sum(map(sum, cells.elements)) == ours.size
        assert cells.differing[-1][-1] <= cells.elements[-1][-1]
    assert found.plane.elements[-1][-1] == 2 * 600 * 1 * 1  # 130 = 43 * 3 + 1, 65 = 32 * 2 + 1
    assert len(json.dumps(plain(found))) < 100_000


def test_bins_hold_what_they_say():
    ours = np.zeros(1000, np.int32)
    theirs = np.arange(-400, 600, dtype=np.int32)
    found = diff_map([(0, ours, theirs)])
    for held in found.histogram:
        inside = (theirs >= held.low) & (theirs <= held.high) & (theirs != 0)
        assert held.count == inside.sum()


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_differences_of_64_bits(dtype):
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    far = diff_map([(0, np.array([low, 0], dtype), np.array([high, 0], dtype))])
    assert far.histogram == (Bin(2.0**64, 2.0**64, 1),)
    near = diff_map([(0, np.array([high], dtype), np.array([high - 3], dtype))])
    assert near.histogram == (Bin(-3, -3, 1),)


def test_floats_with_nan_and_infinity():
    ours = np.array([0.0, 1.0, np.inf, 2.0, np.nan, 3e38], np.float32)
    theirs = np.array([-0.0, np.nan, 1.0, 2.5, np.nan, -3e38], np.float32)
    found = diff_map([(0, ours, theirs)])
    assert (found.differing, found.not_finite) == (5, 2)
    assert [b.count for b in found.histogram] == [1, 1, 1]
    assert math.isinf(found.first[2].ours)
    huge = np.full(100, 1.7e308)
    found = diff_map([(0, huge, huge - np.linspace(1e306, 1.7e308, 100))])
    assert sum(b.count for b in found.histogram) == 100


def test_booleans():
    found = diff_map([(0, np.array([True, False]), np.array([False, True]))])
    assert found.histogram == (Bin(-1, -1, 1), Bin(1, 1, 1))
