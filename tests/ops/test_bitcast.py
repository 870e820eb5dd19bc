"""BITCAST: bytes against struct, the kernel, and every refusal."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import node, operand, refused, run


def bitcast(shape, dtype, out, **changes):
    return node("BITCAST", [operand(dtype, shape)], operand(out, (1,)), **changes)


def test_literal():
    x = np.array([1, -1], np.int8)
    assert run(bitcast((2,), "INT8", "UINT8"), x).tolist() == [1, 255]
    assert run(bitcast((2,), "INT8", "INT16"), x).tolist() == -255
    x = np.array([0x3F800000], np.int32)
    assert run(bitcast((1,), "INT32", "FLOAT32"), x).tolist() == [1.0]
    assert run(bitcast((1,), "INT32", "INT8"), x).tolist() == [[0, 0, -128, 63]]


LETTERS = {"INT8": "b", "UINT16": "H", "INT32": "i", "FLOAT32": "f", "INT64": "q", "FLOAT64": "d"}


@pytest.mark.parametrize("dtype", LETTERS)
@pytest.mark.parametrize("out", LETTERS)
def test_against_struct_and_kernel(dtype, out):
    sizes = [struct.calcsize(LETTERS[name]) for name in (dtype, out)]
    shape = (3, max(1, sizes[1] // sizes[0]))
    x = operand(dtype, shape, data=np.arange(np.prod(shape)).reshape(shape) + 3).value
    found = run(bitcast(shape, dtype, out), x)
    raw = struct.pack(f"<{x.size}{LETTERS[dtype]}", *x.reshape(-1).tolist())
    expected = struct.unpack(f"<{len(raw) // sizes[1]}{LETTERS[out]}", raw)
    assert found.reshape(-1).tolist() == list(expected)
    assert_kernel_equals_spec(bitcast(shape, dtype, out), x)


def test_refuses_axes_that_make_no_element_C1():
    assert refused(bitcast((3,), "INT8", "INT16")) == "C1"
    assert refused(bitcast((4,), "INT8", "INT16")) == "C1"
    assert refused(bitcast((), "INT8", "INT16")) == "C1"


def test_refuses_versions_and_dtypes():
    assert refused(bitcast((2,), "INT8", "UINT8", version=2)) == "version"
    assert refused(bitcast((2,), "INT4", "INT8")) == "dtype"
    assert refused(bitcast((2,), "INT8", "INT4")) == "dtype"
