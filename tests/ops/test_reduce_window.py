"""REDUCE_WINDOW: every function against Python integers, the kernel, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import constant, node, operand, refused, run
from tests.ops.windows_of_integers import FUNCTIONS, reduced


def reduce_window(shape, window, strides=None, dilations=None, function="ADD", **changes):
    dtype, ones = changes.pop("dtype", "INT8"), [1] * len(shape)
    vectors = (window, strides or ones, dilations or ones)
    inputs = [
        operand(dtype, shape),
        operand(dtype, changes.pop("init", ())),
        *(constant(changes.pop("index", "INT64"), vector) for vector in vectors[:1]),
        *(constant("INT64", vector) for vector in vectors[1:]),
    ]
    out = operand(dtype, (1,))
    return node("REDUCE_WINDOW", inputs, out, reduce_function=function, **changes)


def test_literal():
    x, init = np.array([1, 2, 3, 4, 5], np.int8), np.array(10, np.int8)
    assert run(reduce_window((5,), [2]), x, init).tolist() == [13, 15, 17, 19]
    assert run(reduce_window((5,), [2], [2], [2]), x, init).tolist() == [14, 18]
    assert run(reduce_window((5,), [6]), x, init).tolist() == []
    big = np.array([100, 100, 100], np.int8)
    assert run(reduce_window((3,), [3]), big, np.array(0, np.int8)).tolist() == [44]


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16", "INT32", "INT64"])
def test_element_by_element_and_kernel(function, dtype):
    rng = np.random.default_rng(4)
    limits = np.iinfo(dtype.lower())
    x = rng.integers(limits.min, limits.max, (3, 6, 5), dtype.lower(), endpoint=True)
    if function in ("ALL", "ANY"):
        x[rng.random(x.shape) < 0.5] = 0
    window, strides, dilations = [2, 3, 2], [1, 2, 1], [1, 1, 3]
    for start in (0, 1, int(limits.max), int(limits.min)):
        init = np.array([start], dtype.lower())
        operator = reduce_window(
            x.shape, window, strides, dilations, function, dtype=dtype, init=(1,)
        )
        out = run(operator, x, init)
        shape, expected = reduced(
            lambda place: int(x[place]),
            *(x.shape, start, function, window, strides, dilations, limits.bits, limits.min < 0),
        )
        assert out.shape == shape
        assert {place: int(out[place]) for place in expected} == expected
        assert_kernel_equals_spec(operator, x, init)


@pytest.mark.parametrize("function", ["MUL", "MINIMUM", "MAXIMUM", "ALL", "ANY"])
def test_truth_values(function):
    x = np.array([True, True, False, False])
    both = function in ("MUL", "MINIMUM", "ALL")
    operator = reduce_window((4,), [2], function=function, dtype="BOOL")
    out = run(operator, x, np.array(both))
    assert out.tolist() == ([True, False, False] if both else [True, True, False])
    assert_kernel_equals_spec(operator, x, np.array(both))


def test_refuses_other_ranks_and_no_init_C1():
    assert refused(reduce_window((), np.zeros(0, int))) == "C1"
    assert refused(reduce_window((1,) * 7, [1] * 7)) == "C1"
    assert refused(reduce_window((2,), [1], init=(0,))) == "C1"


def test_refuses_other_windows_C2():
    assert refused(reduce_window((2, 2), [1])) == "C2"
    assert refused(reduce_window((2, 2), [1, 0])) == "C2"
    assert refused(reduce_window((2, 2), [1, 1], [0, 1])) == "C2"
    assert refused(reduce_window((2, 2), [1, 1], dilations=[1, 0])) == "C2"


def test_refuses_other_functions_C3():
    assert refused(reduce_window((2,), [1], function="UNSUPPORTED")) == "C3"
    assert refused(reduce_window((2,), [1], dtype="BOOL")) == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(reduce_window((2,), [1], version=2)) == "version"
    assert refused(reduce_window((2,), [1], dtype="FLOAT32")) == "dtype"
    assert refused(reduce_window((2,), [1], index="INT32")) == "dtype"
