"""AVERAGE_POOL_2D: literal examples, a definition in Python integers, ties, and every refusal."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.numerics.accumulator import Accumulator
from refint8.ops._window import Window
from refint8.ops.average_pool_2d import AveragePool2D
from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import clamp, round_half_away

OPTIONS = {"padding": "VALID", "stride_h": 1, "stride_w": 1, "filter_height": 2, "filter_width": 2}


def pool_node(dtype="INT8", shape=(1, 4, 5, 2), version=1, zero_point=0, **options):
    x = operand(dtype, shape, 0.5, zero_point)
    out = operand(dtype, (1, 1, 1, shape[-1]), 0.5, zero_point)
    return node("AVERAGE_POOL_2D", [x], out, version=version, **{**OPTIONS, **options})


@pytest.mark.parametrize("dtype", ["INT8", "INT16"])
def test_ties_go_away_from_zero(dtype):
    x = np.array([[1, 2, 3, -1, -2, -3, 0, -1, 1]], dtype.lower()).reshape(1, 1, 9, 1)
    pairs = pool_node(dtype, x.shape, filter_height=1)
    # 1.5 2.5 1 -1.5 -2.5 -1.5 -0.5 0
    assert run(pairs, x).reshape(-1).tolist() == [2, 3, 1, -2, -3, -2, -1, 0]


def test_uint8_ties_go_up():
    x = np.array([0, 1, 2, 255, 254], np.uint8).reshape(1, 1, 5, 1)
    assert run(pool_node("UINT8", x.shape, filter_height=1), x).reshape(-1).tolist() == [
        1,
        2,
        129,
        255,
    ]


def test_only_taps_inside_the_image_count():
    x = np.full((1, 2, 2, 1), 9, np.int8)
    same = pool_node(shape=x.shape, padding="SAME", filter_height=3, filter_width=3)
    assert run(same, x).reshape(-1).tolist() == [9, 9, 9, 9]


@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16"])
@pytest.mark.parametrize(
    "padding, kernel, stride",
    [
        ("VALID", (2, 3), (1, 1)),
        ("VALID", (4, 1), (2, 3)),
        ("SAME", (3, 2), (2, 1)),
        ("SAME", (7, 5), (1, 3)),
    ],
)
def test_equals_python_integers(dtype, padding, kernel, stride):
    info = np.iinfo(dtype.lower())
    x = (
        np.random.default_rng(3)
        .integers(info.min, info.max + 1, (2, 6, 7, 3))
        .astype(dtype.lower())
    )
    pool = pool_node(
        dtype,
        x.shape,
        zero_point=100 if dtype == "UINT8" else 0,
        padding=padding,
        filter_height=kernel[0],
        filter_width=kernel[1],
        stride_h=stride[0],
        stride_w=stride[1],
        fused_activation_function="RELU",
    )
    out = run(pool, x)
    pad = [0, 0]
    if padding == "SAME":
        pad = [
            max(0, (o - 1) * s + k - i) // 2
            for o, s, k, i in zip(out.shape[1:3], stride, kernel, (6, 7), strict=True)
        ]
    low = max(info.min, 100 if dtype == "UINT8" else 0)
    for b, y, xx, c in np.ndindex(*out.shape):
        values = [
            int(x[b, row, col, c])
            for row in range(y * stride[0] - pad[0], y * stride[0] - pad[0] + kernel[0])
            for col in range(xx * stride[1] - pad[1], xx * stride[1] - pad[1] + kernel[1])
            if 0 <= row < 6 and 0 <= col < 7
        ]
        average = round_half_away(Fraction(sum(values), len(values)))
        assert out[b, y, xx, c] == clamp(average, low, info.max), (b, y, xx, c)


def test_different_scales_are_not_rescaled():
    x = np.full((1, 2, 2, 1), 7, np.int8)
    node_ = node(
        "AVERAGE_POOL_2D",
        [operand("INT8", x.shape, 0.5, 3)],
        operand("INT8", (1, 1, 1, 1), 0.25, -3),
        **OPTIONS,
    )
    assert run(node_, x).item() == 7


def test_a_sum_that_leaves_int32_is_reported():
    width = (1 << 16) + 1
    record = AveragePool2D(
        shapes=((1, 1, 1, 1),),
        window=Window((1, width), (1, 1), (0, 0), (1, 1)),
        accumulator=Accumulator(),
        clamp=(-32768, 32767),
        dtype="INT16",
    )
    with pytest.raises(DomainError, match="accumulator is -2147516416"):
        record.spec(np.full((1, 1, width, 1), -32768, np.int16))


def test_refuses_ranks_C1():
    assert refused(pool_node(shape=(4, 5, 2))) == "C1"


def test_refuses_windows_that_leave_nothing():
    assert refused(pool_node(filter_height=5)) == "window"
    assert refused(pool_node(filter_width=0)) == "window"
    assert refused(pool_node(stride_h=0)) == "window"


def test_refuses_versions_and_dtypes():
    assert refused(pool_node(version=4)) == "version"
    assert refused(pool_node("FLOAT32")) == "dtype"
    assert refused(pool_node("INT32")) == "dtype"
