"""BROADCAST_TO: the definition element by element, the kernel, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import constant, node, operand, refused, run


def broadcast_to(shape, wanted, dtype="INT8", index="INT32", **changes):
    inputs = [operand(dtype, shape), constant(index, np.array(wanted, np.int64))]
    return node("BROADCAST_TO", inputs, operand(dtype, (1,)), **changes)


def test_literal():
    x = np.array([[1], [2]], np.int8)
    assert run(broadcast_to((2, 1), (2, 3)), x, None).tolist() == [[1, 1, 1], [2, 2, 2]]
    x = np.array([1, 2], np.int8)
    assert run(broadcast_to((2,), (2, 2)), x, None).tolist() == [[1, 2], [1, 2]]
    assert run(broadcast_to((), ()), np.array(3, np.int8), None).tolist() == 3


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ((1, 3, 1), (2, 3, 4)),
        ((3, 1), (2, 3, 4)),
        ((2, 1, 4), (2, 3, 4)),
        ((), (2, 2)),
        ((1, 5), (0, 5)),
        ((1, 1, 2, 1, 2, 1), (1, 3, 2, 2, 2, 2)),
    ],
)
@pytest.mark.parametrize("dtype", ["INT8", "INT16", "FLOAT32", "INT64", "COMPLEX128"])
def test_element_by_element_and_kernel(shape, wanted, dtype):
    x = operand(dtype, shape, data=np.arange(np.prod(shape, dtype=int))).value
    out = run(broadcast_to(shape, wanted, dtype), x, None)
    for index in np.ndindex(*wanted):
        behind = index[len(wanted) - len(shape) :]
        place = tuple(0 if n == 1 else i for i, n in zip(behind, shape, strict=True))
        assert out[index] == x[place]
    assert_kernel_equals_spec(broadcast_to(shape, wanted, dtype, "INT64"), x, None)


def test_refuses_what_is_no_shape_C1():
    assert refused(broadcast_to((2, 3), (3,))) == "C1"
    assert refused(broadcast_to((), [[2]])) == "C1"
    assert refused(broadcast_to((1,), (-1,))) == "C1"


def test_refuses_sizes_that_do_not_fit_C2():
    assert refused(broadcast_to((2, 3), (2, 4))) == "C2"
    assert refused(broadcast_to((2,), (2, 1))) == "C2"


def test_refuses_versions_and_dtypes():
    assert refused(broadcast_to((1,), (2,), version=5)) == "version"
    assert refused(broadcast_to((1,), (2,), "INT4")) == "dtype"
    assert refused(broadcast_to((1,), (2,), index="INT16")) == "dtype"
