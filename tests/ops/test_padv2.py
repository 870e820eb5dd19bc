"""PADV2: a raw value around the input, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.nodes import constant, node, operand, refused, run


def padv2(shape, paddings, dtype="INT8", quantizations=((), (), ()), value_shape=(), **changes):
    x, value, out = quantizations
    inputs = [
        operand(dtype, shape, *x),
        constant("INT32", np.array(paddings, np.int64).reshape(-1, 2)),
        operand(dtype, value_shape, *value),
    ]
    return node("PADV2", inputs, operand(dtype, (1,), *out), **changes)


@pytest.mark.parametrize("value_shape", [(), (1,), (1, 1)])
def test_literal(value_shape):
    x = np.array([[1, 2], [3, 4]], np.int8)
    operator = padv2((2, 2), [(1, 0), (0, 1)], value_shape=value_shape)
    padded = run(operator, x, None, np.full(value_shape, -128, np.int8))
    assert padded.tolist() == [[-128] * 3, [1, 2, -128], [3, 4, -128]]


def test_the_value_is_raw():
    same = ((0.25, 1), (0.5, 3), (0.5, 3))
    for dtype in ("INT8", "UINT8", "INT16"):
        x, value = (operand(dtype, (), data=number).value for number in (5, 77))
        padded = run(padv2((1,), [(1, 1)], dtype, same), x.reshape(1), None, value)
        assert padded.tolist() == [77, 5, 77]


def test_rank_0_5_and_empty():
    value = np.int8(9).reshape(())
    assert run(padv2((), []), np.int8(5).reshape(()), None, value).tolist() == 5
    five = run(padv2((1,) * 5, [(1, 0)] * 5), np.full((1,) * 5, 5, np.int8), None, value)
    assert (five.shape, int(five.sum())) == ((2,) * 5, 31 * 9 + 5)
    assert run(padv2((0,), [(1, 1)]), np.zeros(0, np.int8), None, value).tolist() == [9, 9]


@pytest.mark.parametrize("dtype", ["FLOAT32", "FLOAT16", "INT32", "INT64", "BOOL"])
def test_moves_every_dtype(dtype):
    x, value = (operand(dtype, (1,), data=[number]).value for number in (0, 1))
    assert run(padv2((1,), [(0, 2)], dtype), x, None, value).tolist() == [0, 1, 1]


def test_refuses_ranks_above_5_C1():
    assert refused(padv2((1,) * 6, [(0, 0)] * 6)) == "C1"


def test_refuses_other_and_negative_paddings_C2():
    assert refused(padv2((2, 2), [(1, 1)])) == "C2"
    assert refused(padv2((2,), [(-1, 1)])) == "C2"


def test_refuses_several_values_C3():
    assert refused(padv2((2,), [(1, 1)], value_shape=(2,))) == "C3"
    assert refused(padv2((2,), [(1, 1)], value_shape=(0,))) == "C3"


def test_refuses_a_value_of_another_quantization_C4():
    for dtype in ("INT8", "INT16", "UINT8"):
        assert refused(padv2((2,), [(1, 1)], dtype, ((0.5, 3), (0.5, 4), (0.5, 3)))) == "C4"
        assert refused(padv2((2,), [(1, 1)], dtype, ((0.5, 3), (0.25, 3), (0.5, 3)))) == "C4"
        assert refused(padv2((2,), [(1, 1)], dtype, ((0.5, 3), (), (0.5, 3)))) == "C4"
    assert refused(padv2((2,), [(1, 1)], "UINT8", ((), (), (0.5, 3)))) == "C4"
    # Without quantization of the input, INT8 and INT16 are not looked at; INT32 never is.
    for dtype, x in (("INT8", ()), ("INT16", ()), ("INT32", (0.5, 3))):
        operator = padv2((1,), [(1, 0)], dtype, (x, (), (0.5, 3)))
        value = operand(dtype, (), data=7).value
        assert run(operator, operand(dtype, (1,), data=[5]).value, None, value).tolist() == [7, 5]


def test_refuses_versions_and_dtypes():
    assert refused(padv2((2,), [(1, 1)], version=7)) == "version"
    assert refused(padv2((2,), [(1, 1)], "UINT32")) == "dtype"
    good = padv2((2,), [(1, 1)])
    mixed = [*good.inputs[:2], operand("UINT8", ())]
    assert refused(node("PADV2", mixed, good.outputs)) == "dtype"
