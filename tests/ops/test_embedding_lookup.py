"""EMBEDDING_LOOKUP: rows as they are and scaled, indices outside, the rules, every refusal."""

from __future__ import annotations

import struct
from fractions import Fraction

import numpy as np
import pytest

from refint8.errors import DomainError
from tests.ops.kernels import assert_alarm, assert_kernel_equals_spec, why_not_fast
from tests.ops.nodes import constant, node, operand, refused, run


def lookup(table, indices=(2,), dtype="INT8", out=None, index="INT32", **changes):
    quantized = {key: changes.pop(key) for key in ("scale", "zero_point") if key in changes}
    given = operand(index, indices) if isinstance(indices, tuple) else constant(index, indices)
    inputs = [given, operand(dtype, table, **quantized)]
    return node("EMBEDDING_LOOKUP", inputs, operand(out or dtype, (1,) * len(table)), **changes)


def test_literal():
    table = np.array([[1, 2], [3, 4], [5, 6]], np.int8)
    out = run(lookup((3, 2)), np.array([2, 0], np.int32), table)
    assert out.tolist() == [[5, 6], [1, 2]]
    scaled = lookup((3, 2), out="FLOAT32", scale=0.5)
    assert run(scaled, np.array([2, 1], np.int32), table).tolist() == [[2.5, 3], [1.5, 2]]
    rows = lookup((3, 2), out="FLOAT32", scale=[0.5, 0.25, 2])
    assert run(rows, np.array([2, 1], np.int32), table).tolist() == [[10, 12], [0.75, 1]]


@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16", "INT32", "FLOAT32", "INT64", "BOOL"])
def test_rows_as_they_are_and_kernel(dtype):
    table = operand(dtype, (5, 3, 2), data=np.arange(30)).value
    indices = np.array([4, 0, 4, 2], np.int32)
    operator = lookup(table.shape, (4,), dtype)
    assert np.array_equal(run(operator, indices, table), np.stack([table[i] for i in indices]))
    assert_kernel_equals_spec(operator, indices, table)
    assert_kernel_equals_spec(lookup(table.shape, indices, dtype), None, table)


def float32(x):
    return struct.unpack("<f", struct.pack("<f", float(x)))[0]


@pytest.mark.parametrize("dtype", ["INT8", "INT4", "INT2"])
def test_scaled_rows_are_rounded_once(dtype):
    low, high = {"INT8": (-128, 127), "INT4": (-8, 7), "INT2": (-2, 1)}[dtype]
    table = np.arange(low, high + 1, dtype=np.int8).reshape(2, -1)
    scales = [float32(0.1), float32(1 / 3)]
    out = run(
        lookup(table.shape, dtype=dtype, out="FLOAT32", scale=scales),
        np.arange(2, dtype=np.int32),
        table,
    )
    for row, column in np.ndindex(*table.shape):
        exact = Fraction(scales[row]) * int(table[row, column])
        assert float(out[row, column]) == float32(exact)
    half = lookup(table.shape, dtype=dtype, out="FLOAT16", scale=scales)
    assert np.array_equal(run(half, np.arange(2, dtype=np.int32), table), out.astype(np.float16))
    assert "real numbers" in why_not_fast(half, np.arange(2, dtype=np.int32), table)


def test_the_rules():
    table, first = np.array([[200], [100]], np.uint8), np.array([0, 1], np.int32)
    for rules, expected in (("tflite", [[100], [50]]), ("litert-ref", [[-28], [50]])):
        operator = lookup((2, 1), dtype="UINT8", out="FLOAT32", scale=0.5, rules=rules)
        assert run(operator, first, table).tolist() == expected
    table = table.astype(np.int8)
    for rules, expected in (("tflite", [[-28], [25]]), ("tflm", [[-28], [50]])):
        operator = lookup((2, 1), out="FLOAT32", scale=[0.5, 0.25], rules=rules)
        assert run(operator, first, table).tolist() == expected


@pytest.mark.parametrize("index", [-1, 3, 2**31 - 1])
def test_reports_indices_outside(index):
    table, indices = np.zeros((3, 2), np.int8), np.array([0, index], np.int32)
    with pytest.raises(DomainError, match=f"index {index} is outside a table of 3 rows"):
        run(lookup((3, 2)), indices, table)
    assert_alarm(lookup((3, 2)), indices, table)
    assert "outside" in why_not_fast(lookup((3, 2), indices), None, table)


def test_refuses_other_shapes_C1():
    assert refused(lookup((3,))) == "C1"
    assert refused(lookup((3, 2), (1, 2))) == "C1"


def test_refuses_zero_points_of_scaled_tables_C2():
    assert refused(lookup((3, 2), out="FLOAT32", scale=0.5, zero_point=1)) == "C2"


def test_refuses_scales_that_are_not_of_the_rows_C3():
    assert refused(lookup((3, 2), out="FLOAT32", scale=[0.5, 0.25])) == "C3"
    assert refused(lookup((2, 2), scale=[0.5, 0.25])) == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(lookup((3, 2), version=6)) == "version"
    assert refused(lookup((3, 2), index="INT64")) == "dtype"
    assert refused(lookup((3, 2), dtype="INT16", out="FLOAT32")) == "dtype"
