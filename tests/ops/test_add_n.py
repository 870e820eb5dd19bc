"""ADD_N: sums of int8 by rule, of int32, overflow, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import clamp, float32, requantize_double


def add_n(count=3, dtype="INT8", scales=(0.5, 0.5), zero_points=(0, 0), shape=(4,), **changes):
    inputs = [operand(dtype, shape, scales[0], zero_points[0]) for _ in range(count)]
    return node("ADD_N", inputs, operand(dtype, shape, scales[1], zero_points[1]), **changes)


def test_literal():
    x = [np.array(v, np.int8) for v in ([1, 2, 3, 100], [10, 20, -30, 100], [0, 0, 1, -80])]
    assert run(add_n(), *x).tolist() == [11, 22, -26, 120]
    # Halved, ties away from zero.
    assert run(add_n(scales=(0.5, 1.0)), *x).tolist() == [6, 11, -13, 60]


@pytest.mark.parametrize("rules", ["tflite", "tflm"])
@pytest.mark.parametrize("scales", [(0.05, 0.03), (0.0123, 0.987), (0.3, 0.1)])
def test_equals_python_integers(rules, scales):
    z = (17, -100)
    x = np.random.default_rng(3).integers(-128, 128, (4, 500)).astype(np.int8)
    node = add_n(4, scales=scales, zero_points=z, shape=(500,), rules=rules)
    start = -17 if rules == "tflm" else 0
    real = 2 * float32(scales[0]) / (2**20 * float32(scales[1]))
    assert run(node, *x).tolist() == [
        clamp(requantize_double((start + sum(v - 17 for v in row)) * 2**19, real) - 100, -128, 127)
        for row in x.T.tolist()
    ]


def test_int32_overflow_is_reported_or_wraps_by_rule():
    x = [np.full(4, 127, np.int8)] * 40
    with pytest.raises(DomainError, match="accumulator"):
        run(add_n(40), *x)
    # 40 * 127 * 2^19 - 2^32 is -3112 * 2^19.
    assert run(add_n(40, scales=(0.5, 20.0), rules="tflm"), *x).tolist() == [-78] * 4


def test_int32_is_modulo_2_to_the_32():
    x = [np.array([2**31 - 1, 5, -(2**31), 0], np.int32), np.array([1, 6, -1, 0], np.int32)]
    assert run(add_n(2, "INT32", (None, None)), *x).tolist() == [-(2**31), 11, 2**31 - 1, 0]


def test_refuses_shapes_C1():
    inputs = [operand("INT8", (3,), 0.5), operand("INT8", (4,), 0.5)]
    assert refused(node("ADD_N", inputs, operand("INT8", (3,), 0.5))) == "C1"


def test_refuses_other_parameters_C2():
    inputs = [operand("INT8", (4,), 0.5), operand("INT8", (4,), 0.5, 1)]
    assert refused(node("ADD_N", inputs, operand("INT8", (4,), 0.5))) == "C2"


def test_refuses_fine_outputs_C3():
    prepare(add_n(scales=(1.0, 2.0**-18)))
    with pytest.raises(DomainError) as refusal:
        prepare(add_n(scales=(1.0, 2.0**-19)))
    assert refusal.value.label == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(add_n(version=2)) == "version"
    assert refused(add_n(dtype="UINT8")) == "dtype"
