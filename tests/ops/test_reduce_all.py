"""REDUCE_ALL: literal examples, empty selections, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.ops._op import prepare
from tests.ops.nodes import constant, node, operand, refused, run


def reduce(shape=(2, 3), axes=(1,), keep=False, dtype="BOOL", version=1):
    inputs = [operand(dtype, shape), constant("INT32", axes)]
    return node("REDUCE_ALL", inputs, operand(dtype, (1,)), keep_dims=keep, version=version)


@pytest.mark.parametrize("axes", [(), (0,), (1,), (-1,), (0, 1), (1, 1)])
@pytest.mark.parametrize("keep", [False, True])
def test_rows_and_columns(axes, keep):
    x = np.array([[True, False, True], [False, False, True]])
    out = run(reduce(axes=axes, keep=keep), x)
    rows = x.tolist()
    by_axes = {
        (): rows,
        (0,): [all(column) for column in zip(*rows, strict=True)],
        (1,): [all(row) for row in rows],
        (0, 1): all(all(row) for row in rows),
    }
    expected = by_axes[tuple(sorted({axis % 2 for axis in axes}))]
    assert out.reshape(-1).tolist() == np.array(expected).reshape(-1).tolist()


def test_nothing_gives_true():
    assert run(reduce((2, 0)), np.zeros((2, 0), bool)).tolist() == [True] * 2


def test_refuses_axes_outside_the_rank_C1():
    assert refused(reduce(axes=(2,))) == "C1"


def test_refuses_versions_and_dtypes():
    prepare(reduce())
    assert refused(reduce(version=2)) == "version"
    assert refused(reduce(dtype="INT8")) == "dtype"
