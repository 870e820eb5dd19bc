"""RANK: every rank, known before a run, and its refusals."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.ops import prepare
from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import node, operand, refused, run


def rank(shape, dtype="INT8", out="INT32", **changes):
    return node("RANK", [operand(dtype, shape)], operand(out, ()), **changes)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,), (1,) * 7])
def test_every_rank(shape):
    x = np.zeros(shape, np.int8)
    assert run(rank(shape), x).tolist() == len(shape)
    assert_kernel_equals_spec(rank(shape), x)
    known = prepare(rank(shape)).known_outputs()
    assert known is not None and known[0].tolist() == len(shape)


def test_refuses_versions_and_dtypes():
    assert refused(rank((2,), version=2)) == "version"
    assert refused(rank((2,), out="INT64")) == "dtype"
