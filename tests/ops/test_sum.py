"""SUM: literal examples, a definition in Python integers, the engine's mistake, every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.nodes import constant, node, operand, refused, run
from tests.ops.python_integers import clamp, quantize_multiplier, requantize_double


def sum_node(dtype="INT8", shape=(2, 3, 4), axes=(1,), keep=False, rules="tflite", **changes):
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
    return node("SUM", inputs, out, rules=rules, version=version, keep_dims=keep)


def test_example():
    x = np.array([[1, 2, 3], [-4, -4, -5]], np.int8)
    # Zero point 1: 3 and -16; half the steps: 1.5 to 2 and -8; zero point 10.
    out = run(sum_node(shape=x.shape, zero_point=1, out_scale=1.0, out_zero_point=10), x)
    assert out.tolist() == [12, 2]


@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16"])
@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize(
    "axes, resolved", [((1, 2), (1, 2)), ((-1,), (3,)), ((1, 1), (1,)), ((), ())]
)
def test_equals_python_integers(dtype, keep, axes, resolved):
    rng = np.random.default_rng(len(axes))
    info = np.iinfo(dtype.lower())
    zp_in, zp_out = (0, 0) if dtype == "INT16" else rng.integers(info.min, info.max + 1, 2).tolist()
    x = rng.integers(info.min, info.max + 1, (3, 5, 7, 4)).astype(dtype.lower())
    scale, out_scale = np.float32(0.037), np.float32(0.21)
    total = sum_node(
        dtype,
        x.shape,
        axes,
        keep,
        scale=scale,
        out_scale=out_scale,
        zero_point=zp_in,
        out_zero_point=zp_out,
    )
    out = run(total, x)
    groups = {}
    for index in np.ndindex(*x.shape):
        left = tuple(
            0 if i in resolved else n for i, n in enumerate(index) if keep or i not in resolved
        )
        groups.setdefault(left, []).append(int(x[index]) - zp_in)
    assert len(groups) == out.size
    for index, values in groups.items():
        steps = requantize_double(sum(values), float(scale) / float(out_scale)) + zp_out
        assert out[index] == clamp(steps, info.min, info.max), index


def test_int8_read_as_bytes_under_its_rule():
    x = np.array([[-1, -1], [1, 2], [100, 100], [-128, 0]], np.int8)
    engine = sum_node(
        shape=x.shape, rules="litert-ref", zero_point=-3, out_scale=1.0, out_zero_point=-4
    )
    # 255+255, 1+2, 200 and 128 with twice 3 added are 516, 9, 206 and 134; half of that, minus 4,
    # is clamped to 0..255 and stored as it is.
    assert run(engine, x).view(np.uint8).tolist() == [254, 1, 99, 63]
    right = sum_node(shape=x.shape, zero_point=-3, out_scale=1.0, out_zero_point=-4)
    # 4/2, 9/2 = 4.5 to 5, 206/2, -122/2, minus 4
    assert run(right, x).tolist() == [-2, 1, 99, -65]


def test_uint8_is_the_same_under_both_rules():
    x = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    changes = {"zero_point": 3, "out_zero_point": 7, "out_scale": 0.7}
    wanted = run(sum_node("UINT8", **changes), x)
    assert np.array_equal(run(sum_node("UINT8", rules="litert-ref", **changes), x), wanted)


def test_the_ratio_of_scales_is_a_double():
    scale, out_scale = np.float32(0.1), np.float32(0.3)
    right = quantize_multiplier(float(scale) / float(out_scale))
    assert right != quantize_multiplier(float(scale / out_scale))
    record = prepare(sum_node(shape=(1, 1), scale=scale, out_scale=out_scale))
    assert (record.requantize.multiplier, record.requantize.shift) == right


@pytest.mark.parametrize("rules", ["tflite", "litert-ref"])
def test_plain_integers_wrap(rules):
    x = np.array([[2**31 - 1, 1], [3, -4]], np.int32)
    assert run(sum_node("INT32", x.shape, rules=rules), x).tolist() == [-(2**31), -1]
    x = np.array([[2**63 - 1, 2], [3, -4]], np.int64)
    assert run(sum_node("INT64", x.shape, rules=rules), x).tolist() == [-(2**63) + 1, -1]


def test_an_empty_sum_is_zero():
    x = np.zeros((2, 0, 4), np.int8)
    assert run(sum_node(shape=x.shape, out_zero_point=5), x).tolist() == [[5] * 4] * 2


def test_int32_overflow_is_reported_or_wraps_by_rule():
    count = (1 << 16) + 2
    x = np.full((1, count), -32768, np.int16)
    with pytest.raises(DomainError, match="accumulator is -2147549184"):
        run(sum_node("INT16", x.shape), x)
    # The wrapped sum is large and positive; a quarter of it needs no left shift.
    assert run(sum_node("INT16", x.shape, rules="tflm", out_scale=2.0), x).item() == 32767


def test_refuses_axes_outside_the_rank_C1():
    assert refused(sum_node(axes=(3,))) == "C1"


def test_refuses_int16_zero_points_C2():
    assert refused(sum_node("INT16", zero_point=1)) == "C2"


def test_refuses_the_half_written_int16_C3():
    prepare(sum_node("INT16"))
    with pytest.raises(DomainError, match="half of the output") as error:
        prepare(sum_node("INT16", rules="litert-ref"))
    assert error.value.label == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(sum_node(version=3)) == "version"
    assert refused(sum_node("FLOAT32")) == "dtype"
    assert refused(sum_node("BOOL")) == "dtype"
