"""SQRT: truncation, negative values, casts out of int32, and every refusal."""

from __future__ import annotations

import math

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import clamp, float32
from tests.ops.tables import LIMITS, every, unary


def sqrt(*arguments, **changes):
    return unary("SQRT", *arguments, **changes)


def test_literal():
    x = np.array([0, 9, 15, 16], np.int8)
    assert run(sqrt(scales=(1.0, 1.0)), x).tolist() == [0, 3, 3, 4]
    # 3.87 is 38.7 tenths: cut off, not rounded.
    assert run(sqrt(scales=(1.0, 0.1), zero_points=(0, -8)), x).tolist() == [-8, 22, 30, 32]


@pytest.mark.parametrize("dtype", ["INT8", "INT16"])
@pytest.mark.parametrize("scales", [(0.05, 0.02), (0.7, 0.003), (1e-4, 1e-3)])
def test_every_operation_is_float32(dtype, scales):
    low, high = LIMITS[dtype]
    z = (0, 0) if dtype == "INT16" else (-128, -90)
    x = every(dtype, 1 if dtype == "INT8" else 7)
    x = x[x >= z[0]]
    out = prepare(sqrt(dtype, scales, z)).spec(x)
    for value, step in zip(x.tolist(), out.tolist(), strict=True):
        root = float32(math.sqrt(float32(float32(scales[0]) * (value - z[0]))))
        whole = math.trunc(float32(root / float32(scales[1])))
        assert step == clamp(whole + z[1], low, high)


def test_negative_values_are_reported():
    with pytest.raises(DomainError, match="2 negative values, the lowest -5 steps"):
        run(sqrt(zero_points=(3, 0)), np.array([3, 2, -2, 9], np.int8))


def test_what_leaves_int32_follows_the_rule():
    x = np.array([1, 4, 100, 0], np.int8)
    scales = (1.0, 2.0**-40)
    assert run(sqrt(scales=scales), x).tolist() == [127, 127, 127, 0]
    assert run(sqrt(scales=scales, rules="litert-ref"), x).tolist() == [-128, -128, -128, 0]
    # -2^31 and a negative zero point wrap.
    below = sqrt(scales=scales, zero_points=(0, -1), rules="litert-ref")
    assert run(below, x).tolist() == [127, 127, 127, -1]


def test_refuses_asymmetric_int16_C1():
    assert refused(sqrt("INT16", zero_points=(1, 0))) == "C1"


def test_refuses_versions_dtypes_and_missing_scales():
    prepare(sqrt(version=2))
    assert refused(sqrt(version=3)) == "version"
    assert refused(sqrt("UINT8")) == "dtype"
    assert refused(sqrt(scales=(None, 0.1))) == "scale"


def test_float32_is_rounded_once():
    x = np.array([2.0, 0.0, 1e-45, 3.4e38, -1.0], np.float32)
    out = run(node("SQRT", [operand("FLOAT32", x.shape)], operand("FLOAT32", x.shape)), x)
    assert out[:4].tolist() == [np.float32(np.float64(v) ** 0.5) for v in x[:4]]
    assert np.isnan(out[4])
