"""CMSIS-NN's SVDF, LSTM and whole-network vectors through records made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.numerics.accumulator import Accumulator
from refint8.numerics.profiles import profile
from refint8.numerics.requantize import ready_requantizer
from refint8.ops._lstm import GATES
from refint8.ops._lstm_tables import TableCell
from refint8.ops._window import Window
from refint8.ops.average_pool_2d import AveragePool2D
from refint8.ops.conv_2d import Conv2D
from refint8.ops.depthwise_conv_2d import DepthwiseConv2D
from refint8.ops.fully_connected import FullyConnected
from refint8.ops.softmax import FixedPointRows, Softmax
from refint8.ops.svdf import Svdf
from refint8.ops.unidirectional_sequence_lstm import UnidirectionalSequenceLstm
from tests.crosscheck.cmsis_nn import cases


def rounding(multiplier, shift, *, wide=False):
    factor = np.asarray(multiplier, np.int64), np.asarray(shift, np.int64)
    return ready_requantizer(*factor, profile("cmsis-nn").rules, wide=wide)


@pytest.mark.parametrize("suite, count", [("svdf_s8", 2), ("svdf_state_s16_s8", 2)])
def test_svdf(corpora, suite, count):
    found = cases(corpora, suite)
    assert len(found) == count
    for case in found:
        n = case.number
        batches, size, rank = n("INPUT_BATCHES"), n("INPUT_SIZE"), n("RANK")
        filters, memory = n("FEATURE_BATCHES"), n("TIME_BATCHES")
        state = case.array("state")
        record = Svdf(
            shapes=((batches, filters // rank),),
            rank=rank,
            # Here, unlike elsewhere, the offset is the zero point itself.
            input_zero_point=n("INPUT_OFFSET"),
            state_zero_point=0,
            output_zero_point=n("OUTPUT_OFFSET"),
            feature=rounding(n("MULTIPLIER_IN"), n("SHIFT_1")),
            time=rounding(n("MULTIPLIER_OUT"), n("SHIFT_2")),
            state_dtype=state.dtype.name.upper(),
            accumulator=Accumulator(),
        )
        # INPUT_SIZE counts a sequence's step of one batch, or of all of them.
        features = case.array("weights_feature").reshape(filters, -1)
        steps = case.array("input_sequence").reshape(-1, batches, features.shape[1])
        assert size in (features.shape[1], batches * features.shape[1])
        times = case.array("weights_time").reshape(filters, memory)
        state = state.reshape(batches, filters * memory)
        for step in steps:
            out, state = record.spec(step, features, times, case.array("biases"), state)
        assert np.array_equal(out.reshape(-1), case.array("output_ref")), case.name


def gate_parameters(case, gate, *, wide):
    name = f"{gate.upper()}_GATE"
    return tuple(
        rounding(
            case.number(f"{name}_{side}_MULTIPLIER"),
            case.number(f"{name}_{side}_SHIFT"),
            wide=wide,
        )
        for side in ("INPUT", "HIDDEN")
    )


def lstm(case, dtype):
    n, wide = case.number, dtype == "INT16"
    rows, time, hidden = n("BATCH_SIZE"), n("TIME_STEPS"), n("HIDDEN_SIZE")
    major = bool(n("TIME_MAJOR"))
    cell = TableCell(
        gates={gate: gate_parameters(case, gate, wide=wide) for gate in GATES},
        input_zero_point=-n("INPUT_ZERO_POINT"),
        state_zero_point=n("OUTPUT_ZERO_POINT"),
        forget_product=rounding(n("FORGET_TO_CELL_MULTIPLIER"), n("FORGET_TO_CELL_SHIFT")),
        input_product=rounding(n("INPUT_TO_CELL_MULTIPLIER"), n("INPUT_TO_CELL_SHIFT")),
        output_product=rounding(n("OUTPUT_MULTIPLIER"), n("OUTPUT_SHIFT")),
        cell_power=n("CELL_SCALE_POWER"),
        cell_clip=n("CELL_CLIP"),
        dtype=dtype,
        wide=wide,
        accumulator=Accumulator(),
    )
    steps = (time, rows) if major else (rows, time)
    return UnidirectionalSequenceLstm(
        shapes=((*steps, hidden),), cell=cell, time_major=major, dtype=dtype
    )


def lstm_inputs(case, dtype):
    n = case.number
    rows, time, hidden, size = (
        n(name) for name in ("BATCH_SIZE", "TIME_STEPS", "HIDDEN_SIZE", "INPUT_SIZE")
    )
    steps = (time, rows) if n("TIME_MAJOR") else (rows, time)
    inputs = [None] * 24
    inputs[0] = case.array("input_tensor").reshape(*steps, size)
    for number, gate in enumerate(GATES):
        inputs[1 + number] = case.array(f"{gate}_gate_input_weights").reshape(hidden, size)
        inputs[5 + number] = case.array(f"{gate}_gate_hidden_weights").reshape(hidden, hidden)
        inputs[12 + number] = case.array(f"{gate}_gate_bias")
    # The first step has no hidden state, which counts as the zero point.
    inputs[18] = np.full((rows, hidden), n("OUTPUT_ZERO_POINT"), dtype.lower())
    inputs[19] = np.zeros((rows, hidden), np.int16)
    return inputs


@pytest.mark.parametrize(
    "suite, dtype, count",
    [("lstm_unidirectional_s8", "INT8", 1), ("lstm_unidirectional_s16", "INT16", 3)],
)
def test_lstm(corpora, suite, dtype, count):
    found = cases(corpora, suite)
    assert len(found) == count
    for case in found:
        out, _, _ = lstm(case, dtype).spec(*lstm_inputs(case, dtype))
        assert np.array_equal(out.reshape(-1), case.array("output")), case.name


def sums(case, layer, name):
    """The fields that the records of convolutions share, of one layer of the network."""

    def n(field):
        return case.number(f"{layer}_{field}")

    multiplier, shift = case.array(f"{name}_output_mult"), case.array(f"{name}_output_shift")
    if multiplier is None:
        multiplier, shift = n("OUTPUT_MULTIPLIER"), n("OUTPUT_SHIFT")
    return {
        "requantize": rounding(multiplier, shift),
        "accumulator": Accumulator(),
        "wide": False,
        "input_zero_point": -n("INPUT_OFFSET"),
        "weights_zero_point": 0,
        "output_zero_point": n("OUTPUT_OFFSET"),
        "clamp": (n("OUT_ACTIVATION_MIN"), n("OUT_ACTIVATION_MAX")),
        "dtype": "INT8",
    }


def window(case, layer, out):
    def pair(field):
        return tuple(case.number(f"{layer}_{field}_{axis}") for axis in "YX")

    return Window(pair("FILTER"), pair("STRIDE"), pair("PAD"), out, pair("DILATION"))


def test_ds_cnn_s(corpora):
    (case,) = cases(corpora, "ds_cnn_s_s8")
    prefix = "ds_cnn_s"
    x = case.array(f"{prefix}_input").reshape(1, 49, 10, 1)
    for number in range(1, 10):
        kind = "DEPTHWISE_CONV_2D" if number % 2 == 0 else "CONV_2D"
        layer, name = f"{kind}_{number}", f"{prefix}_layer_{number}_{kind.lower()}"
        size = (case.number(f"{layer}_FILTER_Y"), case.number(f"{layer}_FILTER_X"))
        out = (case.number(f"{layer}_OUTPUT_H"), case.number(f"{layer}_OUTPUT_W"))
        common = {
            "shapes": ((1, *out, 64),),
            "window": window(case, layer, out),
            **sums(case, layer, name),
        }
        weights, bias = case.array(f"{name}_weights"), case.array(f"{name}_bias")
        if kind == "CONV_2D":
            record = Conv2D(**common)
            weights = weights.reshape(64, *size, x.shape[3])
        else:
            record = DepthwiseConv2D(**common)
            weights = weights.reshape(1, *size, 64)
        x = record.spec(x, weights, bias)
    layer = "AVERAGE_POOL_2D_10"
    pool = AveragePool2D(
        shapes=((1, 1, 1, 64),),
        window=window(case, layer, (1, 1)),
        accumulator=Accumulator(),
        clamp=(-128, 127),
        dtype="INT8",
    )
    x = pool.spec(x).reshape(1, 64)
    layer, name = "FULLY_CONNECTED_12", f"{prefix}_layer_12_fully_connected"
    weights = case.array(f"{name}_weights").reshape(12, 64)
    dense = FullyConnected(shapes=((1, 12),), **sums(case, layer, name))
    x = dense.spec(x, weights, case.array(f"{name}_bias"))
    assert x.shape == (1, 12)
    rows = FixedPointRows(
        multiplier=case.number("SOFTMAX_13_MULT"),
        left_shift=case.number("SOFTMAX_13_SHIFT"),
        smallest_difference=case.number("SOFTMAX_13_DIFF_MIN"),
        bits=8,
    )
    softmax = Softmax(shapes=((1, 12),), rows=rows, lowest=-128, clamp=(-128, 127), dtype="INT8")
    assert np.array_equal(softmax.spec(x).reshape(-1), case.array(f"{prefix}_output_ref"))
