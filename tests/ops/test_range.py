"""RANGE: counts in both directions, float32's sums, and every refusal."""

from __future__ import annotations

import struct
from fractions import Fraction

import numpy as np
import pytest

from tests.ops.nodes import constant, node, operand, refused, run


def range_(start, limit, delta, dtype="INT32", **changes):
    inputs = [constant(dtype, value) for value in (start, limit, delta)]
    return node("RANGE", inputs, operand(dtype, (1,)), **changes)


def numbers(start, limit, delta, dtype="INT32"):
    operator = range_(start, limit, delta, dtype)
    return run(operator, *(operand_.value for operand_ in operator.inputs)).tolist()


def test_literal():
    assert numbers(0, 5, 1) == [0, 1, 2, 3, 4]
    assert numbers(10, 3, -4) == [10, 6]
    assert numbers(3, 3, 1) == []
    assert numbers(3, 3, -1) == []
    assert numbers(-4, 7, 5, "INT64") == [-4, 1, 6]
    assert numbers(0, 1, 0.25, "FLOAT32") == [0, 0.25, 0.5, 0.75]


@pytest.mark.parametrize("dtype", ["INT32", "INT64"])
def test_every_small_range(dtype):
    for start in range(-3, 4):
        for limit in range(-6, 7):
            for delta in (-3, -2, -1, 1, 2, 3):
                if (limit - start) * delta >= 0:
                    assert numbers(start, limit, delta, dtype) == list(range(start, limit, delta))


def float32(x):
    """The nearest float32 to a fraction that float64 holds."""
    return Fraction(struct.unpack("<f", struct.pack("<f", float(x)))[0])


def test_float32_adds_up():
    delta, value, expected = float32(0.1), Fraction(0), []
    for _ in range(100):
        expected.append(float(value))
        value = float32(value + delta)
    found = numbers(0, 10, 0.1, "FLOAT32")
    assert found == expected
    assert found[99] != float(float32(99 * delta))  # the product would be another number


def test_refuses_what_is_no_scalar_C1():
    assert refused(range_([0], 5, 1)) == "C1"
    assert refused(range_(0, 5, [1])) == "C1"


def test_refuses_ways_that_do_not_lead_there_C2():
    assert refused(range_(0, 5, 0)) == "C2"
    assert refused(range_(0, 5, -1)) == "C2"
    assert refused(range_(5, 0, 1)) == "C2"
    assert refused(range_(0.0, np.nan, 1.0, "FLOAT32")) == "C2"


def test_refuses_ways_that_are_too_far_C3():
    assert refused(range_(-(2**31), 2**31 - 1, 2**31 - 1)) == "C3"
    assert refused(range_(0, 2**40, 2**30, "INT64")) == "C3"
    assert refused(range_(0.0, 3e38, 1e-3, "FLOAT32")) == "C3"
    assert refused(range_(0.0, np.inf, 1.0, "FLOAT32")) == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(range_(0, 1, 1, version=3)) == "version"
    assert refused(range_(0, 1, 1, "INT16")) == "dtype"
