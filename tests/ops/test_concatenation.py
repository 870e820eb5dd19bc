"""CONCATENATION: copies, uint8 rescaled in float32 with constructed ties, and every refusal."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.numerics.rules import Rules
from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import clamp, float32, round_half_away


def concatenation(shapes, axis=0, dtype="INT8", quantizations=None, out=(), data=None, **changes):
    quantizations = quantizations or [()] * len(shapes)
    inputs = [
        operand(dtype, shape, *quantization, data=data)
        for shape, quantization in zip(shapes, quantizations, strict=True)
    ]
    options = {"axis": axis, "fused_activation_function": "NONE", **changes}
    return node("CONCATENATION", inputs, operand(dtype, (1,), *out), **options)


def converted(q, source, target):
    """The formula of the docstring, one number at a time."""
    (scale_in, zero_in), (scale_out, zero_out) = source, target
    scale = float32(float32(scale_in) * float32(1 / float32(scale_out)))
    bias = float32(-zero_in * scale)
    real = float32(float32(q * scale) + bias)
    return clamp(round_half_away(Fraction(real)) + zero_out, 0, 255)


def all_converted(source, target):
    x = np.arange(256, dtype=np.uint8)
    operator = concatenation([(256,)], 0, "UINT8", [source], target)
    return run(operator, x).tolist()


def test_literal():
    a, b = np.array([[1, 2], [3, 4]], np.int8), np.array([[5, 6]], np.int8)
    assert run(concatenation([(2, 2), (1, 2)]), a, b).tolist() == [[1, 2], [3, 4], [5, 6]]
    joined = run(concatenation([(2, 1), (2, 2)], -1), b.reshape(2, 1), a)
    assert joined.tolist() == [[5, 1, 2], [6, 3, 4]]


@pytest.mark.parametrize("axis", range(-6, 6))
def test_every_axis_of_rank_6_element_by_element(axis):
    shapes = [[2] * 6 for _ in range(3)]
    for shape, size in zip(shapes, (1, 0, 3), strict=True):
        shape[axis] = size
    values = [
        np.arange(np.prod(s), dtype=np.int8).reshape(s) + 20 * k for k, s in enumerate(shapes)
    ]
    out = run(concatenation([tuple(s) for s in shapes], axis), *values)
    start = 0
    for value in values:
        for index in np.ndindex(*value.shape):
            at = list(index)
            at[axis] += start
            assert out[tuple(at)] == value[index]
        start += value.shape[axis]
    assert out.shape[axis] == start == 4


@pytest.mark.parametrize(
    "dtype", ["FLOAT32", "FLOAT16", "INT16", "INT32", "INT64", "UINT32", "BOOL", "INT4", "UINT8"]
)
def test_moves_every_dtype(dtype):
    x = operand(dtype, (2,), data=[0, 1]).value
    assert run(concatenation([(2,), (2,)], 0, dtype), x, x).tolist() == [0, 1, 0, 1]


def test_constant_scalars_make_a_vector():
    scalars = [operand("INT32", (), data=number) for number in (7, 8, 9)]
    operator = node("CONCATENATION", scalars, operand("INT32", (3,)), axis=0)
    assert run(operator, *[scalar.value for scalar in scalars]).tolist() == [7, 8, 9]


def test_int16_scales_may_differ():
    x = np.array([300], np.int16)
    operator = concatenation([(1,), (1,)], 0, "INT16", [(0.5, 0), (0.25, 0)], (2.0, 0))
    assert run(operator, x, x).tolist() == [300, 300]


@pytest.mark.parametrize(
    "source, target",
    [
        ((0.5, 3), (0.25, 7)),
        ((0.5, 0), (1.0, 0)),
        ((0.1, 255), (0.3, 0)),
        ((1.0, 128), (1.0, 127)),
        ((3e-5, 9), (0.7, 200)),
        ((1e5, 130), (1e-3, 5)),
        ((0.6387768983840942, 130), (1.2775537967681885, 20)),
        ((0.06433498859405518, 44), (0.04288999363780022, 20)),
        ((0.1797773391008377, 22), (0.3595546782016754, 20)),
        ((0.023174423724412918, 208), (0.015449615195393562, 20)),
    ],
)
def test_uint8_equals_the_formula(source, target):
    assert all_converted(source, target) == [converted(q, source, target) for q in range(256)]


@pytest.mark.parametrize(
    "source, scale_out, q, expected, wrong",
    [
        # Each wrong value is what another arithmetic gives at the same tie.
        pytest.param((0.06433498859405518, 44), 0.04288999363780022, 31, -20, -19, id="double"),
        pytest.param((0.6387768983840942, 130), 1.2775537967681885, 93, -19, -18, id="half-even"),
        pytest.param((0.1797773391008377, 22), 0.3595546782016754, 1, -10, -11, id="division"),
        pytest.param((0.1797773391008377, 22), 0.3595546782016754, 17, -3, -2, id="q-zp-first"),
        pytest.param((0.023174423724412918, 208), 0.015449615195393562, 209, 2, 1, id="fused"),
    ],
)
def test_uint8_at_constructed_ties(source, scale_out, q, expected, wrong):
    assert all_converted(source, (scale_out, 20))[q] == expected + 20 != wrong + 20


def test_uint8_of_the_same_scale_and_zero_point_is_copied():
    # By the formula q * s - 200 * s would lose bits; the copy keeps all.
    assert all_converted((0.7, 200), (0.7, 200)) == list(range(256))
    # Degenerate but equal: nothing is computed.
    assert all_converted((0.0, 1), (0.0, 1)) == list(range(256))


def test_only_the_inputs_that_differ_are_rescaled():
    x = np.array([10, 11], np.uint8)
    operator = concatenation([(2,), (2,)], 0, "UINT8", [(0.5, 0), (0.25, 0)], (0.5, 0))
    assert run(operator, x, x).tolist() == [10, 11, 5, 6]


@pytest.mark.parametrize("alternative, expected", [("saturate", 255), ("x86", 0)])
def test_beyond_int32_by_the_rule_float_to_int(alternative, expected):
    operator = concatenation([(1,)], 0, "UINT8", [(1e10, 0)], (1e-3, 5))
    operator = replace(operator, rules=Rules(float_to_int=alternative))
    assert run(operator, np.array([200], np.uint8)).tolist() == [expected]


def test_refuses_degenerate_scales_that_are_computed_with():
    with pytest.raises(DomainError):
        prepare(concatenation([(1,)], 0, "UINT8", [(0.5, 0)], (0.0, 0)))
    assert refused(concatenation([(1,)], 0, "UINT8", [()], (0.5, 0))) == "scale"


def test_refuses_a_fused_activation_C1():
    assert refused(concatenation([(1,)], fused_activation_function="RELU")) == "C1"


def test_refuses_axes_and_scalars_C2():
    assert refused(concatenation([(2, 3)], 2)) == "C2"
    assert refused(concatenation([(2, 3)], -3)) == "C2"
    assert refused(concatenation([(), ()], 0)) == "C2"  # not constant
    assert refused(concatenation([(), ()], 1, data=1)) == "C2"
    assert refused(concatenation([(), ()], -1, data=1)) == "C2"
    assert refused(concatenation([(), ()], 0, "INT4", data=1)) == "C2"
    scalars = [operand("INT8", (), data=1), operand("INT8", (1,), data=[1])]
    assert refused(node("CONCATENATION", scalars, operand("INT8", (2,)), axis=0)) == "C2"


def test_refuses_shapes_that_do_not_continue_C3():
    assert refused(concatenation([(2, 3), (2, 4)], 0)) == "C3"
    assert refused(concatenation([(2, 3), (2, 3, 1)], 0)) == "C3"
    assert refused(concatenation([(2, 3), ()], 0)) == "C3"


def test_refuses_what_would_need_rescaling_C4():
    same = [(0.5, 3)] * 2
    x = np.zeros(1, np.int8)
    assert run(concatenation([(1,)] * 2, 0, "INT8", same, (0.5, 3)), x, x).shape == (2,)
    assert refused(concatenation([(1,)] * 2, 0, "INT8", same, (0.5, 4))) == "C4"
    assert refused(concatenation([(1,)] * 2, 0, "INT8", same, (0.25, 3))) == "C4"
    assert refused(concatenation([(1,)] * 2, 0, "INT8", [(0.5, 3), ()], (0.5, 3))) == "C4"
    assert refused(concatenation([(1,)], 0, "INT16", [(0.5, 1)], (0.5, 0))) == "C4"
    assert refused(concatenation([(1,)], 0, "INT16", [(0.5, 0)], (0.5, 1))) == "C4"


def test_refuses_versions_and_dtypes():
    assert refused(concatenation([(1,)], version=8)) == "version"
    assert refused(concatenation([(1,)], dtype="UINT16")) == "dtype"
    mixed = [operand("INT8", (1,)), operand("UINT8", (1,))]
    assert refused(node("CONCATENATION", mixed, operand("INT8", (2,)), axis=0)) == "dtype"
