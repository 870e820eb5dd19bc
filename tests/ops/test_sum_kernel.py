"""ADD and SUB: kernels against specs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from refint8.numerics.fixedpoint import as_int64
from refint8.numerics.requantize import DoubleRounding
from refint8.ops._addition_kernel import staged_sum
from refint8.ops._linear_sum import linear_sum
from refint8.ops._lookup_kernel import BYTES
from refint8.ops._op import prepare
from tests.ops.kernels import (
    RUNNABLE,
    assert_kernel_equals_spec,
    assert_record_equals_spec,
    kernels_of,
    why_not_fast,
)
from tests.ops.nodes import node, operand
from tests.ops.test_pool_kernel import noise
from tests.ops.ties import next_to_ties

SCALES = (0.0231871, 0.0318733, 0.0491237)
DECIMAL = (0.02, 0.031, 0.05)
"""Scales whose ties no plane separates as three roundings do."""

SMALL = ("INT8", "UINT8")


def pairs(dtype):
    """Every pair of bytes, 65,536 of them."""
    values = BYTES[dtype]
    return np.repeat(values, 256), np.tile(values, 256)


def quantized_sum(
    name="ADD",
    dtype="INT8",
    shapes=((65536,), (65536,)),
    scales=SCALES,
    zero_points=(3, -7, 5),
    activation="NONE",
    rules="tflite",
):
    shift = {"INT8": 0, "UINT8": 128, "INT16": None}[dtype]
    zeros = [0 if shift is None else z + shift for z in zero_points]
    a, b = (operand(dtype, shapes[k], scales[k], zeros[k]) for k in (0, 1))
    out = operand(dtype, np.broadcast_shapes(*shapes), scales[2], zeros[2])
    return node(name, [a, b], out, fused_activation_function=activation, rules=rules)


def first_kernel(operator):
    arrays = [
        np.zeros(x.shape, x.dtype.lower()) if x.data is None else None for x in operator.inputs
    ]
    return next(kernels_of(operator, *arrays)).split("_")[0]


@pytest.mark.parametrize("dtype", SMALL)
@pytest.mark.parametrize("name", ["ADD", "SUB"])
@pytest.mark.parametrize(
    "activation, rules", [("NONE", "tflite"), ("RELU", "litert-ref"), ("RELU6", "tflm")]
)
def test_all_pairs_of_bytes(name, dtype, activation, rules):
    operator = quantized_sum(name, dtype, activation=activation, rules=rules)
    assert first_kernel(operator) == "linear"
    assert_kernel_equals_spec(operator, *pairs(dtype))


@pytest.mark.parametrize("dtype", SMALL)
@pytest.mark.parametrize("name", ["ADD", "SUB"])
@pytest.mark.parametrize(
    "scales",
    [
        (0.5, 0.5, 1.0),  # every other sum is a tie
        (0.5, 0.125, 0.5),
        (0.25, 0.0625, 1.0),
        (0.03, 0.03, 0.03),
        (0.1, 0.1, 0.15),
        (6.98, 0.0105, 13.96),
        (1e-5, 0.3, 0.4),
        (0.3, 1e-5, 0.4),
        (0.02, 0.021, 9.0),  # the output hardly moves
        (2.0**-30, 1.0, 1.0),
    ],
)
@pytest.mark.parametrize("zero_points", [(0, 0, 0), (-128, 127, -128)])
def test_ties_and_far_apart_scales(name, dtype, scales, zero_points):
    operator = quantized_sum(name, dtype, scales=scales, zero_points=zero_points)
    assert_kernel_equals_spec(operator, *pairs(dtype), tiers=RUNNABLE[:1])


@pytest.mark.parametrize("dtype", SMALL)
@pytest.mark.parametrize("name", ["ADD", "SUB"])
def test_where_no_plane_has_the_steps_three_stages_do_it(name, dtype):
    operator = quantized_sum(name, dtype, scales=DECIMAL)
    assert linear_sum(prepare(operator).arithmetic) is None
    assert first_kernel(operator) == "staged"
    assert_kernel_equals_spec(operator, *pairs(dtype))


def test_nearly_all_scales_are_linear():
    rng = np.random.default_rng(5)
    found = 0
    for _ in range(40):
        a, b = rng.uniform(0.01, 0.1, 2)
        scales = (a, b, (a + b) * rng.uniform(0.5, 1.1))
        zero_points = tuple(int(z) for z in rng.integers(-128, 128, 3))
        record = prepare(quantized_sum(scales=scales, zero_points=zero_points)).arithmetic
        found += linear_sum(record) is not None
    assert found >= 38


class WrongOnce(DoubleRounding):
    """Off by one for a single accumulator."""

    def __call__(self, accumulator):
        return super().__call__(accumulator) + (as_int64(accumulator) == 3 << 20)


def test_a_plane_that_misses_one_pair_is_not_taken():
    record = prepare(quantized_sum()).arithmetic
    assert linear_sum(record) is not None
    factor = record.requantize
    wrong = replace(record, requantize=WrongOnce(factor.multiplier, factor.shift))
    assert (wrong(*pairs("INT8")) != record(*pairs("INT8"))).sum() in range(1, 10)
    assert linear_sum(wrong) is None


@pytest.mark.parametrize("name", ["ADD", "SUB"])
@pytest.mark.parametrize("activation", ["NONE", "RELU"])
@pytest.mark.parametrize(
    "scales", [(0.0011, 0.0017, 0.0024), (0.001, 0.001, 0.0015), (1e-4, 0.3, 0.31), (0.3, 0.2, 2.0)]
)
def test_int16_in_three_stages(name, activation, scales):
    operator = quantized_sum(name, "INT16", ((4099,), (4099,)), scales, activation=activation)
    assert first_kernel(operator) == "staged"
    x, y = noise("INT16", (4099,)), noise("INT16", (4099,))[::-1].copy()
    x[:4], y[:4] = [-32768, 32767, -32768, 32767], [-32768, 32767, 32767, -32768]
    # Sums next to a border between two outputs: a * s1 / so + b * s2 / so = k + 1/2.
    targets = next_to_ties(scales[0] / scales[2], -300, 300, 4000)
    x[99:], y[99:] = np.clip(targets, -32768, 32767), 0
    assert_kernel_equals_spec(operator, x, y)


def test_the_larger_scale_is_exactly_a_half():
    forms = staged_sum(prepare(quantized_sum(scales=DECIMAL)).arithmetic).forms
    assert forms == ("fast", "half", "fast")
    swapped = prepare(quantized_sum(scales=(0.031, 0.02, 0.05))).arithmetic
    assert staged_sum(swapped).forms == ("half", "fast", "fast")


@pytest.mark.parametrize("name", ["ADD", "SUB"])
@pytest.mark.parametrize("shifts", [(0, 0), (1, 0), (0, 3), (15, 0), (0, 16), (31, 0)])
@pytest.mark.parametrize("activation", ["NONE", "RELU6"])
def test_int16_with_powers_of_two(name, shifts, activation):
    scales = (2.0 ** (-7 - shifts[0]), 2.0 ** (-7 - shifts[1]), 2.0**-7)
    operator = quantized_sum(name, "INT16", ((65536,), (65536,)), scales, activation=activation)
    assert first_kernel(operator) == "shifts"
    x = np.arange(-32768, 32768).astype(np.int16)
    assert_kernel_equals_spec(operator, x, noise("INT16", (65536,)))
    assert_kernel_equals_spec(operator, noise("INT16", (65536,)), x)


@pytest.mark.parametrize(
    ("name", "dtype"),
    [("ADD", "INT32"), ("ADD", "INT64"), ("ADD", "INT16"), ("SUB", "INT32"), ("SUB", "INT64")],
)
@pytest.mark.parametrize("activation", ["NONE", "RELU", "RELU_N1_TO_1"])
def test_plain_integers_wrap(name, dtype, activation):
    info = np.iinfo(dtype.lower())
    x = noise(dtype, (77,))
    x[:6] = [info.min, info.max, info.min, info.max, 0, -1]
    y = noise(dtype, (77,))[::-1].copy()
    y[:6] = [info.min, info.max, info.max, info.min, info.min, info.min]
    operands = [operand(dtype, (77,)), operand(dtype, (77,))]
    operator = node(name, operands, operand(dtype, (77,)), fused_activation_function=activation)
    assert_kernel_equals_spec(operator, x, y)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 63, 64, 66])
@pytest.mark.parametrize("rules", ["litert-ref", "tflm"])
def test_a_right_shift_by_a_negative_count_in_vectors_and_behind_them(size, rules):
    for shapes in (((size,), (size,)), ((1, size), (size,)), ((size,), (1,)), ((3, size), (size,))):
        operator = quantized_sum("SUB", "INT8", shapes, (0.5, 0.4, 1e-7), rules=rules)
        arrays = [noise("INT8", shape) for shape in shapes]
        assert [*kernels_of(operator, *arrays)][-1].startswith("look_up_pairs")
        assert_kernel_equals_spec(operator, *arrays)


def test_int16_with_a_negative_count_is_left_to_the_spec():
    operator = quantized_sum("SUB", "INT16", ((5,), (5,)), (0.5, 0.4, 1.1e-6), rules="litert-ref")
    assert "negative count" in why_not_fast(operator)


@pytest.mark.parametrize("k", [0, 1])
@pytest.mark.parametrize("name", ["ADD", "SUB"])
def test_a_constant_of_one_byte_is_a_lookup(k, name):
    operator = quantized_sum(name, "INT8", ((256,), (1,)) if k else ((1,), (256,)))
    known = operand("INT8", (1,), SCALES[k], (3, -7)[k], data=[57])
    inputs = list(operator.inputs)
    inputs[k] = known
    operator = replace(operator, inputs=tuple(inputs))
    arrays = [None, None]
    arrays[1 - k] = BYTES["INT8"]
    assert first_kernel(operator) == "look"
    assert_kernel_equals_spec(operator, *arrays)


@pytest.mark.parametrize("count", [1, 31, 32, 33, 63, 64, 65, 127, 128, 129])
@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16"])
def test_tails(dtype, count):
    operator = quantized_sum(dtype=dtype, shapes=((count,), (count,)), scales=SCALES)
    assert_kernel_equals_spec(operator, noise(dtype, (count,)), noise(dtype, (count,)))


def test_records_made_by_hand():
    record = prepare(quantized_sum())
    arithmetic = record.arithmetic
    for factors in ([(1 << 30, 0), (1 << 30, 0)], [(1 << 30, -1), (1518500250, -3)]):
        rescale = tuple(DoubleRounding(as_int64(m), as_int64(s)) for m, s in factors)
        for zero_points in ((0, 0), (-128, 127)):
            made = replace(arithmetic, rescale=rescale, zero_points=zero_points)
            by_hand = replace(record, arithmetic=made)
            assert_record_equals_spec(by_hand, pairs("INT8"), ["INT8"], tiers=RUNNABLE[:1])
