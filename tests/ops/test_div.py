"""DIV: Python integers, shifts past 31 bits, plain integers, and every refusal."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.gemmlowp_integers import reciprocal
from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import (
    clamp,
    float32,
    high_mul,
    quantize_multiplier,
    round_half_away,
)

LIMITS = {"INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767)}


def div(
    dtype="INT8",
    shapes=((4,), (4,)),
    scales=(1.0, 1.0, 1.0),
    zero_points=(0, 0, 0),
    version=1,
    rules="tflite",
    **options,
):
    inputs = [
        operand(dtype, shape, scale, zero_point)
        for shape, scale, zero_point in zip(shapes, scales, zero_points, strict=False)
    ]
    out = operand(dtype, (1,), scales[2], zero_points[2])
    return node("DIV", inputs, out, version=version, rules=rules, **options)


def test_literal():
    x1, x2 = np.array([6, -7, 0, 5], np.int8), np.array([2, 2, -3, -2], np.int8)
    # 3, -3.5, 0, -2.5: the reciprocal of 2 is a little low, so halves are not reached.
    assert run(div(), x1, x2).tolist() == [3, -3, 0, -2]
    tenths = div(scales=(1.0, 1.0, 0.1), zero_points=(0, 0, -5))
    assert run(tenths, x1, x2).tolist() == [25, -40, -5, -30]


def quotient(n, d, ratio):
    if d < 0:
        n, d = -n, -d
    inverse, bits = reciprocal(d, 31)
    headroom = 31 - (n if n >= 0 else -1 - n).bit_length()
    multiplier, shift = quantize_multiplier(ratio)
    scaled = high_mul(high_mul(n * 2**headroom, inverse), multiplier)
    return scaled, bits + headroom - shift


def grid(dtype, zero_point):
    low, high = LIMITS[dtype]
    values = list(range(low, high + 1, 13 if dtype != "INT16" else 3499))
    values += [zero_point + d for d in (-2, -1, 0, 1, 2)]
    x = np.array([v for v in values if low <= v <= high]).astype(dtype.lower())
    return x.reshape(-1, 1), x[x != zero_point].reshape(1, -1)


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("scales", [(0.05, 0.03, 0.02), (0.5, 0.013, 3.7), (1e-3, 1.0, 1e-4)])
def test_equals_python_integers(dtype, scales):
    low, high = LIMITS[dtype]
    z = (0, 0, 0) if dtype == "INT16" else (low + 100, low + 120, low + 90)
    x1, x2 = grid(dtype, z[1])
    ratio = float32(float32(scales[0]) / float32(float32(scales[1]) * float32(scales[2])))
    out = run(div(dtype, (x1.shape, x2.shape), scales, z), x1, x2)
    for i, a in enumerate(x1.reshape(-1).tolist()):
        for j, b in enumerate(x2.reshape(-1).tolist()):
            scaled, count = quotient(a - z[0], b - z[1], ratio)
            exact = round_half_away(Fraction(scaled) / Fraction(2) ** count)
            assert out[i, j] == clamp(exact + z[2], low, high), (a, b)


def test_zero_by_anything_is_zero():
    x2 = np.array([1, 2, -128, 127], np.int8)
    assert run(div(), np.zeros(4, np.int8), x2).tolist() == [0, 0, 0, 0]


def test_the_wrapping_shift_of_x86_by_rule():
    x2 = np.array([1, 2, -128, 127], np.int8)
    # 31 bits of headroom and those of the reciprocal, less the multiplier's 1: 30, 31, 37, 36.
    out = run(div(rules="litert-ref"), np.zeros(4, np.int8), x2)
    assert out.tolist() == [0, 0, 1, 1]


def test_the_zero_point_wraps_with_the_shift_of_x86():
    # -16 / 16 by just below 1: a count of 32 leaves -2^31 and a bit as it is.
    scales, z = (0.10802429914474487, 0.7673112750053406, 0.28156578540802), (0, 0, -58)
    x1, x2 = np.array([-16], np.int8), np.array([16], np.int8)
    shapes = ((1,), (1,))
    below = (float32(scales[0]) * (1 - 2**-24), *scales[1:])
    assert run(div("INT8", shapes, below, z), x1, x2).item() <= -58
    assert run(div("INT8", shapes, scales, z, rules="tflm"), x1, x2).item() == 127


def test_the_ratio_is_float32_or_double_by_rule():
    scales = [np.float32(v) for v in (0.1, 0.3, 0.7)]
    single = quantize_multiplier(float(scales[0] / (scales[1] * scales[2])))
    double = quantize_multiplier(float(scales[0]) / (float(scales[1]) * float(scales[2])))
    assert single != double
    for rules, expected in (("tflite", single), ("tflm", double)):
        arithmetic = prepare(div(scales=scales, rules=rules)).arithmetic
        assert (arithmetic.multiplier, arithmetic.shift) == expected


def test_fused_activation():
    x1, x2 = np.array([6, -7, 120, 5], np.int8), np.array([2, 2, 3, -2], np.int8)
    relu6 = div(fused_activation_function="RELU6")
    assert run(relu6, x1, x2).tolist() == [3, 0, 6, 0]


def test_int32_truncates_toward_zero():
    x1, x2 = np.array([7, -7, 7, -(2**31)], np.int32), np.array([2, 2, -2, 1], np.int32)
    plain = div("INT32", scales=(None, None, None))
    assert run(plain, x1, x2).tolist() == [3, -3, -3, -(2**31)]
    relu = div("INT32", scales=(None,) * 3, fused_activation_function="RELU")
    assert run(relu, x1, x2).tolist() == [3, 0, 0, 0]


def test_reports_divisors_of_zero():
    with pytest.raises(DomainError, match=r"divisor is 0: its raw value is 5 at \(1,\)"):
        run(div(zero_points=(0, 5, 0)), np.ones(4, np.int8), np.array([1, 5, 2, 5], np.int8))
    with pytest.raises(DomainError, match="divisor is 0"):
        run(div("INT32", scales=(None,) * 3), np.ones(4, np.int32), np.zeros(4, np.int32))
    with pytest.raises(DomainError, match="leaves int32"):
        run(
            div("INT32", ((1,), (1,)), (None,) * 3),
            np.array([-(2**31)], np.int32),
            np.array([-1], np.int32),
        )


def test_refuses_shapes_C1():
    assert refused(div(shapes=((3,), (4,)))) == "C1"


def test_refuses_zero_points_C2():
    assert refused(div(zero_points=(0, 0, 128))) == "C2"
    assert refused(div("UINT8", zero_points=(-1, 0, 0))) == "C2"


def test_refuses_versions_dtypes_and_missing_scales():
    prepare(div(version=2))
    assert refused(div(version=3)) == "version"
    assert refused(div("INT64")) == "dtype"
    assert refused(div(scales=(1.0, None, 1.0))) == "scale"


def test_float32_is_rounded_once_and_clamped():
    a = np.array([1.0, -7.5, 0.0, 3.0, 100.0], np.float32)
    b = np.array([3.0, 0.7, 0.0, -0.0, 7.0], np.float32)
    real = [operand("FLOAT32", a.shape), operand("FLOAT32", b.shape)]
    plain = run(node("DIV", real, operand("FLOAT32", a.shape)), a, b)
    expected = [np.float32(Fraction(float(x)) / Fraction(float(y))) for x, y in ((a[0], b[0]),)]
    assert plain[0] == expected[0]
    assert plain[1] == np.float32(np.float64(a[1]) / np.float64(b[1]))
    assert np.isnan(plain[2])
    assert plain[3] == -np.inf
    relu6 = node("DIV", real, operand("FLOAT32", a.shape), fused_activation_function="RELU6")
    assert run(relu6, a, b)[[1, 3, 4]].tolist() == [0.0, 0.0, 6.0]


def test_refuses_an_unknown_activation_of_floats_C3():
    real = [operand("FLOAT32", (2,)), operand("FLOAT32", (2,))]
    unknown = node("DIV", real, operand("FLOAT32", (2,)), fused_activation_function="97")
    assert refused(unknown) == "C3"
