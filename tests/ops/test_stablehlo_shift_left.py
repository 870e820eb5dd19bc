"""STABLEHLO_SHIFT_LEFT: every count, counts outside, the kernel, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from tests.ops.kernels import assert_alarm, assert_kernel_equals_spec
from tests.ops.nodes import node, operand, refused, run
from tests.ops.plain_integers import in_low_bits


def shift(a=(2,), b=None, dtype="INT8", **changes):
    inputs = [operand(dtype, a), operand(dtype, a if b is None else b)]
    return node("STABLEHLO_SHIFT_LEFT", inputs, operand(dtype, a), **changes)


@pytest.mark.parametrize("dtype", ["INT8", "INT16", "INT32"])
def test_every_count_and_kernel(dtype):
    limits = np.iinfo(dtype.lower())
    values = np.array([limits.min, -77, -1, 0, 1, 5, limits.max], dtype.lower())
    a = np.repeat(values, 32)
    b = np.tile(np.arange(32, dtype=dtype.lower()), len(values))
    out = run(shift(a.shape, dtype=dtype), a, b)
    assert out.tolist() == in_low_bits(lambda x, n: x * 2**n, a, b, dtype)
    assert_kernel_equals_spec(shift(a.shape, dtype=dtype), a, b)


@pytest.mark.parametrize("count", [-1, 32, -128, 127])
def test_reports_counts_outside(count):
    arrays = np.ones(2, np.int8), np.array([0, count], np.int8)
    with pytest.raises(DomainError, match=f"a shift by {count}"):
        run(shift(), *arrays)
    assert_alarm(shift(), *arrays)


def test_refuses_other_shapes_C1():
    assert refused(shift((2,), (1,))) == "C1"


def test_refuses_versions_and_dtypes():
    assert refused(shift(version=2)) == "version"
    assert refused(shift(dtype="UINT8")) == "dtype"
