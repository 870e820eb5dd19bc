"""ARG_MIN: ties, extremes, every axis, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from tests.ops.nodes import constant, node, operand, refused, run


def arg_min(shape, axis=-1, dtype="INT8", out="INT32", axis_dtype="INT32", **changes):
    options = {"output_type": out, **changes}
    inputs = [operand(dtype, shape), constant(axis_dtype, axis)]
    return node("ARG_MIN", inputs, operand(out, (1,)), **options)


@pytest.mark.parametrize("out", ["INT32", "INT64"])
@pytest.mark.parametrize("axis_dtype", ["INT32", "INT64"])
def test_literal(out, axis_dtype):
    x = np.array([[1, 5, 5], [-128, -128, -127]], np.int8)
    operator = arg_min((2, 3), -1, out=out, axis_dtype=axis_dtype)
    assert run(operator, x, None).tolist() == [0, 0]
    operator = arg_min((2, 3), [0], out=out, axis_dtype=axis_dtype)
    assert run(operator, x, None).tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "dtype, low, high",
    [
        ("INT8", -128, 127),
        ("UINT8", 0, 255),
        ("INT32", -(1 << 31), (1 << 31) - 1),
        ("BOOL", 0, 1),
        ("FLOAT32", -np.inf, np.inf),
    ],
)
def test_the_first_of_several_smallest(dtype, low, high):
    for size in (1, 2, 15, 16, 17, 40):
        for first in range(size):
            x = np.full(size, high, operand(dtype, (1,), data=[0]).value.dtype)
            x[first:] = low
            assert run(arg_min((size,), 0, dtype), x, None).tolist() == first
        assert run(arg_min((size,), 0, dtype), np.full_like(x, high), None).tolist() == 0


@pytest.mark.parametrize("axis", range(-6, 6))
def test_every_axis_of_rank_6(axis):
    rng = np.random.default_rng(axis + 6)
    x = rng.integers(-3, 3, (2, 3, 2, 3, 2, 3)).astype(np.int8)
    out = run(arg_min(x.shape, axis), x, None)
    lines = np.moveaxis(x, axis, -1)
    for index in np.ndindex(*out.shape):
        line = lines[index].tolist()
        assert out[index] == line.index(min(line))


def test_quantization_does_not_matter():
    inputs = [operand("UINT8", (3,), 0.5, 255), constant("INT32", 0)]
    operator = node("ARG_MIN", inputs, operand("INT32", ()), output_type="INT32")
    assert run(operator, np.array([30, 200, 7], np.uint8), None).tolist() == 2


def test_equal_zeros_of_both_signs():
    x = np.array([-0.0, 0.0], np.float32)
    assert run(arg_min((2,), 0, "FLOAT32"), x, None).tolist() == 0


def test_an_empty_result():
    assert run(arg_min((0, 3), 1), np.zeros((0, 3), np.int8), None).shape == (0,)


def test_reports_nan():
    x = np.array([1, np.nan, 2], np.float32)
    with pytest.raises(DomainError, match="1 inputs are NaN"):
        run(arg_min((3,), 0, "FLOAT32"), x, None)


def test_refuses_axes_outside_C1():
    assert refused(arg_min((2, 3), 2)) == "C1"
    assert refused(arg_min((2, 3), -3)) == "C1"
    assert refused(arg_min((2, 3), [0, 1])) == "C1"
    assert refused(arg_min((), 0)) == "C1"


def test_refuses_an_empty_axis_C2():
    assert refused(arg_min((3, 0), 1)) == "C2"


def test_refuses_an_option_that_is_not_the_output_C3():
    assert refused(arg_min((3,), 0, output_type="INT64")) == "C3"
    assert refused(arg_min((3,), 0, output_type="FLOAT32")) == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(arg_min((3,), 0, version=4)) == "version"
    assert refused(arg_min((3,), 0, "INT16")) == "dtype"
    assert refused(arg_min((3,), 0, out="INT16")) == "dtype"
