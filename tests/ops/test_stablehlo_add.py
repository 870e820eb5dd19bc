"""STABLEHLO_ADD: every width against Python integers, the kernel, and every refusal."""

from __future__ import annotations

from operator import add

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import node, operand, refused, run
from tests.ops.plain_integers import DTYPES, extremes, in_low_bits

FUNCTION = add


def pair(a=(2,), b=None, dtype="INT8", **changes):
    inputs = [operand(dtype, a), operand(dtype, a if b is None else b)]
    return node("STABLEHLO_ADD", inputs, operand(dtype, a), **changes)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_pair_of_extremes_and_kernel(dtype):
    a, b = extremes(dtype)
    out = run(pair(a.shape, dtype=dtype), a, b)
    assert out.tolist() == in_low_bits(FUNCTION, a, b, dtype)
    assert_kernel_equals_spec(pair(a.shape, dtype=dtype), a, b)


def test_truth_values():
    a, b = np.array([False, False, True, True]), np.array([False, True, False, True])
    out = run(pair((4,), dtype="BOOL"), a, b)
    assert out.tolist() == [x or y for x, y in zip(a.tolist(), b.tolist(), strict=True)]
    assert_kernel_equals_spec(pair((4,), dtype="BOOL"), a, b)


def test_refuses_other_shapes_C1():
    assert refused(pair((2,), (1,))) == "C1"
    assert refused(pair((2, 1), (2,))) == "C1"


def test_refuses_versions_and_dtypes():
    assert refused(pair(version=2)) == "version"
    assert refused(pair(dtype="FLOAT32")) == "dtype"
