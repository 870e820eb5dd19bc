"""PRELU: literal examples, broadcasting alpha, the precision of the ratios, every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import clamp, float32, requantize_double

LIMITS = {"INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767)}


def prelu_node(
    dtype="INT8",
    shapes=((2, 3), (3,)),
    scales=(1.0, 1.0, 1.0),
    zero_points=(0, 0, 0),
    alpha=None,
    version=1,
    rules="tflite",
):
    alpha = alpha or ("INT8" if dtype == "INT16" else dtype)
    inputs = [
        operand(name, shape, scale, zero_point)
        for name, shape, scale, zero_point in zip(
            (dtype, alpha), shapes, scales, zero_points, strict=False
        )
    ]
    out = operand(dtype, shapes[0], scales[2], zero_points[2])
    return node("PRELU", inputs, out, version=version, rules=rules)


def test_literal():
    x = np.array([[-4, -4, -4], [5, 0, -1]], np.int8)
    alpha = np.array([2, -3, 0], np.int8)
    assert run(prelu_node(), x, alpha).tolist() == [[-8, 12, 0], [5, 0, 0]]
    shifted = prelu_node(zero_points=(1, -1, 10))
    assert run(shifted, x, alpha).tolist() == [[-5, 20, 5], [14, 12, 8]]


def test_a_quarter_is_rounded_twice():
    x = np.array([[-1, -3, -1], [1, 3, 5]], np.int8)
    alpha = np.array([2, 2, -2], np.int8)
    quartering = prelu_node(scales=(1.0, 1.0, 4.0))
    # -2/4, -6/4, 2/4, and 1/4, 3/4, 5/4: first halved with ties up, then with ties away from 0.
    assert run(quartering, x, alpha).tolist() == [[-1, -2, 1], [1, 1, 2]]


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("rules", ["tflite", "litert-ref", "tflm"])
@pytest.mark.parametrize("alpha_shape", [(4, 6, 5), (6, 5), (1, 1, 5), (1,), (6, 1)])
def test_equals_python_integers(dtype, rules, alpha_shape):
    low, high = LIMITS[dtype]
    alpha_dtype = "INT8" if dtype == "INT16" else dtype
    alpha_low, alpha_high = LIMITS[alpha_dtype]
    zi, zo = (0, 0) if dtype == "INT16" else (low + 150, low + 90)
    za = alpha_low + 100
    rng = np.random.default_rng(len(alpha_shape))
    x = rng.integers(low, high + 1, (4, 6, 5)).astype(dtype.lower())
    x.reshape(-1)[:2] = low, high
    alpha = rng.integers(alpha_low, alpha_high + 1, alpha_shape).astype(alpha_dtype.lower())
    scales = (0.0371, 0.0117, 0.0293)
    si, sa, so = (float32(s) for s in scales)
    if rules == "tflm":
        identity, slope = si / so, si * sa / so
    else:
        identity, slope = float32(si / so), float32(float32(si * sa) / so)

    def one(v, a):
        d = v - zi
        y = requantize_double(d, identity) if d >= 0 else requantize_double(d * (a - za), slope)
        return clamp(y + zo, low, high)

    operator = prelu_node(dtype, (x.shape, alpha_shape), scales, (zi, za, zo), rules=rules)
    out = run(operator, x, alpha)
    pairs = zip(
        x.reshape(-1).tolist(), np.broadcast_to(alpha, x.shape).ravel().tolist(), strict=True
    )
    assert out.reshape(-1).tolist() == [one(v, a) for v, a in pairs]


def test_the_precision_of_the_ratios_is_a_rule():
    rng = np.random.default_rng(1)
    x = rng.integers(-32768, 0, 20000).astype(np.int16)
    alpha = rng.integers(90, 128, 20000).astype(np.int8)
    shapes = (x.shape, alpha.shape)
    scales = (0.0123, 0.00456, 0.0371)
    single = run(prelu_node("INT16", shapes, scales), x, alpha)
    double = run(prelu_node("INT16", shapes, scales, rules="tflm"), x, alpha)
    assert 0 < (single != double).sum() < 100


def test_refuses_an_alpha_that_does_not_broadcast_C1():
    assert refused(prelu_node(shapes=((2, 3), (2,)))) == "C1"
    assert refused(prelu_node(shapes=((3,), (2, 3)))) == "C1"
    assert refused(prelu_node(shapes=((2, 1), (2, 3)))) == "C1"


def test_refuses_versions_dtypes_and_scales():
    assert refused(prelu_node(version=2)) == "version"
    assert refused(prelu_node("FLOAT32")) == "dtype"
    assert refused(prelu_node("INT16", alpha="INT16")) == "dtype"
    assert refused(prelu_node("UINT8", alpha="INT8")) == "dtype"
    assert refused(prelu_node(scales=(1.0, None, 1.0))) == "scale"
    several = prelu_node(scales=(1.0, [1.0, 2.0, 3.0], 1.0), zero_points=(0, 0, 0))
    assert refused(several) == "scale"
