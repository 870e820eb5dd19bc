"""SQUARED_DIFFERENCE: Python integers, the double of the scales, and every refusal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import clamp, float32, quantize_multiplier, requantize_double

LIMITS = {"INT8": (-128, 127), "INT16": (-32768, 32767)}


def squares(
    dtype="INT8",
    scales=(1.0, 1.0, 1.0),
    zero_points=(0, 0, 0),
    shapes=((4,), (4,)),
    version=1,
    rules="tflite",
):
    inputs = [
        operand(dtype, shape, scale, zero_point)
        for shape, scale, zero_point in zip(shapes, scales, zero_points, strict=False)
    ]
    out = operand(dtype, (1,), scales[2], zero_points[2])
    return node("SQUARED_DIFFERENCE", inputs, out, version=version, rules=rules)


def test_literal():
    x1, x2 = np.array([3, -2, 0, 10], np.int8), np.array([1, 2, 0, -10], np.int8)
    assert run(squares(), x1, x2).tolist() == [4, 16, 0, 127]
    assert run(squares(scales=(1, 1, 8), zero_points=(0, 0, -3)), x1, x2).tolist() == [
        -2,
        -1,
        -3,
        47,
    ]


def expected(dtype, a, b, scales, z):
    s1, s2, out = (float32(s) for s in scales)
    twice = 2 * max(s1, s2)
    shift = 7 if dtype == "INT8" else 0
    first = requantize_double((a - z[0]) << shift, s1 / twice)
    second = requantize_double((b - z[1]) << shift, s2 / twice)
    real = twice * twice / (2 ** (2 * shift) * out)
    return clamp(requantize_double((first - second) ** 2, real) + z[2], *LIMITS[dtype])


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("scales", [(0.05, 0.03, 0.02), (0.01, 0.5, 0.9), (0.3, 0.3, 0.1)])
def test_equals_python_integers(dtype, scales):
    low, high = LIMITS[dtype]
    if dtype == "INT16":
        scales = (scales[0] / 100, scales[1] / 100, scales[2])
    z = (0, 0, 0) if dtype == "INT16" else (5, -100, -128)
    values = np.arange(low, high + 1, 5 if dtype == "INT8" else 1301).astype(dtype.lower())
    x1, x2 = values.reshape(-1, 1), values.reshape(1, -1)
    out = run(squares(dtype, scales, z, (x1.shape, x2.shape)), x1, x2)
    for i, a in enumerate(values.tolist()):
        for j, b in enumerate(values.tolist()):
            assert out[i, j] == expected(dtype, a, b, scales, z), (a, b)


def test_the_scales_are_combined_in_double():
    scales = [np.float32(v) for v in (0.1, 0.3, 0.7)]
    twice = 2 * float(scales[1])
    arithmetic = prepare(squares(scales=scales)).arithmetic
    found = (arithmetic.requantize.multiplier, arithmetic.requantize.shift)
    assert found == quantize_multiplier(twice * twice / (2**14 * float(scales[2])))
    assert found != quantize_multiplier(float(np.float32(twice * twice) / (2**14 * scales[2])))


def test_int32_is_modulo_2_to_the_32():
    x1 = np.array([5, -5, 2**31 - 1, 65536], np.int32)
    x2 = np.array([2, 2, -(2**31), 0], np.int32)
    out = run(squares("INT32", (None,) * 3), x1, x2)
    assert out.tolist() == [9, 49, 1, 0]


def test_a_multiplier_of_1_or_more_shifts_left():
    x1, x2 = np.array([1, 2, 0, 3], np.int8), np.zeros(4, np.int8)
    # (2 * 1)^2 / (2^14 * 2^-13) is 2.
    assert (
        run(squares(scales=(1, 1, 2.0**-13), zero_points=(0, 0, -128)), x1 * 0, x2).tolist()
        == [-128] * 4
    )
    with pytest.raises(DomainError, match="shifted left"):
        run(squares(scales=(1, 1, 2.0**-26)), np.full(4, 127, np.int8), x2 - 127)


def test_refuses_shapes_C1():
    assert refused(squares(shapes=((3,), (4,)))) == "C1"


def test_refuses_asymmetric_int16_C2():
    assert refused(squares("INT16", zero_points=(1, 0, 0))) == "C2"


def test_refuses_zero_points_C3():
    assert refused(squares(zero_points=(0, 128, 0))) == "C3"


def test_refuses_scales_of_0_C4():
    operator = squares(scales=(0.0, 1.0, 1.0), rules="litert-ref")
    used = tuple(replace(x, degenerate_scale="used") for x in operator.inputs)
    with pytest.raises(DomainError) as refusal:
        prepare(replace(operator, inputs=used))
    assert refusal.value.label == "C4"


def test_refuses_versions_dtypes_and_missing_scales():
    prepare(squares(version=2))
    assert refused(squares(version=3)) == "version"
    assert refused(squares("UINT8")) == "dtype"
    assert refused(squares(scales=(1.0, None, 1.0))) == "scale"
