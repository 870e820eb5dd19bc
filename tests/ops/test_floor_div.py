"""FLOOR_DIV: literal examples, Python integers, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.integer_pairs import assert_pairs, pair
from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import refused, run


def test_literal():
    x1, x2 = np.array([7, -7, 7, -128], np.int8), np.array([2, 2, -2, -1], np.int8)
    assert run(pair("FLOOR_DIV", "INT8"), x1, x2).tolist() == [3, -4, -4, -128]


@pytest.mark.parametrize("dtype", ["INT8", "INT16", "INT32"])
def test_equals_python_integers(dtype):
    assert_pairs("FLOOR_DIV", dtype, lambda a, b: a // b, without=[0])


@pytest.mark.parametrize("dtype", ["INT8", "INT16", "INT32"])
@pytest.mark.parametrize("shapes", [((1000,), (1000,)), ((1000,), ()), ((3, 1), (1, 40))])
def test_the_kernel(dtype, shapes):
    info = np.iinfo(dtype.lower())
    rng = np.random.default_rng(3)
    ends = [info.min, info.max, -1, 1, 2, -2, 7]
    x1, x2 = (
        np.where(
            rng.integers(0, 2, shape),
            rng.integers(info.min, info.max, shape),
            rng.choice(ends, shape),
        ).astype(dtype.lower())
        for shape in shapes
    )
    x2 = np.where(x2 == 0, x2.dtype.type(-1), x2)
    assert_kernel_equals_spec(pair("FLOOR_DIV", dtype, shapes), x1, x2)


def test_reports_divisors_of_zero():
    with pytest.raises(DomainError, match=r"divisor is 0 at \(2,\)"):
        run(pair("FLOOR_DIV", "INT32"), np.ones(4, np.int32), np.array([1, 2, 0, 0], np.int32))


def test_refuses_shapes_C1():
    assert refused(pair("FLOOR_DIV", "INT8", ((3,), (4,)))) == "C1"


def test_refuses_versions_and_dtypes():
    prepare(pair("FLOOR_DIV", "INT8", version=3))
    assert refused(pair("FLOOR_DIV", "INT8", version=4)) == "version"
    assert refused(pair("FLOOR_DIV", "INT64")) == "dtype"
