"""SOFTMAX: kernels against the spec."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.kernels import assert_alarm, assert_kernel_equals_spec, why_not_fast
from tests.ops.nodes import node, operand
from tests.ops.test_pool_kernel import noise

OUTPUTS = {"INT8": (1 / 256, -128), "UINT8": (1 / 256, 0), "INT16": (1 / 32768, 0)}
ROWS = [("INT8", "INT8"), ("UINT8", "UINT8"), ("INT8", "INT16"), ("UINT8", "INT16")]
ALL = [*ROWS, ("INT16", "INT16")]


def softmax(dtype, out, shape, scale, beta=1.0, rules="tflite"):
    x = operand(dtype, shape, scale, 0 if dtype == "INT16" else 3)
    return node("SOFTMAX", [x], operand(out, shape, *OUTPUTS[out]), beta=beta, rules=rules)


@pytest.mark.parametrize("dtype, out", ALL)
@pytest.mark.parametrize("classes", [1, 2, 10, 63, 64, 65, 511])
def test_classes_and_tails(dtype, out, classes):
    shape = (3, 2, classes)
    operator = softmax(dtype, out, shape, 0.001 if dtype == "INT16" else 0.05)
    assert_kernel_equals_spec(operator, noise(dtype, shape))


@pytest.mark.parametrize("dtype, out", ALL)
@pytest.mark.parametrize("scale", [2.0**-26 * 1.5, 1e-5, 1e-3, 0.0625, 0.1, 1.0, 3.7])
@pytest.mark.parametrize("rules", ["tflite", "tflm"])
def test_scales(dtype, out, scale, rules):
    shape = (40, 31)
    x = noise(dtype, shape)
    # Rows that are all equal, that have one spike, that step down by one.
    info = np.iinfo(x.dtype)
    x[0], x[1], x[2] = 7, info.min, info.max
    x[3], x[3, 30] = info.min, info.max
    x[4] = info.max - np.arange(31)
    assert_kernel_equals_spec(softmax(dtype, out, shape, scale, rules=rules), x)


@pytest.mark.parametrize("dtype, out", ALL)
def test_every_difference_to_the_largest(dtype, out):
    # Each row holds the largest value, one lower value and a third, so sums differ too.
    info = np.iinfo(dtype.lower())
    lower = np.arange(info.min, info.max + 1, 1 if dtype != "INT16" else 13)
    x = np.stack([np.full_like(lower, info.max), lower, lower[::-1]], axis=1).astype(dtype.lower())
    scale = 0.04 if dtype != "INT16" else 0.0002
    assert_kernel_equals_spec(softmax(dtype, out, x.shape, scale), x)


def test_long_rows_of_int16():
    for classes in (4096, 65536):
        x = np.full((1, classes), 100, np.int16)
        assert_kernel_equals_spec(softmax("INT16", "INT16", x.shape, 0.01), x)


@pytest.mark.parametrize(
    "dtype, out, fine, over",
    [("INT8", "INT8", 511, 512), ("UINT8", "INT16", 4095, 4096), ("INT16", "INT16", 65536, 66000)],
)
def test_sums_that_leave_their_range_are_left_to_the_spec(dtype, out, fine, over):
    x = np.full((2, over), 7, dtype.lower())
    x[:, fine:] = np.iinfo(x.dtype).min
    operator = softmax(dtype, out, x.shape, 0.5)
    assert_kernel_equals_spec(operator, x)
    x[1] = 7
    with pytest.raises(DomainError):
        prepare(operator).spec(x)
    assert_alarm(operator, x)


def test_a_thousand_classes():
    for dtype, out in ROWS:
        operator = softmax(dtype, out, (5, 1001), 0.1)
        assert_kernel_equals_spec(operator, noise(dtype, (5, 1001)))


def test_a_left_shift_that_may_leave_int32_is_left_to_the_spec():
    assert "shifted left" in why_not_fast(softmax("INT16", "INT16", (1, 4), 20.0))
    wraps = softmax("INT16", "INT16", (50, 4), 20.0, rules="litert-ref")
    assert_kernel_equals_spec(wraps, noise("INT16", (50, 4)))


def test_an_empty_batch():
    assert_kernel_equals_spec(softmax("INT8", "INT8", (0, 4), 0.1), np.zeros((0, 4), np.int8))
