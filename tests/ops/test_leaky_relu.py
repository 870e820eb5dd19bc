"""LEAKY_RELU: literal examples, signs and ties, the precision of the ratios, every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import clamp, float32, requantize_double

LIMITS = {"INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767)}


def leaky_node(
    dtype="INT8", alpha=0.5, scales=(1.0, 1.0), zero_points=(0, 0), version=1, rules="tflite"
):
    x, out = (operand(dtype, (2, 3), s, z) for s, z in zip(scales, zero_points, strict=True))
    return node("LEAKY_RELU", [x], out, version=version, rules=rules, alpha=alpha)


def one(d, alpha, scales, *, single):
    """`single`: every step in float32, else in double."""
    si, so = (float32(s) for s in scales)
    alpha = float32(alpha)
    slope = float32(float32(si * alpha) / so) if single else si * alpha / so
    identity = float32(si / so) if single else si / so
    if d >= 0:
        return requantize_double(d, identity)
    size = requantize_double(d, abs(slope))
    return -size if slope < 0 else size


def test_literal():
    x = np.array([[-128, -2, -1], [0, 1, 127]], np.int8)
    assert run(leaky_node(), x).tolist() == [[-64, -1, 0], [0, 1, 127]]
    shifted = leaky_node(alpha=0.25, zero_points=(-8, 3))
    assert run(shifted, x).tolist() == [[-27, 9, 10], [11, 12, 127]]


def test_ties_depend_on_the_rounding_that_meets_them():
    """Halving is one rounding with ties up; a quarter of two more shifts ties away from zero."""
    x = np.array([[-1, -3, -5], [-2, -6, -10]], np.int8)
    assert run(leaky_node(alpha=0.5), x).tolist() == [[0, -1, -2], [-1, -3, -5]]
    assert run(leaky_node(alpha=0.25), x).tolist() == [[0, -1, -1], [-1, -2, -3]]


def test_a_negative_slope_is_rounded_without_its_sign():
    x = np.array([[-1, -3, -5], [-2, -6, -10]], np.int8)
    assert run(leaky_node(alpha=-0.5), x).tolist() == [[0, 1, 2], [1, 3, 5]]


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("alpha", [0.1, 0.3, 1.0, 2.5, 0.0, -0.3, -1.0])
@pytest.mark.parametrize("rules", ["tflite", "litert-ref", "tflm"])
def test_equals_python_integers(dtype, alpha, rules):
    low, high = LIMITS[dtype]
    zi, zo = (0, 0) if dtype == "INT16" else (low + 150, low + 90)
    x = np.arange(low, high + 1, 1 if dtype != "INT16" else 97).astype(dtype.lower())
    scales = (0.0371, 0.0293)
    record = prepare(leaky_node(dtype, alpha, scales, (zi, zo), rules=rules))
    assert record.spec(x).tolist() == [
        clamp(one(v - zi, alpha, scales, single=rules != "tflm") + zo, low, high)
        for v in x.tolist()
    ]


def test_the_precision_of_the_ratios_is_a_rule():
    x = np.arange(-32768, 32768).astype(np.int16)
    rng = np.random.default_rng(3)
    differ = 0
    for _ in range(8):
        alpha, *scales = rng.uniform(0.01, 0.3), *rng.uniform(1e-4, 1e-3, 2)
        outs = [
            prepare(leaky_node("INT16", alpha, scales, rules=rules)).spec(x)
            for rules in ("tflite", "tflm")
        ]
        where = np.nonzero(outs[0] != outs[1])[0][:5]
        differ += where.size
        for k in where.tolist():
            d = k - 32768
            assert outs[0][k] == clamp(one(d, alpha, scales, single=True), -32768, 32767)
            assert outs[1][k] == clamp(one(d, alpha, scales, single=False), -32768, 32767)
    assert differ


def test_refuses_asymmetric_int16_C1():
    assert refused(leaky_node("INT16", zero_points=(1, 0))) == "C1"
    assert refused(leaky_node("INT16", zero_points=(0, 1))) == "C1"


def test_refuses_versions_dtypes_scales_and_slopes():
    prepare(leaky_node(version=2))
    assert refused(leaky_node(version=3)) == "version"
    assert refused(leaky_node("FLOAT32")) == "dtype"
    assert refused(leaky_node(scales=(1.0, None))) == "scale"
    with pytest.raises(DomainError, match="no integer multiplier"):
        prepare(leaky_node(alpha=float("nan")))
