"""PAD: what fills the border, the definition element by element, and every refusal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from refint8.numerics.rules import Rules
from tests.ops.nodes import constant, node, operand, refused, run


def pad(shape, paddings, dtype="INT8", x=(), out=(), counts="INT32", **changes):
    matrix = np.array(paddings, np.int64).reshape(-1, 2)
    inputs = [operand(dtype, shape, *x), constant(counts, matrix)]
    return node("PAD", inputs, operand(dtype, (1,), *out), **changes)


def test_literal():
    x = np.array([[1, 2], [3, 4]], np.int8)
    padded = run(pad((2, 2), [(1, 0), (0, 2)], x=(0.5, -7), out=(0.5, -7)), x, None)
    assert padded.tolist() == [[-7, -7, -7, -7], [1, 2, -7, -7], [3, 4, -7, -7]]


def test_rank_5_element_by_element():
    shape, paddings = (1, 2, 3, 2, 2), [(0, 1), (2, 0), (1, 1), (0, 0), (3, 1)]
    x = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
    out = run(pad(shape, paddings, "INT16"), x, None)
    assert out.shape == (2, 4, 5, 2, 6)
    for index in np.ndindex(*out.shape):
        source = tuple(i - before for i, (before, _) in zip(index, paddings, strict=True))
        inside = all(0 <= i < size for i, size in zip(source, shape, strict=True))
        assert out[index] == (x[source] if inside else 0)


@pytest.mark.parametrize(
    "dtype, x, out, fill",
    [
        ("INT8", (0.5, 3), (0.25, -9), -9),  # the output's, not the input's
        ("INT8", (0.5, 3), (), 0),
        ("INT8", (), (0.25, -9), 0),  # an unquantized input
        ("UINT8", (), (0.25, 200), 200),  # but uint8
        ("UINT8", (), (), 0),
        ("INT16", (0.5, 3), (0.25, -999), -999),
        ("INT16", (), (0.25, -999), 0),
        ("INT32", (0.5, 3), (0.25, 9), 0),
        ("INT8", (0.5, 3), ([0.25, 0.5], [-9, -9]), 0),  # several zero points count as none
    ],
)
def test_what_fills(dtype, x, out, fill):
    value = operand(dtype, (1,), data=[5]).value
    assert run(pad((1,), [(1, 1)], dtype, x, out), value, None).tolist() == [fill, 5, fill]


@pytest.mark.parametrize("dtype", ["FLOAT32", "FLOAT16", "INT64", "BOOL", "INT32"])
def test_other_dtypes_are_padded_with_0(dtype):
    x = operand(dtype, (1,), data=[1]).value
    assert run(pad((1,), [(0, 1)], dtype), x, None).tolist() == [1, 0]


@pytest.mark.parametrize("counts", ["INT32", "INT64", "INT8", "INT16", "BOOL"])
def test_dtypes_of_the_paddings(counts):
    x = np.array([5], np.int8)
    assert run(pad((1,), [(1, 0)], counts=counts), x, None).tolist() == [0, 5]


def test_rank_0_and_empty():
    assert run(pad((), []), np.int8(5).reshape(()), None).tolist() == 5
    filled = run(
        pad((0, 1), [(1, 0), (1, 0)], x=(0.5, 1), out=(0.5, 1)), np.zeros((0, 1), np.int8), None
    )
    assert filled.tolist() == [[1, 1]]


@pytest.mark.parametrize(
    "dtype, alternative, fill",
    [
        ("INT8", "zero_point", 7),
        ("INT8", "zero_for_int16", 7),
        ("INT8", "zero", 0),
        ("INT16", "zero_point", 7),
        ("INT16", "zero_for_int16", 0),
        ("UINT8", "zero", 0),
    ],
)
def test_the_rule_pad_value(dtype, alternative, fill):
    operator = pad((1,), [(1, 0)], dtype, (0.5, 7), (0.5, 7))
    operator = replace(operator, rules=Rules(pad_value=alternative))
    assert run(operator, operand(dtype, (1,), data=[5]).value, None).tolist() == [fill, 5]


def test_refuses_ranks_above_5_C1():
    assert refused(pad((1,) * 6, [(0, 0)] * 6)) == "C1"


def test_refuses_other_and_negative_paddings_C2():
    assert refused(pad((2, 2), [(1, 1)])) == "C2"
    assert refused(pad((2,), [(-1, 1)])) == "C2"
    assert refused(pad((2,), [(1, -1)])) == "C2"
    flat = [operand("INT8", (2,)), constant("INT32", [1, 1])]
    assert refused(node("PAD", flat, operand("INT8", (4,)))) == "C2"


def test_refuses_a_zero_point_outside_the_dtype_C3():
    assert refused(pad((2,), [(1, 1)], x=(0.5, 0), out=(0.5, 128))) == "C3"
    assert refused(pad((2,), [(1, 1)], x=(0.5, 0), out=(0.5, -129))) == "C3"
    assert refused(pad((2,), [(1, 1)], "UINT8", out=(0.5, -1))) == "C3"
    assert refused(pad((2,), [(1, 1)], "INT16", (0.5, 0), (0.5, 32768))) == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(pad((2,), [(1, 1)], version=7)) == "version"
    assert refused(pad((2,), [(1, 1)], "INT4")) == "dtype"
    assert refused(pad((2,), [(1, 1)], counts="UINT8")) == "dtype"
