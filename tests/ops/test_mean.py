"""MEAN: literal examples, a definition in Python integers, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.numerics.multiplier import divide_multiplier
from refint8.ops._op import prepare
from tests.ops.nodes import constant, node, operand, refused, run
from tests.ops.python_integers import clamp, double_rounding, quantize_multiplier


def mean_node(dtype="INT8", shape=(2, 3, 4), axes=(1,), keep=False, rules="tflite", **changes):
    plain = dtype in ("INT32", "INT64")
    x = operand(
        dtype, shape, None if plain else changes.get("scale", 0.5), changes.get("zero_point", 0)
    )
    out = operand(
        dtype,
        (1,),
        None if plain else changes.get("out_scale", 0.5),
        changes.get("out_zero_point", 0),
    )
    version = changes.get("version", 1)
    inputs = [x, constant("INT32", axes)]
    return node("MEAN", inputs, out, rules=rules, version=version, keep_dims=keep)


def test_example():
    x = np.array([[1, 2, 3], [-4, -4, -5]], np.int8)
    # 6 and -13 by 3, twice the steps: 4, and -8.67 to -9; zero points 0 and 10.
    out = run(mean_node(shape=x.shape, out_scale=0.25, out_zero_point=10), x)
    assert out.tolist() == [14, 1]


def reduced(x, axes, keep):
    """Index of each result to the list of its elements."""
    groups = {}
    for index in np.ndindex(*x.shape):
        left = tuple(0 if i in axes else n for i, n in enumerate(index) if keep or i not in axes)
        groups.setdefault(left, []).append(int(x[index]))
    return groups


@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16"])
@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize(
    "axes, resolved",
    [((1, 2), (1, 2)), ((-1,), (3,)), ((0, 1, 2, 3), (0, 1, 2, 3)), ((1, -3, 1), (1,)), ((), ())],
)
def test_equals_python_integers(dtype, keep, axes, resolved):
    rng = np.random.default_rng(len(axes))
    info = np.iinfo(dtype.lower())
    zp_in, zp_out = (0, 0) if dtype == "INT16" else rng.integers(info.min, info.max + 1, 2).tolist()
    x = rng.integers(info.min, info.max + 1, (3, 5, 7, 4)).astype(dtype.lower())
    scale, out_scale = np.float32(0.037), np.float32(0.011)
    mean = mean_node(
        dtype,
        x.shape,
        axes,
        keep,
        scale=scale,
        out_scale=out_scale,
        zero_point=zp_in,
        out_zero_point=zp_out,
    )
    out = run(mean, x)
    groups = reduced(x, resolved, keep)
    assert len(groups) == out.size
    for index, values in groups.items():
        count = len(values)
        multiplier, shift = quantize_multiplier(float(scale) / float(out_scale))
        left = min(count.bit_length() - 1, 32, 31 + shift)
        steps = double_rounding(
            sum(values) - count * zp_in, multiplier * 2**left // count, shift - left
        )
        assert out[index] == clamp(steps + zp_out, info.min, info.max), index


def test_the_multiplier_is_divided_truncating():
    # 2^30 * 2^1 / 3 = 715827882.67
    assert divide_multiplier(2**30, 1, 3) == (715827882, 0)
    assert divide_multiplier(2**31 - 1, -3, 1) == (2**31 - 1, -3)
    # A count beyond 2^32 is shifted by 32 at most.
    assert divide_multiplier(2**30, 5, 2**33) == (2**29, -27)


def test_a_tiny_ratio_leaves_no_room_for_the_count():
    # From shift -30 the multiplier may move by one bit only, and 2^30 * 2 / 4 loses the other.
    assert divide_multiplier(2**30, -30, 4) == (2**29, -31)
    x = np.full((1, 4), 127, np.int8)
    assert run(mean_node(shape=x.shape, scale=2.0**-31, out_scale=1.0), x).item() == 0


def test_the_ratio_of_scales_is_a_double():
    scale, out_scale = np.float32(0.1), np.float32(0.3)
    right = quantize_multiplier(float(scale) / float(out_scale))
    assert right != quantize_multiplier(float(scale / out_scale))
    record = prepare(mean_node(shape=(1, 1), scale=scale, out_scale=out_scale))
    assert (record.requantize.multiplier, record.requantize.shift) == right


@pytest.mark.parametrize("dtype", ["INT32", "INT64"])
def test_plain_integers_divide_toward_zero_in_64_bits(dtype):
    x = np.array([[7, 0], [-7, 0], [2**31 - 1, 2**31 - 1], [1, 2]], dtype.lower())
    out = run(mean_node(dtype, x.shape, keep=True), x)
    assert out.tolist() == [[3], [-3], [2**31 - 1], [1]]


def test_a_scalar_has_no_axes():
    x = np.array(5, np.int8)
    assert run(mean_node(shape=(), axes=(0,)), x).item() == 5


def test_int32_overflow_is_reported_or_wraps_by_rule():
    count = (1 << 16) + 2
    x = np.full((1, count), -32768, np.int16)
    with pytest.raises(DomainError, match="accumulator is -2147549184"):
        run(mean_node("INT16", x.shape), x)
    # The wrapped sum is large and positive.
    assert run(mean_node("INT16", x.shape, rules="litert-ref"), x).item() == 32766


def test_refuses_axes_outside_the_rank_C1():
    assert refused(mean_node(axes=(3,))) == "C1"
    assert refused(mean_node(axes=(0, -4))) == "C1"


def test_refuses_int16_zero_points_C2():
    assert refused(mean_node("INT16", zero_point=1)) == "C2"
    assert refused(mean_node("INT16", out_zero_point=1)) == "C2"


def test_refuses_empty_averages_C3():
    assert refused(mean_node(shape=(2, 0, 4))) == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(mean_node(version=4)) == "version"
    assert refused(mean_node("FLOAT32")) == "dtype"
    inputs = [operand("INT8", (2, 3), 0.5), constant("INT64", [1])]
    assert refused(node("MEAN", inputs, operand("INT8", (2,), 0.5), keep_dims=False)) == "dtype"
