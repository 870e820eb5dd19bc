"""RELU: literal examples, ties, the precision of the ratio, saturation, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import clamp, float32, requantize_double

LIMITS = {"INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767)}


def relu_node(dtype="INT8", scales=(1.0, 1.0), zero_points=(0, 0), version=1, rules="tflite"):
    x, out = (operand(dtype, (2, 3), s, z) for s, z in zip(scales, zero_points, strict=True))
    return node("RELU", [x], out, version=version, rules=rules)


def every(dtype):
    low, high = LIMITS[dtype]
    return np.arange(low, high + 1).astype(dtype.lower())


def test_literal():
    x = np.array([[-128, -1, 0], [1, 50, 127]], np.int8)
    assert run(relu_node(), x).tolist() == [[0, 0, 0], [1, 50, 127]]
    shifted = relu_node(zero_points=(-10, 5))
    assert run(shifted, x).tolist() == [[5, 14, 15], [16, 65, 127]]


def test_ties_go_away_from_zero():
    x = np.array([[1, 3, 5], [-1, -3, -5]], np.int8)
    assert run(relu_node(scales=(1.0, 2.0)), x).tolist() == [[1, 2, 3], [0, 0, 0]]


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize(
    "scales", [(0.05, 0.03), (0.0123, 0.987), (0.5, 0.125), (0.3, 0.3), (1e-3, 7e-4)]
)
def test_equals_python_integers_on_every_input(dtype, scales):
    low, high = LIMITS[dtype]
    zi, zo = (0, 0) if dtype == "INT16" else (low + 50, low + 100)
    x = every(dtype)
    ratio = float32(float32(scales[0]) / float32(scales[1]))
    recorded = prepare(relu_node(dtype, scales, (zi, zo)))
    sample = x if dtype != "INT16" else x[::37]
    assert recorded.spec(sample).tolist() == [
        clamp(requantize_double(v - zi, ratio) + zo, max(low, zo), high) for v in sample.tolist()
    ]


def test_the_precision_of_the_ratio_is_a_rule():
    scales = (0.0003375188, 0.003295334)
    x = np.array([17100], np.int16)
    assert prepare(relu_node("INT16", scales)).spec(x) == 1751
    assert prepare(relu_node("INT16", scales, rules="tflm")).spec(x) == 1752


def test_a_left_shift_out_of_32_bits_is_reported_or_wraps():
    x = np.array([127, 1], np.int8)
    with pytest.raises(DomainError, match="shifted left"):
        prepare(relu_node(scales=(1.0, 2.0**-26))).spec(x)
    engine = prepare(relu_node(scales=(1.0, 2.0**-26), rules="litert-ref"))
    assert engine.spec(x).tolist() == [0, 127]


def test_refuses_asymmetric_int16_C1():
    assert refused(relu_node("INT16", zero_points=(1, 0))) == "C1"
    assert refused(relu_node("INT16", zero_points=(0, 1))) == "C1"


def test_refuses_versions_dtypes_and_missing_scales():
    prepare(relu_node(version=3))
    assert refused(relu_node(version=4)) == "version"
    assert refused(relu_node("FLOAT32")) == "dtype"
    assert refused(relu_node("INT32")) == "dtype"
    assert refused(relu_node(scales=(None, 1.0))) == "scale"
