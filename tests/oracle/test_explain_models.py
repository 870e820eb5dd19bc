"""Disagreements of engines on third-party models: the step where they part, checked by hand.

Every expectation is computed here in Python integers and fractions from the model's constants and
the values that the operator was given; the element is one that random inputs make differ.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import refint8
from refint8.oracle.random_inputs import random_inputs
from tests.ops import python_integers as py
from tests.oracle.explanations import named

FOLDERS = {
    "anomaly": "AmbiqAI+neuralSPOT/apps/experiments/ad_demo/src",
    "nnid": "AmbiqAI+neuralSPOT/apps/demos/nnid/src",
    "seanet": "tensorflow+tflite-micro/tensorflow/lite/micro/integration_tests/seanet/leaky_relu",
    "litert": "google-ai-edge+LiteRT/litert/test/testdata",
    "resnet": "tum-ei-eda+mlonmcu-models/layers",
    "speech": "SiliconLabs+mltk/mltk/utils/test_helper/data",
    "lstm": "google-coral+test_data",
}


class Case:
    """A model with one seeded input set; what `explain` says about a tensor of it."""

    def __init__(self, corpora, folder, file):
        self.model = refint8.load(corpora / "models" / "dev" / FOLDERS[folder] / file)
        self.graph = self.model.subgraphs[0]
        (given,) = random_inputs(self.model, 1, 0)
        self.inputs = [given[index] for index in self.graph.inputs]

    def explain(self, tensor, a, b, at=None):
        explanation = refint8.explain(self.model, self.inputs, tensor, at, profile=a, against=b)
        trace = refint8.trace(self.model, self.inputs, a)
        self.operator = self.graph.operators[explanation.operator]
        constants = {t.index: t.data for t in self.graph.tensors if t.data is not None}
        self.values = {**constants, **trace.tensors}
        return explanation

    def given(self, position):
        """An input of the operator, as Python integers can be made of it."""
        return self.values[self.operator.inputs[position]].astype(np.int64)

    def scale(self, position, channel=0):
        index = self.operator.inputs[position]
        return self._scale(index, channel)

    def _scale(self, index, channel=0):
        return float(self.graph.tensors[index].quantization.scales[channel])

    @property
    def out(self):
        index = self.operator.outputs[0]
        return self._scale(index), int(self.graph.tensors[index].quantization.zero_points[0])

    def zero_point(self, position):
        return int(self.graph.tensors[self.operator.inputs[position]].quantization.zero_points[0])


def two_roundings(acc, real):
    """SRDHM and RDBPOT with what each drops."""
    multiplier, shift = py.quantize_multiplier(real)
    shifted = acc << max(shift, 0)
    high = py.high_mul(shifted, multiplier)
    exponent = max(-shift, 0)
    result = py.divide_by_pot(high, exponent)
    first = Fraction(shifted * multiplier, 2**31) - high
    return result, (first, Fraction(high, 2**exponent) - result)


def dropped(step):
    return tuple(s.dropped for s in step.steps if s.name in ("SRDHM", "RDBPOT"))


def test_fully_connected_of_tflite_and_litert(corpora):
    """Two roundings of an integer product against one of a double's."""
    name = "ad01_int8_aligned_power_model_data.h.ad01_int8_aligned_power_model.tflite"
    case = Case(corpora, "anomaly", name)
    e = case.explain(22, "tflite", "litert-ref")
    row, unit = e.index
    x, w, bias = case.given(0), case.given(1), case.given(2)
    zero_point = case.zero_point(0)
    acc = sum((int(x[row, k]) - zero_point) * int(w[unit, k]) for k in range(128))
    acc += int(bias[unit])
    out, out_zero_point = case.out
    mixed = py.float32(case.scale(0) * case.scale(1)) / out
    double = case.scale(0) * case.scale(1) / out
    result, rests = two_roundings(acc, mixed)
    once = py.round_half_away(Fraction(float(acc) * double))
    assert result != once, "the two do differ here"
    assert (e.a.value, e.b.value) == (result + out_zero_point, once + out_zero_point)
    pair = e.parting.step
    assert pair.path == ("requantize",)
    assert (pair.a.result, dropped(pair.a)) == (result, rests)
    assert rests[1] == Fraction(-1, 2), "the second rounding makes a tie of what is none"
    assert (named(e.b.steps, "+ bias").result, named(e.b.steps, "cast to int32").result) == (
        acc,
        once,
    )
    assert [rule.name for rule in e.parting.decisive] == ["fully_connected"]


def test_mul_of_litert_and_tflm(corpora):
    """Scales multiplied in float32 against double: another multiplier, so another high half."""
    case = Case(corpora, "litert", "mul_quant.tflite")
    e = case.explain(None, "litert-ref", "tflm")
    x1, x2 = (int(case.given(k)[e.index]) for k in (0, 1))
    s1, s2, (out, _) = case.scale(0), case.scale(1), case.out
    reals = py.float32(py.float32(s1 * s2) / out), s1 * s2 / out
    pairs = [py.quantize_multiplier(real) for real in reals]
    assert pairs[0] != pairs[1]
    constant = e.parting.constant
    assert constant.path == ("real factor",)
    assert (constant.a.result, constant.b.result) == reals
    assert named(e.a.constants, "multiplier and shift").result == pairs[0]
    assert named(e.b.constants, "multiplier and shift").result == pairs[1]
    step = e.parting.step
    assert step.path == ("requantize", "SRDHM")
    assert (step.a.result, step.b.result) == tuple(py.high_mul(x1 * x2, m) for m, _ in pairs)
    assert (e.a.value, e.b.value) == tuple(two_roundings(x1 * x2, real)[0] for real in reals)
    assert [rule.name for rule in e.parting.decisive] == ["mul_scale"]


def test_leaky_relu_of_litert_and_tflm(corpora):
    case = Case(corpora, "seanet", "leaky_relu1.tflite")
    e = case.explain(None, "litert-ref", "tflm")
    value, (out, _) = int(case.given(0)[e.index]), case.out
    assert value > 0
    reals = py.float32(case.scale(0) / out), case.scale(0) / out
    assert e.parting.constant.path == ("real factor",)
    assert (e.parting.constant.a.result, e.parting.constant.b.result) == reals
    assert e.parting.step.path == ("requantize", "SRDHM")
    for side, real, derived in (
        (e.parting.step.a, reals[0], e.a),
        (e.parting.step.b, reals[1], e.b),
    ):
        multiplier, shift = py.quantize_multiplier(real)
        assert shift == 1, "a factor above 1 shifts left first"
        assert side.operands == {"a": 2 * value, "b": multiplier}
        assert side.result == py.high_mul(2 * value, multiplier) == derived.value
        assert side.dropped == Fraction(2 * value * multiplier, 2**31) - side.result


def test_fully_connected_int16_of_litert_and_tflm(corpora):
    """A double against a multiplier of 16 bits."""
    case = Case(corpora, "nnid", "quant_model_act.h.model_tflite.tflite")
    e = case.explain(20, "litert-ref", "tflm")
    unit = e.index[-1]
    x, w, bias = case.given(0).reshape(-1), case.given(1), case.given(2)
    acc = sum(int(x[k]) * int(w[unit, k]) for k in range(w.shape[1])) + int(bias[unit])
    real = case.scale(0) * case.scale(1) / case.out[0]
    multiplier, shift = py.quantize_multiplier(real)
    once = py.round_half_away(Fraction(float(acc) * real))
    reduced = py.q15(acc, multiplier, shift)
    assert once != reduced
    assert (e.a.value, e.b.value) == (once, reduced)
    assert e.parting.step.path == ("requantize",)
    assert named([e.parting.step.b], "multiplier of 16 bits").result == (multiplier + 2**15) >> 16
    assert named([e.parting.step.a], "product").result == float(acc) * real
    assert [rule.name for rule in e.parting.decisive] == ["fully_connected"]


def conv_accumulator(case, at):
    """The sum of a CONV_2D at one output pixel and its channel, with the bias."""
    x, w, bias = case.given(0), case.given(1), case.given(2)
    options, zero_point = case.operator.options, case.zero_point(0)
    _, kh, kw, depth = w.shape
    n, row, column, channel = at
    stride = (options["stride_h"], options["stride_w"])
    pads = []
    for size, step, kernel in zip(x.shape[1:3], stride, (kh, kw), strict=True):
        needed = (math.ceil(size / step) - 1) * step + kernel - size
        pads.append(max(0, needed) // 2 if options["padding"] == "SAME" else 0)
    total = int(bias[channel])
    for j in range(kh):
        for i in range(kw):
            r, c = row * stride[0] + j - pads[0], column * stride[1] + i - pads[1]
            if 0 <= r < x.shape[1] and 0 <= c < x.shape[2]:
                for k in range(depth):
                    total += (int(x[n, r, c, k]) - zero_point) * int(w[channel, j, i, k])
    return total


def test_conv_2d_of_litert_reference_and_optimised(corpora):
    """A tie: away from zero, or up."""
    case = Case(corpora, "resnet", "resnet_layer10.tflite")
    e = case.explain(None, "litert-ref", "litert-opt")
    acc = conv_accumulator(case, e.index)
    real = case.scale(0) * case.scale(1, e.index[3]) / case.out[0]
    result, (first, second) = two_roundings(acc, real)
    assert result < 0 and second == Fraction(1, 2)
    assert named(e.a.steps, "+ bias").result == acc
    assert e.parting.step.path == ("requantize",)
    assert dropped(e.parting.step.a) == (first, second)
    up = named([e.parting.step.b], "rounding shift right")
    assert (up.result, up.dropped) == (result + 1, Fraction(-1, 2))
    assert e.b.value == e.a.value + 1 == result + 1 + case.out[1]
    assert e.parting.constant is None
    assert [rule.name for rule in e.parting.decisive] == ["convolution"]


def test_conv_2d_of_litert_reference_and_xnnpack(corpora):
    """Two integer roundings against one of a float32 product."""
    case = Case(corpora, "speech", "tflite_micro_speech.tflite")
    e = case.explain(None, "litert-ref", "xnnpack")
    acc = conv_accumulator(case, e.index)
    x, w, (out, zero_point) = case.scale(0), case.scale(1, e.index[3]), case.out
    result, rests = two_roundings(acc, x * w / out)
    narrow = py.float32(py.float32(x * w) / out)
    once = py.float32_rounding(acc, narrow)
    assert result != once
    assert (e.a.value, e.b.value) == (result + zero_point, once + zero_point)
    assert e.b.handed_on
    assert e.parting.step.path == ("requantize",)
    assert dropped(e.parting.step.a) == rests
    assert named([e.parting.step.b], "product").result == py.float32(py.float32(acc) * narrow)
    assert named([e.parting.step.b], "round half even").result == once
    assert (e.parting.constant.a.result, e.parting.constant.b.result) == (x * w / out, narrow)


@pytest.mark.parametrize("at", [(0, 0, 13)])
def test_lstm_of_litert_and_tflm(corpora, at):
    """gemmlowp's logistic against an interpolated table, from the same sums of the same gate."""
    case = Case(corpora, "lstm", "keras_lstm_mnist_ptq.tflite")
    e = case.explain(24, "litert-ref", "tflm", at)
    x, weights, bias = case.given(0), case.given(2), case.given(13)
    acc = sum(int(x[0, 0, k]) * int(weights[at[2], k]) for k in range(x.shape[2]))
    # The bias that the engine adds holds the zero point's part as well.
    acc += int(bias[at[2]]) - case.zero_point(0) * sum(int(v) for v in weights[at[2]])
    real = py.float32(py.float32(case.scale(2) * case.scale(0)) / 2**-12)
    gate = two_roundings(acc, real)[0]
    assert named(e.a.steps, "sums of the gate").result == gate
    assert named(e.b.steps, "sums of the gate").result == gate
    assert e.parting.step.path == ("forget gate",)
    exact = 2**15 / (1 + math.exp(-gate / 2**12))
    fixed = named([e.parting.step.a], "logistic").result
    table = named([e.parting.step.b], "sigmoid table")
    assert table.operands == {"u": 3 * gate}
    assert abs(fixed - exact) < 8 and abs(table.result - exact) < 8 and fixed != table.result
    assert [rule.name for rule in e.parting.decisive] == ["lstm"]


def test_lstm_says_that_earlier_steps_differ(corpora):
    case = Case(corpora, "lstm", "keras_lstm_mnist_ptq.tflite")
    e = case.explain(24, "litert-ref", "tflm", (0, 5, 13))
    earlier = e.parting.earlier
    assert earlier is not None and earlier[1] < 5
    first = case.explain(24, "litert-ref", "tflm", earlier)
    assert first.differs and first.parting.earlier is None
