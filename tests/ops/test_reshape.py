"""RESHAPE: which shape wins, the inferred size, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.nodes import constant, node, operand, refused, run


def reshape(shape, option=(), vector=None, vector_dtype="INT32", dtype="INT8", **changes):
    inputs = [operand(dtype, shape)]
    if vector is not None:
        inputs.append(constant(vector_dtype, vector))
    return node("RESHAPE", inputs, operand(dtype, (1,)), new_shape=option, **changes)


def shape_of(operator):
    x = np.arange(np.prod(operator.inputs[0].shape), dtype=np.int8)
    out = run(operator, x.reshape(operator.inputs[0].shape), *operator.inputs[2:])
    assert out.reshape(-1).tolist() == x.tolist()
    return out.shape


@pytest.mark.parametrize(
    "shape, wanted, expected",
    [
        ((2, 3), (3, 2), (3, 2)),
        ((2, 3), (-1,), (6,)),
        ((2, 3), (3, -1, 1), (3, 2, 1)),
        ((1, 1), (), ()),
        ((), (1, 1), (1, 1)),
        ((1,), (-1,), (1,)),
        ((), (-1,), (1,)),
        ((1, 2, 1, 3, 1, 2), (2, 1, 3, 1, 2, 1), (2, 1, 3, 1, 2, 1)),
        # Empty tensors: -1 is 0 when nothing else is, else inferred from the sizes that are not 0.
        ((0, 3), (3, -1), (3, 0)),
        ((0, 3), (-1,), (0,)),
        ((0, 3), (0, -1), (0, 3)),
        ((4, 0, 3), (0, 2, -1), (0, 2, 6)),
    ],
)
def test_both_ways_of_giving_a_shape(shape, wanted, expected):
    assert shape_of(reshape(shape, wanted)) == expected
    vector = np.array(wanted, np.int32)
    assert shape_of(reshape(shape, (7, 7), vector)) == expected


def test_a_vector_of_int32_wins_over_the_option():
    assert shape_of(reshape((2, 3), (3, 2), [6])) == (6,)


def test_any_other_second_input_leaves_the_option():
    assert shape_of(reshape((2, 3), (3, 2), [6], "INT64")) == (3, 2)
    assert shape_of(reshape((2, 3), (3, 2), [[6]])) == (3, 2)
    assert shape_of(reshape((2, 3), (3, 2), 6)) == (3, 2)


def test_an_absent_second_input_leaves_the_option():
    absent = node("RESHAPE", [operand("INT8", (2, 3)), None], operand("INT8", (6,)), new_shape=(6,))
    assert run(absent, np.zeros((2, 3), np.int8), None).shape == (6,)


def test_the_option_0_is_an_old_scalar():
    assert shape_of(reshape((1, 1), (0,))) == ()
    # In a vector it is what it says.
    assert refused(reshape((1, 1), (), [0])) == "C2"
    assert refused(reshape((1, 1), (0, 1))) == "C2"


@pytest.mark.parametrize("dtype", ["FLOAT32", "INT64", "BOOL", "INT4", "UINT8"])
def test_moves_every_dtype(dtype):
    x = operand(dtype, (2,), data=[0, 1]).value
    assert run(reshape((2,), (2, 1), dtype=dtype), x).tolist() == [[0], [1]]


def test_quantization_may_differ():
    x, out = operand("INT8", (2,), 0.5, 3), operand("INT8", (2, 1), 0.25, 4)
    moved = run(node("RESHAPE", [x], out, new_shape=(2, 1)), np.array([7, 8], np.int8))
    assert moved.tolist() == [[7], [8]]


def test_refuses_two_inferred_or_negative_sizes_C1():
    assert refused(reshape((2, 3), (-1, -1))) == "C1"
    assert refused(reshape((2, 3), (-2, -3))) == "C1"
    assert refused(reshape((2, 3), (), [-1, 6, -1])) == "C1"


def test_refuses_another_number_of_elements_C2():
    assert refused(reshape((2, 3), (5,))) == "C2"
    assert refused(reshape((2, 3), (4, -1))) == "C2"
    assert refused(reshape((2, 3), ())) == "C2"
    assert refused(reshape((2, 3), (0, -1))) == "C2"
    assert refused(reshape((0, 3), (0, 0, 5, -1, -1))) == "C1"


def test_refuses_a_shape_nobody_knows():
    unknown = node(
        "RESHAPE",
        [operand("INT8", (2,)), operand("INT32", (1,))],
        operand("INT8", (2,)),
        new_shape=(),
    )
    assert refused(unknown) == "constant"


def test_refuses_versions_and_dtypes():
    assert refused(reshape((2,), (2,), version=2)) == "version"
    assert refused(node("RESHAPE", [operand("INT8", (2,))], operand("UINT8", (2,)))) == "dtype"
