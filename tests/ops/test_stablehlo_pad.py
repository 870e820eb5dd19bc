"""STABLEHLO_PAD: borders of both signs and gaps element by element, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import node, operand, refused, run


def pad(shape, low, high, gap, dtype="INT8", value=(), **changes):
    return node(
        "STABLEHLO_PAD",
        [operand(dtype, shape), operand(dtype, value)],
        operand(dtype, (1,)),
        edge_padding_low=tuple(low),
        edge_padding_high=tuple(high),
        interior_padding=tuple(gap),
        **changes,
    )


def test_literal():
    x, value = np.array([1, 2, 3], np.int8), np.array(-1, np.int8)
    assert run(pad((3,), [1], [2], [0]), x, value).tolist() == [-1, 1, 2, 3, -1, -1]
    assert run(pad((3,), [0], [0], [1]), x, value).tolist() == [1, -1, 2, -1, 3]
    assert run(pad((3,), [-1], [-1], [1]), x, value).tolist() == [-1, 2, -1]
    assert run(pad((3,), [-2], [4], [0]), x, value).tolist() == [3, -1, -1, -1, -1]
    assert run(pad((3,), [-5], [3], [0]), x, value).tolist() == [-1]
    assert run(pad((0,), [2], [1], [5]), x[:0], value).tolist() == [-1, -1, -1]


@pytest.mark.parametrize("dtype", ["INT8", "INT16", "FLOAT32", "INT64", "COMPLEX128"])
@pytest.mark.parametrize("seed", range(12))
def test_element_by_element_and_kernel(dtype, seed):
    rng = np.random.default_rng(seed)
    shape = tuple(int(n) for n in rng.integers(1, 6, 3))
    low, high = rng.integers(-3, 4, (2, 3)).tolist()
    gap = rng.integers(0, 3, 3).tolist()
    x = operand(dtype, shape, data=np.arange(np.prod(shape)) + 1).value
    value = operand(dtype, (), data=0).value
    operator = pad(shape, low, high, gap, dtype)
    sizes = [a + n + (n - 1) * g + b for a, n, g, b in zip(low, shape, gap, high, strict=True)]
    if min(sizes) <= 0:
        sizes = [0, 0, 0]
    out = run(operator, x, value)
    assert out.shape == tuple(sizes)
    for place in np.ndindex(*sizes):
        axes = zip(place, low, gap, strict=True)
        parts = [divmod(i - a, g + 1) for i, a, g in axes]
        inside = all(rest == 0 and 0 <= i < n for (i, rest), n in zip(parts, shape, strict=True))
        assert out[place] == (x[tuple(i for i, _ in parts)] if inside else 0)
    assert_kernel_equals_spec(operator, x, value)


def test_one_empty_axis_empties_all():
    x, value = np.ones((2, 3), np.int8), np.array([0], np.int8)
    assert run(pad((2, 3), [-2, 1], [0, 1], [0, 0], value=(1,)), x, value).shape == (0, 0)


def test_refuses_other_ranks_and_borders_C1():
    assert refused(pad((), [], [], [])) == "C1"
    assert refused(pad((1,) * 9, [0] * 9, [0] * 9, [0] * 9)) == "C1"
    for k in range(3):
        borders = [[0], [0], [0]]
        borders[k] = [0, 0]
        assert refused(pad((2,), *borders)) == "C1"


def test_refuses_negative_gaps_C2():
    assert refused(pad((2,), [0], [0], [-1])) == "C2"


def test_refuses_several_values_C3():
    assert refused(pad((2,), [0], [0], [0], value=(2,))) == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(pad((2,), [0], [0], [0], version=2)) == "version"
    assert refused(pad((2,), [0], [0], [0], "INT4")) == "dtype"
