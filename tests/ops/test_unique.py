"""UNIQUE: order of appearance against a dictionary, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.nodes import node, operand, refused, run_all


def unique(x, index="INT32", option=None, dtype=None, **changes):
    x = np.asarray(x)
    name = dtype or x.dtype.name.upper()
    outputs = [operand(name, (1,)), operand(index, (1,))]
    given = operand(name, x.shape, data=x)
    return node("UNIQUE", [given], outputs, idx_out_type=option or index, **changes)


def found(x, index="INT32"):
    return [part.tolist() for part in run_all(unique(x, index), x)]


def test_literal():
    assert found(np.array([5, -3, 5, 7, -3], np.int8)) == [[5, -3, 7], [0, 1, 0, 2, 1]]
    assert found(np.zeros(0, np.int8)) == [[], []]
    assert found(np.array([0.0, -0.0, 1.5], np.float32)) == [[0.0, 1.5], [0, 0, 1]]


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32, np.int64, np.float32])
@pytest.mark.parametrize("index", ["INT32", "INT64"])
def test_against_a_dictionary(dtype, index):
    x = np.random.default_rng(2).integers(0, 40, 200).astype(dtype)
    numbers = {}
    for value in x.tolist():
        numbers.setdefault(value, len(numbers))
    assert found(x, index) == [list(numbers), [numbers[value] for value in x.tolist()]]


def test_refuses_other_ranks_C1():
    assert refused(unique(np.zeros((2, 2), np.int8))) == "C1"
    assert refused(unique(np.array(3, np.int8))) == "C1"


def test_refuses_a_declared_dtype_that_is_not_the_options_C2():
    assert refused(unique(np.zeros(2, np.int8), "INT32", "INT64")) == "C2"


def test_refuses_nan_C3():
    assert refused(unique(np.array([1, np.nan], np.float32))) == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(unique(np.zeros(2, np.int8), version=2)) == "version"
    assert refused(unique(np.zeros(2, bool), dtype="BOOL")) == "dtype"
    assert refused(unique(np.zeros(2, np.int8), "INT16")) == "dtype"
