"""SHAPE: literal sizes, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused, run


def shape_of(shape, out_type="INT32", out="INT32", dtype="INT8", **changes):
    return node("SHAPE", [operand(dtype, shape)], operand(out, (1,)), out_type=out_type, **changes)


@pytest.mark.parametrize("shape", [(), (0,), (2, 3), (1, 0, 5), (1, 2, 3, 4, 5, 6)])
@pytest.mark.parametrize("out", ["INT32", "INT64"])
def test_the_sizes(shape, out):
    assert run(shape_of(shape, out, out), np.zeros(shape, np.int8)).tolist() == list(shape)


def test_the_record_alone_answers():
    (sizes,) = prepare(shape_of((2, 3))).known_outputs()
    assert (sizes.tolist(), sizes.dtype) == ([2, 3], np.int32)


@pytest.mark.parametrize("dtype", ["FLOAT32", "INT4", "COMPLEX128", "BOOL"])
def test_any_dtype_has_a_shape(dtype):
    assert run(shape_of((2, 3), dtype=dtype), None).tolist() == [2, 3]


def test_refuses_an_option_that_is_not_the_output_C1():
    assert refused(shape_of((2,), "FLOAT32")) == "C1"
    assert refused(shape_of((2,), "INT64", "INT32")) == "C1"


def test_refuses_versions_and_dtypes():
    assert refused(shape_of((2,), version=2)) == "version"
    assert refused(shape_of((2,), "INT16", "INT16")) == "dtype"
