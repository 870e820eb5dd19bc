"""ARG_MAX: kernels against the spec."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.kernels import assert_alarm, assert_kernel_equals_spec
from tests.ops.nodes import constant, node, operand

DTYPES = ("INT8", "UINT8", "INT32", "BOOL")


def arg_max(dtype, shape, axis, out="INT32"):
    result = operand(out, (*shape[:axis], *shape[axis + 1 :]))
    return node(
        "ARG_MAX", [operand(dtype, shape), constant("INT32", [axis])], result, output_type=out
    )


def few_values(dtype, shape, seed=0):
    """Values that often repeat, extremes among them."""
    rng = np.random.default_rng(seed)
    if dtype == "BOOL":
        return rng.random(shape) < 0.05
    info = np.iinfo(dtype.lower())
    values = np.array([info.min, info.min + 1, 0, 1, info.max - 1, info.max])
    return rng.choice(values, shape, p=[0.7, 0.1, 0.1, 0.05, 0.03, 0.02]).astype(dtype.lower())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("out", ["INT32", "INT64"])
@pytest.mark.parametrize("size", [1, 2, 63, 64, 65, 128, 1001])
def test_rows(dtype, out, size):
    shape = (17, size)
    assert_kernel_equals_spec(arg_max(dtype, shape, 1, out), few_values(dtype, shape), None)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("out", ["INT32", "INT64"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_axes(dtype, out, axis):
    shape = (5, 6, 37)
    assert_kernel_equals_spec(arg_max(dtype, shape, axis, out), few_values(dtype, shape), None)


@pytest.mark.parametrize("dtype", ["INT8", "UINT8"])
def test_the_largest_at_every_place_and_all_equal(dtype):
    info = np.iinfo(dtype.lower())
    x = np.full((130, 130), info.min, dtype.lower())
    np.fill_diagonal(x, info.min + 1)
    x[129] = info.max
    assert_kernel_equals_spec(arg_max(dtype, x.shape, 1), x, None)
    # What lies behind a row is the next row's, larger or equal.
    x = np.repeat(np.arange(info.min, info.max + 1)[:, None], 3, axis=1).astype(dtype.lower())
    assert_kernel_equals_spec(arg_max(dtype, x.shape, 1), x, None)


@pytest.mark.parametrize("axis", [0, 1])
def test_floats_by_their_bits(axis):
    ordered = np.array([-np.inf, -2, -1.5, -1e-45, -0.0, 0.0, 1e-45, 1.5, 2, np.inf], np.float32)
    x = np.random.default_rng(0).choice(ordered, (400, 3) if axis else (3, 400))
    assert_kernel_equals_spec(arg_max("FLOAT32", x.shape, axis), x, None)


def test_a_nan_is_left_to_the_spec():
    for bits in (0x7FC00000, -0x400000, 0x7F800001, -1):
        x = np.zeros((3, 5), np.float32)
        x.view(np.int32)[1, 2] = bits
        operator = arg_max("FLOAT32", x.shape, 1)
        with pytest.raises(DomainError):
            prepare(operator).spec(x, None)
        assert_alarm(operator, x, None)
