"""L2_NORMALIZATION: Python integers, the real function, overflow, and every refusal."""

from __future__ import annotations

import math

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.gemmlowp_integers import inverse_root
from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import clamp, divide_by_pot, double_rounding, high_mul

ZERO = {"INT8": 0, "UINT8": 128}
LIMITS = {"INT8": (-128, 127), "UINT8": (0, 255)}


def l2(dtype="INT8", shape=(2, 2), zero_point=0, out=(1 / 128, None), **changes):
    target = operand(dtype, shape, out[0], ZERO.get(dtype, 0) if out[1] is None else out[1])
    x = operand(dtype, shape, changes.pop("scale", 0.1), zero_point)
    return node("L2_NORMALIZATION", [x], target, **changes)


def test_literal():
    x = np.array([[3, 4], [0, -9]], np.int8)
    # 0.6 and 0.8 of 128; -1 is -128.
    assert run(l2(), x).tolist() == [[77, 102], [0, -128]]
    x = np.array([[13, 14], [10, 19]], np.uint8)
    assert run(l2("UINT8", zero_point=10), x).tolist() == [[205, 230], [128, 255]]


def expected(values, zero_point, dtype):
    d = [v - zero_point for v in values]
    total = sum(v * v for v in d)
    multiplier, shift = inverse_root(total) if total > 1 else (2**31 - 1, 0)
    if dtype == "INT8":
        return [clamp(double_rounding(v, multiplier, shift + 7), -128, 127) for v in d]
    return [clamp(128 + divide_by_pot(high_mul(128 * v, multiplier), -shift), 0, 255) for v in d]


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("depth", [1, 2, 3, 17, 300])
def test_equals_python_integers(dtype, depth):
    low, high = LIMITS[dtype]
    rng = np.random.default_rng(depth)
    zero_point = low + 77
    x = rng.integers(low, high + 1, (60, depth))
    x[20:40] = np.clip(zero_point + rng.integers(-2, 3, (20, depth)), low, high)
    x[0], x[1], x[2], x[3] = zero_point, low, high, zero_point + 1
    x = x.astype(dtype.lower())
    out = run(l2(dtype, x.shape, zero_point), x)
    assert out.tolist() == [expected(row, zero_point, dtype) for row in x.tolist()]


def test_is_close_to_the_real_function():
    x = np.random.default_rng(1).integers(-128, 128, (50, 8)).astype(np.int8)
    for values, steps in zip(x.tolist(), run(l2(shape=x.shape), x).tolist(), strict=True):
        norm = math.sqrt(sum(v * v for v in values))
        assert max(abs(128 * v / norm - s) for v, s in zip(values, steps, strict=True)) < 1.01


def test_overflow_is_reported_or_wraps_by_rule():
    x = np.full((1, 33_100), 127, np.int8)
    with pytest.raises(DomainError, match="accumulator"):
        run(l2(shape=x.shape, zero_point=-128), x)
    # 33100 * 65025 leaves int32 negative, and what is not above 1 counts as 1.
    out = run(l2(shape=x.shape, zero_point=-128, rules="litert-ref"), x)
    assert out.tolist() == [[127] * 33_100]


def test_refuses_scalars_C1():
    assert refused(l2(shape=())) == "C1"
    assert refused(l2(shape=(2, 0))) == "C1"


def test_refuses_other_outputs_C2():
    assert refused(l2(out=(1 / 127, None))) == "C2"
    assert refused(l2(out=(1 / 128, 1))) == "C2"
    assert refused(l2("UINT8", out=(1 / 128, 0))) == "C2"


def test_refuses_activations_C3():
    assert refused(l2(fused_activation_function="RELU")) == "C3"


def test_refuses_versions_and_dtypes():
    prepare(l2(version=2))
    assert refused(l2(version=3)) == "version"
    assert refused(l2("INT16")) == "dtype"
