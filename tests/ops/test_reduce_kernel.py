"""MEAN and SUM: kernels against specs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.native.lowering import NotFastError
from refint8.numerics.accumulator import Accumulator
from refint8.numerics.fixedpoint import as_int64
from refint8.numerics.requantize import DoubleRounding
from refint8.ops._op import prepare
from refint8.ops._reduce_kernel import Axis, merged_axes, offsets
from tests.ops.kernels import (
    RUNNABLE,
    assert_kernel_equals_spec,
    assert_record_equals_spec,
    kernels_of,
    lower_record,
    why_not_fast,
)
from tests.ops.nodes import constant, node, operand
from tests.ops.test_pool_kernel import noise

NAMES = ("MEAN", "SUM")
SMALL = ("INT8", "UINT8", "INT16")
PLAIN = ("INT32", "INT64")


def reduce(name, dtype, shape, axes, scales=(0.5, 0.75), zero_points=(0, 0), rules="tflite"):
    quantized = dtype in SMALL
    if dtype == "INT16":
        zero_points = (0, 0)
    x = operand(dtype, shape, scales[0] if quantized else None, zero_points[0])
    out = operand(dtype, (1,), scales[1] if quantized else None, zero_points[1])
    return node(name, [x, constant("INT32", axes)], out, keep_dims=False, rules=rules)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [*SMALL, *PLAIN])
@pytest.mark.parametrize(
    "shape, axes",
    [
        ((2, 7, 7, 67), [1, 2]),
        ((2, 7, 7, 3), [1, 2]),
        ((3, 5, 4, 20), [0, 2]),
        ((3, 5, 4, 20), [1, 3]),
        ((4, 30), [1]),
        ((4, 30), [0]),
        ((1, 6, 1, 33), [1]),
        ((2, 3, 2, 3, 2, 5), [0, 2, 4]),
        ((2, 3, 2, 3, 2), [0, 2, 4]),
        ((2, 3, 4), []),
        ((2, 3, 4), [0, 1, 2]),
        ((129,), [0]),
        ((), []),
        ((1, 1, 1), [0, 2]),
        ((2, 0, 3), [0]),
    ],
)
def test_axes(name, dtype, shape, axes):
    operator = reduce(name, dtype, shape, axes, zero_points=(3, 7))
    assert_kernel_equals_spec(operator, noise(dtype, shape), None)


@pytest.mark.parametrize("dtype", [*SMALL, *PLAIN])
def test_a_sum_of_nothing(dtype):
    operator = reduce("SUM", dtype, (3, 0, 5), [1], zero_points=(5, 9))
    assert_kernel_equals_spec(operator, noise(dtype, (3, 0, 5)), None)


@pytest.mark.parametrize("dtype", SMALL)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scales", [(0.5, 0.5), (1.0, 0.001), (0.001, 3.0), (0.3, 0.07)])
def test_every_sum_around_ties(name, dtype, scales):
    # 8 values a channel whose sums run through the whole range or a stretch of it.
    info = np.iinfo(dtype.lower())
    totals = np.arange(8 * info.min, 8 * info.max + 1, 1 if dtype != "INT16" else 97)
    x = (totals // 8 + (np.arange(8)[:, None] < totals % 8)).astype(dtype.lower())
    zero_point = (info.max, info.min) if name == "MEAN" else (info.min, info.max)
    operator = reduce(name, dtype, x.shape, [0], scales, zero_point)
    if why_not_fast(operator):
        pytest.skip("the spec may report this one")
    assert_kernel_equals_spec(operator, x, None)


@pytest.mark.parametrize("rules", ["tflite", "litert-ref"])
def test_an_int16_sum_that_may_leave_int32(rules):
    shape = ((1 << 16) + 8, 2)
    operator = reduce("MEAN", "INT16", shape, [0], rules=rules)
    if rules == "tflite":
        assert "outside 32 bits" in why_not_fast(operator)
    else:
        assert_kernel_equals_spec(operator, np.full(shape, -32768, np.int16), None)


@pytest.mark.parametrize("overflow", ["report", "wrap"])
@pytest.mark.parametrize("left_shift", ["report", "wrap"])
@pytest.mark.parametrize("shift", [31, 20, 9, 0, -3, -31])
@pytest.mark.parametrize("multiplier", [0, 1, 1 << 30, (1 << 31) - 1])
def test_rules_on_overflow(overflow, left_shift, shift, multiplier):
    record = replace(
        prepare(reduce("SUM", "INT8", (9, 5), [0], zero_points=(-128, 127))),
        accumulator=Accumulator(overflow),
        requantize=DoubleRounding(as_int64(multiplier), as_int64(shift), left_shift),
    )
    x = noise("INT8", (9, 5))
    x[:, 0], x[:, 1] = 127, -128
    try:
        record.spec(x, None)
    except DomainError:
        with pytest.raises(NotFastError):
            lower_record(record, [x, np.array([0], np.int32)], [1], ["INT8"], RUNNABLE[0])
    else:
        if left_shift == "wrap" and overflow == "report" and shift >= 20:
            return  # which steps wrapped sums have is not proved
        # Two columns hold the extremes, so what the spec does not report here it never does.
        assert_record_equals_spec(record, [x, np.array([0], np.int32)], ["INT8"], constants=[1])


@pytest.mark.parametrize("dtype", ["INT8", "UINT8"])
def test_sums_of_bytes_as_an_engine_misreads_them(dtype):
    operator = reduce("SUM", dtype, (5, 40), [0], zero_points=(100, 3), rules="litert-ref")
    assert_kernel_equals_spec(operator, noise(dtype, (5, 40)), None)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", PLAIN)
def test_plain_integers_wrap_and_truncate(name, dtype):
    info = np.iinfo(dtype.lower())
    x = np.array([[info.min, -1, -7, 5, info.max], [info.min, 0, 0, 2, info.max]], dtype.lower())
    for count in (1, 2):
        operator = reduce(name, dtype, (count, 5), [0])
        assert_kernel_equals_spec(operator, x[:count], None)


def test_global_average_is_one_window_per_image():
    operator = reduce("MEAN", "INT8", (1, 7, 7, 1280), [1, 2])
    x = noise("INT8", (1, 7, 7, 1280))
    assert [*kernels_of(operator, x)] == [
        "sum_window_sum_int8_64_narrow",
        "requantize_sums_int8",
    ]
    assert_kernel_equals_spec(operator, x, None)


def test_merged_axes_leave_out_ones():
    assert merged_axes((2, 1, 3, 1, 4), (1, 2), 2) == [
        Axis(2, 24, summed=False),
        Axis(3, 8, summed=True),
        Axis(4, 2, summed=False),
    ]
    assert offsets([Axis(2, 24, summed=False), Axis(2, 2, summed=False)]).tolist() == [0, 2, 24, 26]
