"""REDUCE_PROD: the order of the products, Python integers, plain integers, and every refusal."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.nodes import constant, node, operand, refused, run
from tests.ops.python_integers import clamp, float32, requantize_q15

LIMITS = {"INT8": (-128, 127), "INT16": (-32768, 32767)}


def prod(dtype="INT8", shape=(2, 3), axes=(1,), keep=False, scales=(1.0, 1.0), **changes):
    zero_points = changes.pop("zero_points", (0, 0))
    inputs = [operand(dtype, shape, scales[0], zero_points[0]), constant("INT32", axes)]
    out = operand(dtype, (1,), scales[1], zero_points[1])
    return node("REDUCE_PROD", inputs, out, keep_dims=keep, **changes)


def test_literal():
    x = np.array([[2, 3, 4], [5, -1, 2]], np.int8)
    assert run(prod(), x).tolist() == [24, -10]
    # Each step halves, ties up: 10, -3, 8 to 5, -1, 4 and these to 2.5, -0.5, 2.
    assert run(prod(axes=(0,), scales=(1.0, 4.0)), x).tolist() == [3, 0, 2]


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("axes", [(1,), (0, 2), (2, 1), (0, 1, 2)])
def test_equals_python_integers_in_row_major_order(dtype, axes):
    low, high = LIMITS[dtype]
    rng = np.random.default_rng(4)
    x = rng.integers(low, high + 1, (2, 3, 2)).astype(dtype.lower())
    zero_points = (0, 0) if dtype == "INT16" else (-20, 31)
    scales = (0.01, 0.004) if dtype == "INT8" else (1e-4, 3e-4)
    count = int(np.prod([x.shape[axis] for axis in axes]))
    real = float32(scales[0]) / float32(scales[1]) ** (1 / count)
    out = run(prod(dtype, x.shape, axes, True, scales, zero_points=zero_points), x)
    for index in np.ndindex(*out.shape):
        picks = [range(x.shape[i]) if i in axes else [index[i]] for i in range(3)]
        values = [int(x[at]) - zero_points[0] for at in itertools.product(*picks)]
        total = values[0]
        for value in values[1:]:
            total = requantize_q15(total * value, real)
        assert out[index] == clamp(requantize_q15(total, real) + zero_points[1], low, high)


def test_the_order_shows():
    x = np.array([[1, 2, 5], [5, 2, 1]], np.int8)
    # By 0.3: 0.6 to 1, 1.5 to 2, 0.6 to 1; from the other side 3, 0.9 to 1, 0.3 to 0.
    assert run(prod(shape=x.shape, scales=(0.3, 1.0)), x).tolist() == [1, 0]


@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16", "INT32", "INT64"])
def test_plain_integers_wrap(dtype):
    x = np.array([[3, 5, 7], [100, 100, 100]], dtype.lower())
    bits = 8 * x.dtype.itemsize
    out = run(prod(dtype, scales=(None, None)), x)
    assert [int(v) % 2**bits for v in out] == [105 % 2**bits, 10**6 % 2**bits]
    empty = prod(dtype, (2, 0), scales=(None, None))
    assert run(empty, x[:, :0]).tolist() == [1, 1]


def test_no_axes_requantize_once():
    x = np.array([3, -4], np.int8)
    assert run(prod(shape=(2,), axes=(), scales=(0.5, 0.25)), x).tolist() == [6, -8]


def test_a_factor_of_128_is_reported():
    assert run(prod(scales=(127.0, 1.0)), np.ones((2, 3), np.int8)).tolist() == [127, 127]
    with pytest.raises(DomainError, match=r"shifts in \[-31, 7\], not 8"):
        prepare(prod(scales=(128.0, 1.0)))


def test_engines_wrap_where_a_factor_is_large():
    def one(values, scale, zero_point=0):
        x = np.array([values], np.int8)
        zero_points = (0, zero_point)
        changes = {"scales": (scale, 1.0), "zero_points": zero_points, "rules": "litert-ref"}
        return run(prod(shape=x.shape, **changes), x).tolist()

    # 2^8 * 3 * 5 = 3840, times 2^8 is 983040: saturated like any product.
    assert one([3, 5], 2.0**8) == [127]
    # 2^13 * 8 * 8 = 2^19, times 2^13 is 2^32, of which 32 bits are 0.
    assert one([8, 8], 2.0**13) == [0]
    # 2^12 * 64 * 2 = 2^19, times 2^12 is -2^31 in 32 bits; a zero point of -1 makes it 2^31 - 1.
    assert one([64, 2], 2.0**12) == [-128]
    assert one([64, 2], 2.0**12, -1) == [127]
    # The multiplier of 2^14 has shift 15, which leaves nothing to shift; the next shifts 63 bits.
    assert one([5], 2.0**14) == [127]
    assert one([5, 7], 2.0**15) == [0]


def test_refuses_axes_outside_the_rank_C1():
    assert refused(prod(axes=(2,))) == "C1"


def test_refuses_asymmetric_int16_C2():
    assert refused(prod("INT16", zero_points=(1, 0))) == "C2"
    assert refused(prod("INT16", zero_points=(0, 1))) == "C2"


def test_refuses_empty_products_C3():
    assert refused(prod(shape=(2, 0))) == "C3"


def test_refuses_scales_of_other_dtypes_C4():
    assert refused(prod("UINT8")) == "C4"
    assert refused(prod("INT32")) == "C4"


def test_refuses_versions_and_dtypes():
    prepare(prod(version=2))
    assert refused(prod(version=3)) == "version"
    assert refused(prod("FLOAT32")) == "dtype"
