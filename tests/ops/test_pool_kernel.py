"""AVERAGE_POOL_2D and MAX_POOL_2D: kernels against specs."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.native import window as native
from refint8.native.lowering import NotFastError
from refint8.numerics.accumulator import Accumulator
from refint8.ops._window import Window
from refint8.ops.average_pool_2d import AveragePool2D
from refint8.ops.max_pool_2d import MaxPool2D
from tests.ops.kernels import (
    RUNNABLE,
    assert_kernel_equals_spec,
    kernels_of,
    lower_record,
    why_not_fast,
)
from tests.ops.nodes import node, operand

NAMES = ("AVERAGE_POOL_2D", "MAX_POOL_2D")
DTYPES = ("INT8", "UINT8", "INT16")


def pool(name, dtype, shape, kernel, stride=(1, 1), padding="VALID", zero_point=0, **options):
    x = operand(dtype, shape, 0.5, zero_point)
    return node(
        name,
        [x],
        operand(dtype, (1, 1, 1, shape[-1]), 0.5, zero_point),
        padding=padding,
        stride_h=stride[0],
        stride_w=stride[1],
        filter_height=kernel[0],
        filter_width=kernel[1],
        **options,
    )


def noise(dtype, shape, seed=0):
    info = np.iinfo(dtype.lower())
    rng = np.random.default_rng(seed)
    x = rng.integers(info.min, info.max + 1, shape).astype(dtype.lower())
    x[rng.random(shape) < 0.1] = info.min
    x[rng.random(shape) < 0.1] = info.max
    return x


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 3, 16, 17, 40, 64, 130])
def test_channels_and_their_tails(name, dtype, channels):
    shape = (2, 5, 7, channels)
    operator = pool(name, dtype, shape, (3, 2), (2, 1), "SAME")
    assert_kernel_equals_spec(operator, noise(dtype, shape))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "kernel, stride, padding",
    [
        ((1, 1), (1, 1), "VALID"),
        ((1, 1), (3, 2), "SAME"),
        ((2, 2), (2, 2), "VALID"),
        ((13, 11), (1, 1), "SAME"),
        ((9, 10), (1, 1), "VALID"),
        ((5, 1), (1, 2), "SAME"),
        ((1, 7), (4, 3), "SAME"),
    ],
)
def test_windows_and_padding_corners(name, dtype, kernel, stride, padding):
    shape = (1, 9, 10, 5)
    operator = pool(name, dtype, shape, kernel, stride, padding)
    assert_kernel_equals_spec(operator, noise(dtype, shape))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ["RELU", "RELU6", "RELU_N1_TO_1"])
@pytest.mark.parametrize("end", ["lowest", "highest", "middle"])
def test_fused_activations_at_extreme_zero_points(name, dtype, activation, end):
    info = np.iinfo(dtype.lower())
    zero_point = {"lowest": info.min, "highest": info.max, "middle": (info.min + info.max) // 2}
    shape = (1, 4, 4, 9)
    operator = pool(
        name, dtype, shape, (2, 2), zero_point=zero_point[end], fused_activation_function=activation
    )
    assert_kernel_equals_spec(operator, noise(dtype, shape))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("taps", [1, 2, 3, 7, 49, 100, 255, 256, 257, 1000])
def test_every_remainder_of_an_average(dtype, taps):
    # All sums near ties and at the extremes: one channel for each.
    info = np.iinfo(dtype.lower())
    bound = max(-info.min, info.max)
    around = np.arange(-3, 4)
    sums = [info.min * taps + np.arange(7), info.max * taps - np.arange(7)]
    for quotient in (info.min, -bound // 3, -2, -1, 0, 1, 2, bound // 7, info.max - 1):
        sums += [quotient * taps + around, quotient * taps + taps // 2 + around]
    wanted = np.concatenate(sums)
    wanted = wanted[(wanted >= info.min * taps) & (wanted <= info.max * taps)]
    base, rest = wanted // taps, wanted % taps
    x = (base[None] + (np.arange(taps)[:, None] < rest[None])).astype(dtype.lower())
    operator = pool("AVERAGE_POOL_2D", dtype, (1, 1, taps, wanted.size), (1, taps))
    assert (x.astype(np.int64).sum(axis=0) == wanted).all()
    assert_kernel_equals_spec(operator, x.reshape(1, 1, taps, wanted.size))


def test_sums_of_extremes_fill_16_bits():
    for dtype, value in (("INT8", -128), ("INT8", 127), ("UINT8", 255)):
        x = np.full((1, 16, 16, 3), value, dtype.lower())
        operator = pool("AVERAGE_POOL_2D", dtype, x.shape, (16, 16))
        assert [*kernels_of(operator, x)] == [f"pool_window_average_{dtype.lower()}_16_narrow"]
        assert_kernel_equals_spec(operator, x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_large_window_is_maximised_in_two_passes(dtype):
    shape = (2, 20, 17, 3)
    operator = pool("MAX_POOL_2D", dtype, shape, (7, 9), (2, 3), "SAME")
    x = noise(dtype, shape)
    assert len([*kernels_of(operator, x)]) == 2
    assert_kernel_equals_spec(operator, x)


def test_windows_too_large_for_int32_are_left_to_the_spec():
    # 65,537 values of -32768 leave int32, which the spec reports.
    operator = pool("AVERAGE_POOL_2D", "INT16", (1, 257, 257, 1), (257, 257))
    assert why_not_fast(operator) == "a window of 66049 taps is too large for an exact reciprocal"


@pytest.mark.parametrize("dtype", DTYPES)
def test_reciprocals_are_exact_for_every_magnitude(dtype):
    # The definition over all sums, which the proof in `reciprocal` replaces.
    for narrow in (True, False) if dtype != "INT16" else (False,):
        spec = native.Window("average", dtype, 16, narrow)
        proved = 0
        for taps in (*range(1, 140), 169, 225, 255, 256):
            try:
                half, multiplier, shift = native.reciprocal(spec, taps)
            except NotFastError:
                assert narrow and taps > 128
                continue
            proved += 1
            sums = np.arange(spec.magnitude * taps + 1, dtype=np.uint64)[:: 1 if taps < 20 else 7]
            products = (sums + np.uint64(half)) * np.uint64(multiplier)
            found = products >> np.uint64(shift + (16 if narrow else 0))
            assert (found == (sums + np.uint64(taps // 2)) // np.uint64(taps)).all(), taps
        assert proved >= 128


@pytest.mark.parametrize("record", [AveragePool2D, MaxPool2D])
def test_a_record_made_by_hand_with_nothing_inside_is_left_to_the_spec(record):
    more = {"accumulator": Accumulator()} if record is AveragePool2D else {}
    made = record(
        shapes=((1, 3, 1, 1),),
        window=Window((1, 1), (1, 1), (1, 0), (3, 1)),
        clamp=(-128, 127),
        dtype="INT8",
        **more,
    )
    with pytest.raises(NotFastError, match="outside the image"):
        lower_record(made, [np.ones((1, 2, 1, 1), np.int8)], [], ["INT8"], RUNNABLE[0])


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_batch_needs_no_kernel(name):
    assert [
        *kernels_of(pool(name, "INT8", (0, 4, 4, 2), (2, 2)), np.zeros((0, 4, 4, 2), np.int8))
    ] == []
