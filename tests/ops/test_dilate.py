"""DILATE: element by element, the kernel, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import constant, node, operand, refused, run


def dilate(shape, dilations, dtype="INT8", value=(), index="INT32", **changes):
    inputs = [operand(dtype, shape), constant(index, dilations), operand(dtype, value)]
    return node("DILATE", inputs, operand(dtype, (1,)), **changes)


def test_literal():
    x = np.array([[1, 2], [3, 4]], np.int8)
    out = run(dilate((2, 2), [2, 3]), x, None, np.array(-1, np.int8))
    assert out.tolist() == [[1, -1, -1, 2], [-1, -1, -1, -1], [3, -1, -1, 4]]


@pytest.mark.parametrize("dtype", ["INT8", "INT16", "FLOAT32", "INT64", "COMPLEX128"])
@pytest.mark.parametrize("dilations", [(1, 1, 1), (2, 1, 1), (1, 2, 3), (3, 2, 1)])
def test_element_by_element_and_kernel(dtype, dilations):
    shape = (2, 3, 4)
    x = operand(dtype, shape, data=np.arange(24) + 1).value
    value = operand(dtype, (1,), data=[99]).value
    operator = dilate(shape, dilations, dtype, (1,))
    out = run(operator, x, None, value)
    assert out.shape == tuple((n - 1) * d + 1 for n, d in zip(shape, dilations, strict=True))
    for place in np.ndindex(*out.shape):
        parts = [divmod(i, d) for i, d in zip(place, dilations, strict=True)]
        inside = not any(rest for _, rest in parts)
        assert out[place] == (x[tuple(i for i, _ in parts)] if inside else 99)
    assert_kernel_equals_spec(operator, x, None, value)


def test_refuses_scalars_and_empty_axes_C1():
    assert refused(dilate((), np.zeros(0, int))) == "C1"
    assert refused(dilate((2, 0), [1, 1])) == "C1"


def test_refuses_other_dilations_C2():
    assert refused(dilate((2, 2), [2])) == "C2"
    assert refused(dilate((2, 2), [2, 0])) == "C2"
    assert refused(dilate((2, 2), [[2, 2]])) == "C2"


def test_refuses_no_value_C3():
    assert refused(dilate((2,), [2], value=(0,))) == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(dilate((2,), [2], version=2)) == "version"
    assert refused(dilate((2,), [2], "INT4")) == "dtype"
    assert refused(dilate((2,), [2], index="INT64")) == "dtype"
