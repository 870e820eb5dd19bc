"""RELU6: literal examples, its interval under both rules, and every refusal."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import clamp, float32, requantize_double, round_half_away

LIMITS = {"INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767)}


def relu6_node(dtype="INT8", scales=(1.0, 1.0), zero_points=(0, 0), version=1, rules="tflite"):
    x, out = (operand(dtype, (2, 3), s, z) for s, z in zip(scales, zero_points, strict=True))
    return node("RELU6", [x], out, version=version, rules=rules)


def sample(dtype):
    low, high = LIMITS[dtype]
    return np.arange(low, high + 1, 1 if dtype != "INT16" else 31).astype(dtype.lower())


def interval(dtype, scale, zero_point):
    low, high = LIMITS[dtype]
    six = round_half_away(Fraction(float32(6 / float32(scale))))
    return max(low, zero_point), min(high, zero_point + six)


def test_literal():
    x = np.array([[-128, -1, 0], [1, 6, 127]], np.int8)
    assert run(relu6_node(), x).tolist() == [[0, 0, 0], [1, 6, 6]]
    halves = relu6_node(scales=(1.0, 0.5), zero_points=(0, -100))
    assert run(halves, x).tolist() == [[-100, -100, -100], [-98, -88, -88]]


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize(
    "scales", [(0.05, 0.03), (0.0123, 0.987), (0.5, 0.125), (0.05, 6 / 20.5), (1.0, 6 / 7.5)]
)
def test_rescaling_equals_python_integers(dtype, scales):
    low, _ = LIMITS[dtype]
    zi, zo = (0, 0) if dtype == "INT16" else (low + 50, low + 100)
    ratio = float32(float32(scales[0]) / float32(scales[1]))
    clamping = interval(dtype, scales[1], zo)
    x = sample(dtype)
    record = prepare(relu6_node(dtype, scales, (zi, zo)))
    assert record.spec(x).tolist() == [
        clamp(requantize_double(v - zi, ratio) + zo, *clamping) for v in x.tolist()
    ]


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("scale", [0.03, 0.1, 2.5, 12.0, 12.5])
def test_clamping_ignores_the_output(dtype, scale):
    low, _ = LIMITS[dtype]
    zi = 0 if dtype == "INT16" else low + 50
    x = sample(dtype)
    for out_scale in (scale, 7 * scale):
        record = prepare(relu6_node(dtype, (scale, out_scale), (zi, 0), rules="tflm"))
        assert record.spec(x).tolist() == [
            clamp(v, *interval(dtype, scale, zi)) for v in x.tolist()
        ]


def test_refuses_asymmetric_int16_C1():
    for rules in ("tflite", "tflm"):
        assert refused(relu6_node("INT16", zero_points=(1, 0), rules=rules)) == "C1"


def test_refuses_versions_dtypes_and_missing_scales():
    prepare(relu6_node(version=3))
    assert refused(relu6_node(version=4)) == "version"
    assert refused(relu6_node("FLOAT32")) == "dtype"
    for rules in ("tflite", "tflm"):
        assert refused(relu6_node(scales=(None, 1.0), rules=rules)) == "scale"
