"""REDUCE_MIN: every choice of axes, all dtypes, empty selections, and every refusal."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from refint8.ops._op import prepare
from tests.ops.nodes import constant, node, operand, refused, run

DTYPES = ["UINT8", "INT8", "INT16", "INT32", "INT64"]


def reduce(dtype="INT8", shape=(2, 3, 4), axes=(1,), keep=False, scales=(0.5, 0.5), **changes):
    zero_points = changes.pop("zero_points", (0, 0))
    if dtype in ("INT32", "INT64"):
        scales = (None, None)
    inputs = [operand(dtype, shape, scales[0], zero_points[0]), constant("INT32", axes)]
    out = operand(dtype, (1,), scales[1], zero_points[1])
    return node("REDUCE_MIN", inputs, out, keep_dims=keep, **changes)


def test_literal():
    x = np.array([[1, -5, 3], [7, 7, -128]], np.int8)
    assert run(reduce(shape=(2, 3), axes=(1,)), x).tolist() == [-5, -128]
    assert run(reduce(shape=(2, 3), axes=(0,)), x).tolist() == [1, -5, -128]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("keep", [False, True])
def test_every_choice_of_axes(dtype, keep):
    limits = np.iinfo(dtype.lower())
    rng = np.random.default_rng(2)
    x = rng.integers(limits.min, limits.max, (2, 3, 4), dtype.lower(), endpoint=True)
    for count in range(4):
        for axes in itertools.combinations((0, -2, 2), count):
            resolved = [axis % 3 for axis in axes]
            out = run(reduce(dtype, x.shape, axes, keep), x)
            kept = [range(1) if i in resolved else range(n) for i, n in enumerate(x.shape)]
            found = []
            for index in itertools.product(*kept):
                picks = [range(x.shape[i]) if i in resolved else [index[i]] for i in range(3)]
                found.append(min(int(x[at]) for at in itertools.product(*picks)))
            assert out.reshape(-1).tolist() == found


def test_nothing_gives_the_highest_value():
    x = np.zeros((2, 0), np.int8)
    assert run(reduce(shape=(2, 0)), x).tolist() == [127] * 2


def test_refuses_axes_outside_the_rank_C1():
    assert refused(reduce(axes=(3,))) == "C1"
    assert refused(reduce(axes=(-4,))) == "C1"


def test_refuses_other_parameters_C2():
    assert refused(reduce(scales=(0.5, 0.25))) == "C2"
    assert refused(reduce("UINT8", zero_points=(1, 2))) == "C2"


def test_refuses_asymmetric_int16_C3():
    assert refused(reduce("INT16", zero_points=(1, 1))) == "C3"


def test_refuses_versions_and_dtypes():
    prepare(reduce(version=3))
    assert refused(reduce(version=4)) == "version"
    assert refused(reduce("FLOAT32")) == "dtype"
