"""Rules that no engine needs, of hardware that departs from them, each against numbers by hand."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.numerics.rules import Rules
from tests.ops.kernels import why_not_fast
from tests.ops.nodes import constant, node, operand, run

WINDOW = {
    "padding": "SAME",
    "stride_h": 1,
    "stride_w": 1,
    "dilation_h_factor": 1,
    "dilation_w_factor": 1,
}
PRODUCTS = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED")
every_product = pytest.mark.parametrize("name", PRODUCTS)
sliding = pytest.mark.parametrize("name", PRODUCTS[:2])


def one_value(name, rules, x, scales, out_scale, bias=None, **options):
    """One input value of scale 1 and zero point 0, weights of 1, one per output channel."""
    channels = len(scales)
    dense = name == "FULLY_CONNECTED"
    lead = (1,) if dense else (1, 1, 1)
    axis = 3 if name == "DEPTHWISE_CONV_2D" else 0
    shape = (1, 1, 1, channels) if axis else (channels, *lead)
    weights = operand("INT8", shape, scales, 0, axis=axis, data=np.ones(shape))
    values = np.zeros(channels) if bias is None else np.array(bias)
    b = operand("INT32", (channels,), 1.0, data=values)
    inputs = [operand("INT8", (*lead, 1), 1.0), weights, b]
    arrays = [np.full((*lead, 1), x, np.int8), weights.data, b.data]
    if name == "TRANSPOSE_CONV":
        inputs = [constant("INT32", [1, 1, 1, channels]), weights, inputs[0], b]
        arrays = [None, weights.data, arrays[0], b.data]
    if axis:
        options["depth_multiplier"] = channels
    out = operand("INT8", (*lead, channels), out_scale)
    return node(name, inputs, out, rules=rules, **({} if dense else WINDOW), **options), arrays


def values_of(made, arrays):
    return run(made, *arrays).reshape(-1).tolist()


@every_product
@pytest.mark.parametrize("family", ["general", "double_up", "float32"])
def test_a_multiplier_for_every_channel_or_the_first_ones_for_all(name, family):
    for channel_scales, expected in (("own", [4, 2, 8]), ("first", [4, 4, 4])):
        rules = Rules(channel_scales=channel_scales, convolution=family)
        assert values_of(*one_value(name, rules, 8, [0.5, 0.25, 1.0], 1.0)) == expected


@every_product
def test_a_narrow_register_keeps_the_low_bits_of_sum_and_bias(name):
    bias = [2**15 - 1, -(2**15), 2**19 + 256]
    found = {}
    for register in ("bits32", "bits24", "bits20", "bits16"):
        made, arrays = one_value(
            name, Rules(product_register=register), 1, [1.0] * 3, 256.0, bias=bias
        )
        found[register] = values_of(made, arrays)
    # With the product 1 the sums are 2^15, 1 - 2^15 and 2^19 + 257, in steps of 256.
    assert found["bits32"] == found["bits24"] == [127, -128, 127]
    assert found["bits20"] == [127, -128, -128]
    assert found["bits16"] == [-128, -128, 1]


@every_product
def test_steps_saturate_or_wrap_before_the_activation(name):
    bias = [129, -130, 126]
    for saturation, activation, expected in (
        ("clamp", "NONE", [127, -128, 127]),
        ("clamp", "RELU", [127, 0, 127]),
        ("wrap", "NONE", [-126, 127, 127]),
        ("wrap", "RELU", [0, 127, 127]),
    ):
        made, arrays = one_value(
            name, Rules(saturation=saturation), 1, [1.0] * 3, 1.0, bias=bias,
            fused_activation_function=activation,
        )  # fmt: skip
        assert values_of(made, arrays) == expected


def filtered(name, rules, x, weights, zero_point, out_scale):
    """An image of one channel under one filter, scales 1."""
    size, kernel = np.shape(x), np.shape(weights)
    shape = (1, *kernel, 1)
    w = operand("INT8", shape, 1.0, data=np.reshape(weights, shape))
    image = operand("INT8", (1, *size, 1), 1.0, zero_point)
    out = operand("INT8", (1, *size, 1), out_scale)
    options = {"depth_multiplier": 1} if name == "DEPTHWISE_CONV_2D" else {}
    made = node(name, [image, w, None], out, rules=rules, **WINDOW, **options)
    return made, [np.reshape(x, (1, *size, 1)).astype(np.int8), w.data, None]


@sliding
def test_taps_outside_the_image_add_nothing_or_minus_the_zero_point(name):
    weights = np.arange(1, 10).reshape(3, 3)
    for taps, expected in (("zero_point", (7 - 5) * 5 // 2), ("zero", (10 - 5 * 40) // 2)):
        made, arrays = filtered(name, Rules(padding_taps=taps), [[7]], weights, 5, 2.0)
        assert values_of(made, arrays) == [expected]


@sliding
def test_the_odd_line_of_a_filter_lies_below_or_above(name):
    x, weights = [[1, 2], [3, 4]], [[1, 2], [4, 8]]
    for side, expected in (("end", [49, 18, 11, 4]), ("start", [8, 20, 26, 49])):
        made, arrays = filtered(name, Rules(same_padding=side), x, weights, 0, 1.0)
        assert values_of(made, arrays) == expected


@sliding
def test_an_even_number_of_lines_is_shared(name):
    x = np.arange(9).reshape(3, 3)
    found = [
        values_of(*filtered(name, Rules(same_padding=side), x, np.eye(3), 0, 1.0))
        for side in ("end", "start")
    ]
    assert found[0] == found[1] == [4, 6, 2, 10, 12, 6, 6, 10, 12]


@pytest.mark.parametrize(
    ("name", "side", "expected"),
    [
        ("MAX_POOL_2D", "end", [4, 4, 4, 4]),
        ("MAX_POOL_2D", "start", [1, 2, 3, 4]),
        ("AVERAGE_POOL_2D", "end", [3, 3, 4, 4]),
        ("AVERAGE_POOL_2D", "start", [1, 2, 2, 3]),
    ],
)
def test_the_odd_line_of_a_pool_lies_below_or_above(name, side, expected):
    x = operand("INT8", (1, 2, 2, 1), 1.0)
    made = node(
        name, [x], x, rules=Rules(same_padding=side), padding="SAME", stride_h=1, stride_w=1,
        filter_height=2, filter_width=2,
    )  # fmt: skip
    image = np.array([1, 2, 3, 4], np.int8).reshape(1, 2, 2, 1)
    assert values_of(made, [image]) == expected


def departures():
    """Every product under every rule that changes it."""
    three = [1.0] * 3
    for name in PRODUCTS:
        yield name, one_value(name, Rules(product_register="bits24"), 1, three, 256.0)
        yield name, one_value(name, Rules(saturation="wrap"), 1, three, 1.0)
    for name in PRODUCTS[:2]:
        yield name, filtered(name, Rules(padding_taps="zero"), [[7]], np.ones((3, 3)), 5, 2.0)


def test_kernels_leave_such_hardware_to_the_spec():
    for name, (made, arrays) in departures():
        assert "hardware" in why_not_fast(made, *arrays), name
