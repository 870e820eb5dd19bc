"""ZEROS_LIKE: the integer 0, known before a run, and its refusals."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.ops import prepare
from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import node, operand, refused, run


def zeros_like(shape, dtype="INT8", zero_point=0, **changes):
    out = operand(dtype, (1,), 0.5 if dtype == "INT8" else None, zero_point)
    return node("ZEROS_LIKE", [operand(dtype, shape)], out, **changes)


@pytest.mark.parametrize("dtype", ["INT8", "INT32", "INT64", "FLOAT32"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 70), (0, 3)])
def test_zeros_whatever_the_input_and_the_zero_point(dtype, shape):
    x = operand(dtype, shape, data=np.full(shape, 5)).value
    operator = zeros_like(shape, dtype, zero_point=4)
    assert np.array_equal(run(operator, x), np.zeros(shape))
    assert_kernel_equals_spec(operator, x)


def test_known_before_a_run():
    known = prepare(zeros_like((2,))).known_outputs()
    assert known is not None and known[0].tolist() == [0, 0]


def test_refuses_versions_and_dtypes():
    assert refused(zeros_like((2,), version=2)) == "version"
    assert refused(zeros_like((2,), "UINT8")) == "dtype"
