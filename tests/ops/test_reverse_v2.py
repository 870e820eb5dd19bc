"""REVERSE_V2: the definition element by element, the kernel, and every refusal."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import constant, node, operand, refused, run


def reverse(shape, axes, dtype="INT8", index="INT32", **changes):
    inputs = [operand(dtype, shape), constant(index, np.array(axes, np.int64))]
    return node("REVERSE_V2", inputs, operand(dtype, (1,) * len(shape)), **changes)


def test_literal():
    x = np.array([[1, 2, 3], [4, 5, 6]], np.int8)
    assert run(reverse((2, 3), [1]), x, None).tolist() == [[3, 2, 1], [6, 5, 4]]
    assert run(reverse((2, 3), [-2]), x, None).tolist() == [[4, 5, 6], [1, 2, 3]]
    assert run(reverse((2, 3), [1, 0]), x, None).tolist() == [[6, 5, 4], [3, 2, 1]]


AXES = [axes for n in (1, 2, 3) for axes in combinations(range(3), n) if axes != (0, 2)]


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT16"])
def test_element_by_element_and_kernel(axes, dtype):
    shape = (2, 3, 4)
    x = operand(dtype, shape, data=np.arange(24)).value
    out = run(reverse(shape, axes, dtype), x, None)
    for index in np.ndindex(*shape):
        turned = tuple(
            n - 1 - i if axis in axes else i
            for axis, (i, n) in enumerate(zip(index, shape, strict=True))
        )
        assert out[index] == x[turned]
    assert_kernel_equals_spec(reverse(shape, axes, dtype), x, None)


def test_refuses_ranks_above_8_C1():
    assert refused(reverse((1,) * 9, [0])) == "C1"


def test_refuses_axes_outside_or_none_C2():
    assert refused(reverse((2, 3), [2])) == "C2"
    assert refused(reverse((2, 3), [-3])) == "C2"
    assert refused(reverse((2, 3), np.zeros(0, int))) == "C2"
    assert refused(reverse((2, 3), [[0]])) == "C2"


def test_refuses_gaps_between_axes_C3():
    assert refused(reverse((2, 3, 4), [0, 2])) == "C3"
    assert refused(reverse((2, 3, 4), [1, -2])) == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(reverse((2,), [0], version=5)) == "version"
    assert refused(reverse((2,), [0], "UINT32")) == "dtype"
    assert refused(reverse((2,), [0], index="INT64")) == "dtype"
