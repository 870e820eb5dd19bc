"""MAX_POOL_2D: literal examples, a definition in Python integers, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import clamp

OPTIONS = {"padding": "VALID", "stride_h": 1, "stride_w": 1, "filter_height": 2, "filter_width": 2}


def pool_node(dtype="INT8", shape=(1, 4, 5, 2), version=1, zero_point=0, **options):
    x = operand(dtype, shape, 0.5, zero_point)
    out = operand(dtype, (1, 1, 1, shape[-1]), 0.5, zero_point)
    return node("MAX_POOL_2D", [x], out, version=version, **{**OPTIONS, **options})


def test_example():
    x = np.array([[1, -5, 3], [-2, 2, -128]], np.int8).reshape(1, 2, 3, 1)
    assert run(pool_node(shape=x.shape), x).reshape(-1).tolist() == [2, 3]


def test_the_padding_is_no_zero():
    x = np.full((1, 2, 2, 1), -100, np.int8)
    same = pool_node(shape=x.shape, padding="SAME", filter_height=3, filter_width=3)
    assert run(same, x).reshape(-1).tolist() == [-100] * 4


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
    zero_point = 100 if dtype == "UINT8" else 0
    x = (
        np.random.default_rng(4)
        .integers(info.min, info.max + 1, (2, 6, 7, 3))
        .astype(dtype.lower())
    )
    pool = pool_node(
        dtype,
        x.shape,
        zero_point=zero_point,
        padding=padding,
        filter_height=kernel[0],
        filter_width=kernel[1],
        stride_h=stride[0],
        stride_w=stride[1],
        fused_activation_function="RELU6",
    )
    out = run(pool, x)
    pad = [0, 0]
    if padding == "SAME":
        pad = [
            max(0, (o - 1) * s + k - i) // 2
            for o, s, k, i in zip(out.shape[1:3], stride, kernel, (6, 7), strict=True)
        ]
    for b, y, xx, c in np.ndindex(*out.shape):
        largest = max(
            int(x[b, row, col, c])
            for row in range(y * stride[0] - pad[0], y * stride[0] - pad[0] + kernel[0])
            for col in range(xx * stride[1] - pad[1], xx * stride[1] - pad[1] + kernel[1])
            if 0 <= row < 6 and 0 <= col < 7
        )
        assert out[b, y, xx, c] == clamp(largest, zero_point, zero_point + 12), (b, y, xx, c)


def test_refuses_ranks_C1():
    assert refused(pool_node(shape=(4, 5, 2))) == "C1"


def test_refuses_windows_that_leave_nothing():
    assert refused(pool_node(filter_height=5)) == "window"
    assert refused(pool_node(stride_w=0)) == "window"


def test_refuses_versions_and_dtypes():
    assert refused(pool_node(version=4)) == "version"
    assert refused(pool_node("FLOAT32")) == "dtype"
