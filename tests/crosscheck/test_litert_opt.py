"""LiteRT's optimised kernels: every bit of models made of ties, tails and extremes."""

from __future__ import annotations

import zlib
from functools import partial

import numpy as np
import pytest

from refint8.oracle.crosscheck import crosscheck
from tests.conftest import installed
from tests.crosscheck import telling_models as make

QUICK, MANY = 3, 60

MAKERS = {
    **{
        f"{name} {dtype} {bias}{'' if per_channel else ' per tensor'}": partial(
            make.sum_of_products, name=name, dtype=dtype, bias=bias, per_channel=per_channel
        )
        for name in ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED")
        for dtype, bias in (
            ("INT8", "INT32"),
            ("UINT8", "INT32"),
            ("INT16", "INT32"),
            ("INT16", "INT64"),
        )
        for per_channel in ((False,) if dtype == "UINT8" else (True, False))
        if (name, dtype, bias) != ("DEPTHWISE_CONV_2D", "INT16", "INT32")
    },
    "CONV_2D groups": make.grouped_convolution,
    **{f"ADD {dtype}": partial(make.addition, dtype=dtype) for dtype in make.LIMITS},
    **{
        f"{name} {dtype}": partial(make.reduction, name=name, dtype=dtype)
        for name in ("MEAN", "SUM")
        for dtype in make.LIMITS
    },
    **{
        f"QUANTIZE {a} {b}": partial(make.conversion, name="QUANTIZE", source=a, target=b)
        for a in ("FLOAT32", *make.LIMITS)
        for b in make.LIMITS
        if (a, b) != ("INT16", "UINT8")
    },
    **{
        f"DEQUANTIZE {a}": partial(make.conversion, name="DEQUANTIZE", source=a, target="FLOAT32")
        for a in make.LIMITS
    },
    **{
        f"SOFTMAX {a} {b}": partial(make.softmax, source=a, target=b)
        for a, b in (("INT8", "INT8"), ("UINT8", "UINT8"), ("INT8", "INT16"), ("UINT8", "INT16"))
    },
    **{
        f"{name} 2^{exponent}": partial(make.curve, name=name, exponent=exponent)
        for name in ("LOGISTIC", "TANH")
        for exponent in (-13, -12, -11, -10)
    },
    **{
        f"{name} {dtype}": partial(make.resized, dtype=dtype, name=name)
        for name in ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR")
        for dtype in make.LIMITS
    },
    **{
        f"LOG_SOFTMAX {dtype}": partial(make.log_softmax, dtype=dtype)
        for dtype in ("INT8", "UINT8")
    },
    **{f"REDUCE_PROD {dtype}": partial(make.product, dtype=dtype) for dtype in ("INT8", "INT16")},
}


def compare(name, count):
    installed("litert:opt")
    maker = MAKERS[name]
    for seed in range(count):
        model, inputs = maker(np.random.default_rng([zlib.crc32(name.encode()), seed]))
        (found,) = crosscheck(model, "litert:opt", inputs=[inputs]).comparisons
        assert found.verdict == "equal", (seed, found.first or found.detail)
        assert found.elements > 0


@pytest.mark.parametrize("name", MAKERS)
def test_telling_models_are_equal(name, litert):
    compare(name, QUICK)


@pytest.mark.long
@pytest.mark.parametrize("name", MAKERS)
def test_many_telling_models_are_equal(name, litert):
    compare(name, MANY)
