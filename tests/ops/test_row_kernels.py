"""LOG_SOFTMAX, L2_NORMALIZATION, ADD_N, CUMSUM and ARG_MIN: kernels against specs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.ops.kernels import assert_alarm, assert_kernel_equals_spec, why_not_fast
from tests.ops.test_add_n import add_n
from tests.ops.test_arg_min import arg_min
from tests.ops.test_cumsum import OPTIONS, cumsum
from tests.ops.test_l2_normalization import l2
from tests.ops.test_log_softmax import log_softmax
from tests.ops.test_matrix_kernels import values

BYTES = ["INT8", "UINT8"]


@pytest.mark.parametrize("dtype", BYTES)
@pytest.mark.parametrize("scale", [2.0**-26 * 1.5, 1e-3, 0.0625, 0.1, 0.37, 3.7, 100.0])
@pytest.mark.parametrize("classes", [1, 2, 33])
def test_log_softmax(dtype, scale, classes):
    x = values(dtype, (40, classes))
    low, high = np.iinfo(x.dtype).min, np.iinfo(x.dtype).max
    x[0], x[1, 1:], x[2] = low, low, high - np.arange(classes)
    assert_kernel_equals_spec(log_softmax(dtype, x.shape, scale), x)


def test_log_softmax_of_a_sum_out_of_range():
    x = np.zeros((2, 4096), np.int8)
    assert_alarm(log_softmax(shape=x.shape), x)


@pytest.mark.parametrize("dtype", BYTES)
@pytest.mark.parametrize("depth", [1, 2, 3, 17, 300])
def test_l2_normalization(dtype, depth):
    x = values(dtype, (60, depth))
    low, high = np.iinfo(x.dtype).min, np.iinfo(x.dtype).max
    zero_point = low + 77
    near = zero_point + np.random.default_rng(1).integers(-2, 3, (30, depth))
    x[10:40] = np.clip(near, low, high)
    x[0], x[1], x[2], x[3] = zero_point, low, high, zero_point + 1
    assert_kernel_equals_spec(l2(dtype, x.shape, zero_point), x)


@pytest.mark.parametrize("dtype", BYTES)
def test_l2_normalization_of_a_sum_that_is_scaled_down_first(dtype):
    """Sums from 2^29 on lose two bits: 9,000 times 255^2 is 2^29.1."""
    info = np.iinfo(dtype.lower())
    x = np.full((3, 9_000), info.max, dtype.lower())
    x[1, ::3] -= 1
    x[2, 1:] = info.min
    assert_kernel_equals_spec(l2(dtype, x.shape, info.min), x)


def test_l2_normalization_of_a_sum_out_of_range():
    x = np.full((1, 33_100), 127, np.int8)
    assert_alarm(l2(shape=x.shape, zero_point=-128), x)
    assert_kernel_equals_spec(l2(shape=x.shape, zero_point=-128, rules="litert-ref"), x)


@pytest.mark.parametrize("rules", ["tflite", "tflm"])
@pytest.mark.parametrize("count", [1, 2, 7, 40])
def test_add_n(rules, count):
    x = values("INT8", (count, 133))
    operator = add_n(
        count, scales=(0.0123, 0.07), zero_points=(17, -100), shape=(133,), rules=rules
    )
    if count == 40 and rules == "tflite":
        assert "leave int32" in why_not_fast(operator, *x)
    else:
        assert_kernel_equals_spec(operator, *x)
    plain = values("INT32", (count, 77))
    assert_kernel_equals_spec(add_n(count, "INT32", (None, None), shape=(77,)), *plain)


@pytest.mark.parametrize("dtype", ["INT8", "INT32", "INT64"])
@pytest.mark.parametrize("exclusive, reverse", OPTIONS)
def test_cumsum(dtype, exclusive, reverse):
    scales = (0.0123, 0.0456) if dtype == "INT8" else (None, None)
    options = {"exclusive": exclusive, "reverse": reverse}
    x = values(dtype, (3, 5, 7))
    for axis, rules in itertools.product(range(3), ("tflite", "tflm")):
        operator = cumsum(x.shape, axis, dtype, scales, (11, -9), rules=rules, **options)
        assert_kernel_equals_spec(operator, x)


def test_cumsum_out_of_range():
    x = np.full(40, 127, np.int8)
    assert_alarm(cumsum(x.shape), x)
    assert_kernel_equals_spec(cumsum(x.shape, rules="tflm"), x)


@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT32", "BOOL"])
@pytest.mark.parametrize("out", ["INT32", "INT64"])
def test_arg_min(dtype, out):
    for shape in ((3, 5, 7), (2, 3, 130), (1, 64, 1)):
        x = values(dtype, shape)
        x = x if dtype == "BOOL" else x // 40
        for axis in range(3):
            assert_kernel_equals_spec(arg_min(shape, axis, dtype, out), x, None)
