"""CMSIS-NN's own golden vectors through records made by hand: multiplier and shift, no scales."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.numerics.accumulator import Accumulator
from refint8.numerics.profiles import profile
from refint8.numerics.requantize import ready_requantizer
from refint8.ops._window import Window
from refint8.ops.average_pool_2d import AveragePool2D
from refint8.ops.conv_2d import Conv2D
from refint8.ops.depthwise_conv_2d import DepthwiseConv2D
from refint8.ops.fully_connected import FullyConnected
from refint8.ops.max_pool_2d import MaxPool2D
from refint8.ops.softmax import FixedPointRows, Softmax
from refint8.ops.transpose_conv import TransposeConv
from tests.crosscheck.cmsis_nn import cases, unpack_int4

RULES = profile("cmsis-nn").rules
DTYPE = {"i1": "INT8", "i2": "INT16"}


def sums(case):
    """The fields that all records of sums of products share."""
    x, bias = case.array("input"), case.array("biases")
    multiplier, shift = case.array("output_mult"), case.array("output_shift")
    if multiplier is None:
        multiplier = case.number("OUTPUT_MULTIPLIER", "OUTPUT_MULT")
        shift = case.number("OUTPUT_SHIFT")
    multiplier, shift = np.asarray(multiplier, np.int64), np.asarray(shift, np.int64)
    wide = x.dtype == np.int16 and bias is not None and bias.dtype == np.int64
    return {
        "requantize": ready_requantizer(multiplier, shift, RULES, wide=wide),
        "accumulator": Accumulator(),
        "wide": wide,
        "input_zero_point": -case.number("INPUT_OFFSET"),
        "weights_zero_point": 0,
        "output_zero_point": case.number("OUTPUT_OFFSET"),
        "clamp": case.pair("OUT_ACTIVATION_MIN", "OUT_ACTIVATION_MAX"),
        "dtype": DTYPE[x.dtype.str[1:]],
    }


def weights(case, shape):
    packed = case.array("weights")
    size = int(np.prod(shape))
    return (packed if packed.size == size else unpack_int4(packed, size)).reshape(shape)


def window(case, out):
    return Window(
        kernel=case.pair("FILTER_Y", "FILTER_X"),
        stride=case.pair("STRIDE_Y", "STRIDE_X"),
        pad=case.pair("PAD_Y", "PAD_X"),
        out=out,
        dilation=case.pair("DILATION_Y", "DILATION_X"),
    )


def input_shape(case):
    return (*(case.number(n) for n in ("INPUT_BATCHES", "INPUT_H", "INPUT_W", "IN_CH")),)


def output_shape(case):
    return (*(case.number(n) for n in ("INPUT_BATCHES", "OUTPUT_H", "OUTPUT_W", "OUT_CH")),)


def convolution(case):
    shape = output_shape(case)
    record = Conv2D(shapes=(shape,), window=window(case, shape[1:3]), **sums(case))
    depth = case.number("FILTER_CH", "IN_CH")
    w = weights(case, (shape[3], *record.window.kernel, depth))
    return record.spec(case.image("input", input_shape(case)), w, case.array("biases"))


def depthwise(case):
    shape = output_shape(case)
    record = DepthwiseConv2D(shapes=(shape,), window=window(case, shape[1:3]), **sums(case))
    w = weights(case, (1, *record.window.kernel, shape[3]))
    return record.spec(case.image("input", input_shape(case)), w, case.array("biases"))


def transposed(case):
    shape, x = output_shape(case), case.image("input", input_shape(case))
    record = TransposeConv(shapes=(shape,), window=window(case, x.shape[1:3]), **sums(case))
    w = weights(case, (shape[3], *record.window.kernel, x.shape[3]))
    return record.spec(None, w, x, case.array("biases"))


def fully_connected(case):
    rows, units = case.pair("INPUT_BATCHES", "OUT_CH")
    depth = case.number("ACCUMULATION_DEPTH")
    record = FullyConnected(shapes=((rows, units),), **sums(case))
    w = weights(case, (units, depth))
    return record.spec(case.image("input", (rows, depth)), w, case.array("biases"))


def pooling(case):
    x = case.image(
        "input_tensor", [case.number(n) for n in ("BATCH_SIZE", "INPUT_H", "INPUT_W", "INPUT_C")]
    )
    slides = Window(
        kernel=case.pair("FILTER_H", "FILTER_W"),
        stride=case.pair("STRIDE_H", "STRIDE_W"),
        pad=case.pair("PADDING_H", "PADDING_W"),
        out=case.pair("OUTPUT_H", "OUTPUT_W"),
    )
    common = {
        "shapes": (slides.output_shape(x.shape[0], x.shape[3]),),
        "window": slides,
        "clamp": case.pair("ACTIVATION_MIN", "ACTIVATION_MAX"),
        "dtype": DTYPE[x.dtype.str[1:]],
    }
    if case.name.startswith("max"):
        return MaxPool2D(**common).spec(x)
    return AveragePool2D(accumulator=Accumulator(), **common).spec(x)


def softmax(case):
    x = case.image("input", case.pair("NUM_ROWS", "ROW_SIZE"))
    info = np.iinfo(case.array("output_ref").dtype)
    rows = FixedPointRows(
        case.number("INPUT_MULT"),
        case.number("INPUT_LEFT_SHIFT"),
        case.number("DIFF_MIN"),
        info.bits,
    )
    record = Softmax(
        shapes=(x.shape,),
        rows=rows,
        lowest=info.min,
        clamp=(info.min, info.max),
        dtype=f"INT{info.bits}",
    )
    return record.spec(x)


SUITES = {
    "convolve_s8": (convolution, 9),
    "convolve_s4": (convolution, 13),
    "convolve_s16": (convolution, 7),
    "convolve_1x1_s8_fast": (convolution, 3),
    "convolve_1x1_s4_fast": (convolution, 5),
    "convolve_1_x_n_s8": (convolution, 6),
    "grouped_convolve_s8": (convolution, 2),
    "depthwise_conv_s8": (depthwise, 3),
    "depthwise_conv_s8_opt": (depthwise, 1),
    "depthwise_conv_3x3_s8": (depthwise, 1),
    "depthwise_conv_s4": (depthwise, 6),
    "depthwise_conv_s4_opt": (depthwise, 1),
    "depthwise_conv_s16": (depthwise, 3),
    "depthwise_conv_fast_s16": (depthwise, 7),
    "transpose_conv_s8": (transposed, 4),
    "reverse_transpose_conv_s8": (transposed, 4),
    "fully_connected_s8": (fully_connected, 1),
    "fully_connected_s4": (fully_connected, 5),
    "fully_connected_s16": (fully_connected, 1),
    "avgpool_s8": (pooling, 5),
    "avgpool_s16": (pooling, 2),
    "max_pool_s8": (pooling, 7),
    "max_pool_s16": (pooling, 3),
    "softmax_s8_s16": (softmax, 1),
}


@pytest.mark.parametrize("suite", SUITES)
def test_every_case_of_the_suite_is_equal(suite, corpora):
    adapter, count = SUITES[suite]
    found = cases(corpora, suite)
    assert len(found) == count
    for case in found:
        out, golden = adapter(case), case.array("output_ref", "output")
        assert out.dtype == golden.dtype, case.name
        assert out.size == golden.size, case.name
        different = np.flatnonzero(out.reshape(-1) != golden)
        assert not different.size, (case.name, different)
