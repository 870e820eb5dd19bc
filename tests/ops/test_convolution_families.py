"""Sums of products under every family of requantization, at the ties that tell them apart."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from refint8.numerics.profiles import profile
from refint8.numerics.rules import Rules
from tests.ops.kernels import assert_kernel_equals_spec, kernels_of, why_not_fast
from tests.ops.nodes import constant, node, operand, run
from tests.ops.python_integers import (
    clamp,
    double_rounding,
    double_rounding_up,
    float32,
    float32_rounding,
    quantize_multiplier,
    round_half_away,
    single_rounding,
)
from tests.ops.ties import next_to_ties

WINDOW = {
    "padding": "VALID",
    "stride_h": 1,
    "stride_w": 1,
    "dilation_h_factor": 1,
    "dilation_w_factor": 1,
}
NAMES = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED")
OPT = profile("litert-opt").rules
SCALES = (0.5, 0.25)


def one_by_one(name, rules, outputs, dtype="INT8", bias_dtype="INT32", factor=2.0**-6, rows=1):
    """One input value, weights 0: the output is the requantized bias, one per channel."""
    low, high = np.iinfo(dtype.lower()).min, np.iinfo(dtype.lower()).max
    bias = next_to_ties(factor, low, high, outputs, seed=outputs)
    bias[: outputs // 2] = bias[: outputs // 2] // 64 * 64 + 32  # exactly ties of 2^-6
    s_out = SCALES[0] * SCALES[1] / factor
    w_dtype = "UINT8" if dtype == "UINT8" else "INT8"
    image = name != "FULLY_CONNECTED"
    x = operand(dtype, (rows, 1, 1, 1) if image else (rows, 1), SCALES[0], 0)
    shape = (outputs, 1, 1, 1) if image else (outputs, 1)
    if name == "DEPTHWISE_CONV_2D":
        shape = (1, 1, 1, outputs)
    w = operand(w_dtype, shape, SCALES[1], 0, data=np.zeros(shape))
    b = operand(bias_dtype, (outputs,), SCALES[0] * SCALES[1], data=bias)
    inputs = [x, w, b]
    options = dict(WINDOW) if image else {}
    if name == "TRANSPOSE_CONV":
        inputs = [constant("INT32", [rows, 1, 1, outputs]), w, x, b]
        options = {k: v for k, v in options.items() if "dilation" not in k}
    if dtype == "INT16":
        options["quantized_bias_type"] = bias_dtype
    if name == "DEPTHWISE_CONV_2D":
        options["depth_multiplier"] = outputs
    zero_point = {"INT8": 3, "UINT8": 128, "INT16": 0}[dtype]
    out = operand(dtype, (rows, 1, 1, outputs) if image else (rows, outputs), s_out, zero_point)
    made = replace(node(name, inputs, out, **options), rules=rules)
    value = np.ones(x.shape, dtype.lower())
    arrays = (None, None, value, None) if name == "TRANSPOSE_CONV" else (value, None, None)
    return made, arrays, [int(v) for v in bias], (low, high, zero_point)


def outputs_of(made, arrays):
    given = [
        x if x is not None or o is None else o.data
        for x, o in zip(arrays, made.inputs, strict=True)
    ]
    return run(made, *given).reshape(-1).tolist()


def expected(bias, limits, rounding):
    low, high, zero_point = limits
    return [clamp(rounding(i, v) + zero_point, low, high) for i, v in enumerate(bias)]


def by_multiplier(family, factor=2.0**-6):
    return lambda _, v: family(v, *quantize_multiplier(factor))


FAMILIES = {
    "double": (Rules(), by_multiplier(double_rounding)),
    "double_up": (Rules(convolution="double_up"), by_multiplier(double_rounding_up)),
    "single": (Rules(requantize="single"), by_multiplier(single_rounding)),
    "float32": (Rules(convolution="float32"), lambda _, v: float32_rounding(v, 2.0**-6)),
    "general double_up": (Rules(requantize="double_up"), by_multiplier(double_rounding_up)),
    "cmsis-nn-single": (profile("cmsis-nn-single").rules, by_multiplier(single_rounding)),
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["INT8", "UINT8"])
def test_families(name, family, dtype):
    rules, meant = FAMILIES[family]
    made, arrays, bias, limits = one_by_one(name, rules, 40, dtype)
    assert outputs_of(made, arrays) == expected(bias, limits, meant)
    assert_kernel_equals_spec(made, *arrays)
    if family == "float32":
        assert any("float32" in kernel for kernel in kernels_of(made, *arrays))


def test_the_families_differ_on_these():
    found = {
        family: tuple(outputs_of(*one_by_one("CONV_2D", rules, 40)[:2]))
        for family, (rules, _) in FAMILIES.items()
    }
    assert len({found[f] for f in ("double", "double_up", "single", "float32")}) == 4


def test_float32_combines_the_scales_in_float32():
    """Scales whose product in double would give another float32, at ties that tell it."""
    rng, told = np.random.default_rng(0), 0
    for _ in range(60):
        *scales, s_out = (float32(v) for v in rng.uniform((0.05, 0.05, 2000), (0.5, 0.5, 5000)))
        factor = float32(float32(scales[0] * scales[1]) / s_out)
        other = float32(scales[0] * scales[1] / s_out)
        if factor == other:
            continue
        x, w = operand("INT8", (1, 1), scales[0], 0), operand("INT8", (256, 1), scales[1], 0)
        bias = next_to_ties(factor, -128, 127, 256)
        made = replace(
            node(
                "FULLY_CONNECTED", [x, w, operand("INT32", (256,), 1.0)],
                operand("INT8", (1, 256), s_out, 0),
            ),
            rules=Rules(convolution="float32"),
        )  # fmt: skip
        zeros = np.zeros((1, 1), np.int8), np.zeros((256, 1), np.int8)
        got = run(made, *zeros, bias.astype(np.int32)).reshape(-1).tolist()
        want, in_double = (
            [clamp(float32_rounding(int(v), f), -128, 127) for v in bias] for f in (factor, other)
        )
        assert got == want
        told += want != in_double
    assert told > 5


@pytest.mark.parametrize("name", ["DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"])
@pytest.mark.parametrize("outputs", [5, 8, 21])
def test_channels_behind_the_last_whole_vector_round_away(name, outputs):
    made, arrays, bias, limits = one_by_one(name, OPT, outputs)
    factor = quantize_multiplier(2.0**-6)
    whole = outputs // 8 * 8

    def meant(i, v):
        return (double_rounding_up if i < whole else double_rounding)(v, *factor)

    assert outputs_of(made, arrays) == expected(bias, limits, meant)
    assert_kernel_equals_spec(made, *arrays)


def test_transpose_conv_on_uint8_has_vectors_of_elements():
    made, arrays, bias, limits = one_by_one("TRANSPOSE_CONV", OPT, 9, "UINT8", rows=3)
    factor = quantize_multiplier(2.0**-6)

    def meant(i, v):
        return (double_rounding_up if i < 16 else double_rounding)(v, *factor)

    assert outputs_of(made, arrays) == expected(bias * 3, limits, meant)
    # Every element a negative tie, so that each tells how it was rounded.
    ties = np.full(9, -32, np.int32)
    inputs = (*made.inputs[:3], replace(made.inputs[3], data=ties))
    got = outputs_of(replace(made, inputs=inputs), arrays)
    assert got == [128] * 16 + [127] * 11
    assert "FlatLanes" in why_not_fast(made, *arrays)


def test_depthwise_on_uint8_is_general():
    made, arrays, bias, limits = one_by_one("DEPTHWISE_CONV_2D", OPT, 40, "UINT8")
    assert outputs_of(made, arrays) == expected(bias, limits, by_multiplier(double_rounding))


@pytest.mark.parametrize("grouped", ["convolution", "general"])
def test_groups(grouped):
    rules = Rules(convolution="double_up", grouped_convolution=grouped)
    x = operand("INT8", (1, 1, 1, 2), 0.5, 0)
    w = operand("INT8", (2, 1, 1, 1), 0.25, 0)
    out = operand("INT8", (1, 1, 1, 2), 8.0, 0)
    made = replace(node("CONV_2D", [x, w, operand("INT32", (2,), 1.0)], out, **WINDOW),
                   rules=rules)  # fmt: skip
    ties = np.array([-32, -96], np.int32)
    got = run(made, np.zeros(x.shape, np.int8), np.zeros(w.shape, np.int8), ties)
    assert got.reshape(-1).tolist() == ([0, -1] if grouped == "convolution" else [-1, -2])


@pytest.mark.parametrize("bias_dtype", ["INT32", "INT64"])
def test_fully_connected_leaves_wide_sums_to_the_reference_kernel(bias_dtype):
    made, arrays, bias, limits = one_by_one("FULLY_CONNECTED", OPT, 40, "INT16", bias_dtype)
    if bias_dtype == "INT32":
        meant = by_multiplier(double_rounding_up)
    else:

        def meant(_, v):
            return round_half_away(Fraction(v, 64))

    assert outputs_of(made, arrays) == expected(bias, limits, meant)
    assert_kernel_equals_spec(made, *arrays)


def test_fully_connected_without_a_bias_type_goes_by_the_bias():
    x, w = operand("INT16", (1, 1), 0.5), operand("INT8", (2, 1), 0.25)
    out = operand("INT16", (1, 2), 8.0)
    zeros = np.zeros((1, 1), np.int16), np.zeros((2, 1), np.int8)
    for dtype, want in (("INT32", [0, -1]), ("INT64", [-1, -2])):
        made = replace(node("FULLY_CONNECTED", [x, w, operand(dtype, (2,), 1.0)], out), rules=OPT)
        got = run(made, *zeros, np.array([-32, -96], dtype.lower()))
        assert got.tolist() == [want]
