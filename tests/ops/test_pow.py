"""POW: Python integers, what leaves int32, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.integer_pairs import pair
from tests.ops.kernels import assert_alarm, assert_kernel_equals_spec
from tests.ops.nodes import refused, run


def power(bases, exponents):
    x1, x2 = np.array(bases, np.int32), np.array(exponents, np.int32)
    return run(pair("POW", "INT32", (x1.shape, x2.shape)), x1, x2).tolist()


def test_equals_python_integers():
    for base in (*range(-12, 13), 46340, -46341, 1290, 2**31 - 1, -(2**31)):
        exponents = [e for e in range(40) if -(2**31) <= base**e < 2**31]
        assert power([base] * len(exponents), exponents) == [base**e for e in exponents]


def test_the_kernel():
    for base in (*range(-12, 13), 46340, -46341, 1290, 2**31 - 1, -(2**31)):
        exponents = [e for e in range(40) if -(2**31) <= base**e < 2**31]
        x1, x2 = np.full(len(exponents), base, np.int32), np.array(exponents, np.int32)
        assert_kernel_equals_spec(pair("POW", "INT32", (x1.shape, x2.shape)), x1, x2)
    x1, x2 = np.array([[2], [-3]], np.int32), np.arange(5, dtype=np.int32)
    assert_kernel_equals_spec(pair("POW", "INT32", (x1.shape, x2.shape)), x1, x2)
    x1, x2 = np.array([0, 1, -1, -1], np.int32), np.array([2**31 - 1] * 3 + [2**31 - 2], np.int32)
    assert_kernel_equals_spec(pair("POW", "INT32", (x1.shape, x2.shape)), x1, x2)


@pytest.mark.parametrize(
    "base, exponent",
    [(2, 31), (-2, 32), (46341, 2), (3, 2**31 - 1), (-2, 33), (2, -1), (-(2**31), 2),
     (-(2**31), 3), (2**31 - 1, 2**31 - 1), (65536, 2), (256, 4), (-65536, 2), (1, -(2**31))],
)  # fmt: skip
def test_the_kernel_leaves_what_is_reported_to_the_spec(base, exponent):
    x1, x2 = np.array([1, base], np.int32), np.array([1, exponent], np.int32)
    assert_alarm(pair("POW", "INT32", (x1.shape, x2.shape)), x1, x2)


def test_long_exponents():
    assert power([0, 1, -1, -1], [2**31 - 1, 2**31 - 1, 2**31 - 1, 2**31 - 2]) == [0, 1, -1, 1]


def test_broadcasts():
    assert power([[2], [-3]], [0, 1, 2, 3]) == [[1, 2, 4, 8], [1, -3, 9, -27]]


@pytest.mark.parametrize(
    "base, exponent", [(2, 31), (-2, 32), (46341, 2), (3, 2**31 - 1), (-2, 33)]
)
def test_reports_what_leaves_int32(base, exponent):
    with pytest.raises(DomainError, match="a power is"):
        power([1, base], [1, exponent])


def test_the_lowest_value_is_within_int32():
    assert power([-2], [31]) == [-(2**31)]


def test_reports_negative_exponents():
    with pytest.raises(DomainError, match="1 exponents are negative"):
        power([2, 2], [1, -1])


def test_refuses_shapes_C1():
    assert refused(pair("POW", "INT32", ((3,), (4,)))) == "C1"


def test_refuses_versions_and_dtypes():
    prepare(pair("POW", "INT32"))
    assert refused(pair("POW", "INT32", version=2)) == "version"
    assert refused(pair("POW", "INT64")) == "dtype"
