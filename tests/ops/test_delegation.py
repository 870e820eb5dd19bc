"""Which operators the rule `delegation` hands on: the borders of every condition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from refint8.numerics.profiles import profile
from refint8.numerics.rules import Rules
from refint8.ops._delegation import STATIC_8BIT, under_its_rules
from tests.ops.nodes import constant, node, operand, run

RULES = profile("xnnpack").rules
BELOW, ABOVE = 1 - 2.0**-20, 1 + 2.0**-20


def taken(name, inputs, outputs, **options):
    made = node(name, inputs, outputs, rules=RULES, **options)
    found = under_its_rules(made)
    assert found.rules in (RULES, RULES.delegated)
    return found.rules == RULES.delegated


def computed(shape, dtype="INT8", **changes):
    """A tensor whose value follows from constants but is none of the file's."""
    return replace(operand(dtype, shape, data=np.zeros(shape), **changes), is_computed=True)


def test_nothing_is_handed_on_without_the_rule():
    x = operand("INT8", (4,), 1.0)
    for rules in (Rules(), replace(RULES, delegation="none"), replace(RULES, delegated=None)):
        made = node("ADD", [x, x], x, rules=rules)
        assert under_its_rules(made).rules == rules


def test_delegated_operators_run_under_their_rules():
    x, out = operand("INT8", (4,), 1.0), operand("INT8", (4,), 4.0)
    values = np.array([2, -2, 6, -6], np.int8)
    made = [node("QUANTIZE", [x], out, rules=rules) for rules in ("litert-ref", RULES)]
    assert [run(each, values).tolist() for each in made] == [[1, -1, 2, -2], [1, 0, 2, -1]]


def test_operators_without_a_condition_stay():
    x = operand("INT8", (4,), 1.0)
    assert "ABS" not in STATIC_8BIT
    assert not taken("ABS", [x], x)


@pytest.mark.parametrize("name", ["ADD", "SUB", "MUL", "LOGISTIC", "TANH", "LEAKY_RELU"])
def test_operands_have_eight_bits_one_scale_and_a_fitting_zero_point(name):
    good = operand("INT8", (4,), 0.5)
    options = {"alpha": 0.5} if name == "LEAKY_RELU" else {}

    def takes(x, out=None):
        inputs = [x, x] if name in ("ADD", "SUB", "MUL") else [x]
        return taken(name, inputs, x if out is None else out, **options)

    assert takes(good)
    assert takes(operand("UINT8", (4,), 0.5, 255))
    assert not takes(operand("INT16", (4,), 0.5))
    assert not takes(operand("INT8", (4,)))
    assert not takes(operand("INT8", (4,), [0.5, 0.5, 0.5, 0.5]))
    assert not takes(operand("INT8", (4,), 0.5, axis=1))
    assert not takes(operand("INT8", (4,), 0.5, 128))
    assert not takes(operand("INT8", (4,), 1e-40))
    assert not takes(operand("INT8", (4,), np.inf))
    assert not takes(replace(good, declared_dtype="FLOAT32"))
    assert not takes(good, operand("UINT8", (4,), 0.5))
    assert takes(operand("INT8", (1,) * 6, 0.5))
    assert not takes(operand("INT8", (1,) * 7, 0.5))
    assert not takes(operand("INT8", (4, 0), 0.5))


@pytest.mark.parametrize("name", ["ADD", "SUB"])
def test_sums_by_the_ratio_of_each_input(name):
    one = operand("INT8", (4,), 1.0)

    def takes(first, second):
        inputs = [operand("INT8", (4,), s) for s in (first, second)]
        return taken(name, inputs, one)

    assert takes(2.0**-10, 2.0**8 * BELOW)
    assert not takes(2.0**-10 * BELOW, 1.0)
    assert not takes(1.0, 2.0**-10 * BELOW)
    assert not takes(2.0**8, 1.0)
    assert not takes(1.0, 2.0**8)


def test_products_by_the_ratio_of_the_product():
    def takes(scale):
        return taken(
            "MUL", [operand("INT8", (4,), scale), operand("INT8", (4,), 0.5)],
            operand("INT8", (4,), 0.5),
        )  # fmt: skip

    assert takes(2.0**-16)
    assert takes(2.0**8 * BELOW)
    assert not takes(2.0**-16 * BELOW)
    assert not takes(2.0**8)


@pytest.mark.parametrize("name", ["ADD", "SUB", "MUL"])
def test_fused_activations_that_clamp(name):
    x = operand("INT8", (4,), 0.5)
    for activation in ("NONE", "RELU", "RELU6", "RELU_N1_TO_1"):
        assert taken(name, [x, x], x, fused_activation_function=activation)
    for activation in ("TANH", "SIGN_BIT"):
        assert not taken(name, [x, x], x, fused_activation_function=activation)


def test_leaky_relu_by_both_factors():
    def takes(alpha, scale=1.0):
        ends = operand("INT8", (4,), scale), operand("INT8", (4,), 1.0)
        return taken("LEAKY_RELU", ends[:1], ends[1], alpha=alpha)

    assert takes(1.0, 2.0**-8)
    assert takes(1.0, 2.0**7)
    assert not takes(1.0, 2.0**-8 * BELOW)
    assert not takes(1.0, 2.0**7 * ABOVE)
    assert takes(2.0**-8)
    assert takes(-(2.0**-8))
    assert takes(128.0)
    assert takes(-127.99609375)
    assert not takes(2.0**-8 * BELOW)
    assert not takes(128.0 * ABOVE)
    assert not takes(-128.0)
    for alpha in (0.0, 1e-40, np.inf, np.nan):
        assert not takes(alpha)


def test_quantize_by_dtypes_and_ratio():
    one = operand("INT8", (4,), 1.0)
    assert taken("QUANTIZE", [operand("FLOAT32", (4,))], one)
    assert not taken("QUANTIZE", [operand("FLOAT32", (4,))], operand("INT16", (4,), 1.0))
    assert not taken("QUANTIZE", [operand("FLOAT32", (4,))], operand("INT8", (4,), [1.0] * 4))
    assert not taken("QUANTIZE", [operand("UINT8", (4,), 1.0)], one)
    for scale, expected in ((2.0**-8, True), (2.0**7, True)):
        assert taken("QUANTIZE", [operand("INT8", (4,), scale)], one) is expected
    for scale in (2.0**-8 * BELOW, 2.0**7 * ABOVE):
        assert not taken("QUANTIZE", [operand("INT8", (4,), scale)], one)


def test_dequantize_but_int8_constants():
    out = operand("FLOAT32", (4,))
    assert taken("DEQUANTIZE", [operand("INT8", (4,), 0.5)], out)
    assert taken("DEQUANTIZE", [operand("UINT8", (4,), 0.5, data=[1] * 4)], out)
    assert not taken("DEQUANTIZE", [operand("INT8", (4,), 0.5, data=[1] * 4)], out)
    assert not taken("DEQUANTIZE", [operand("INT16", (4,), 0.5)], out)
    assert taken("DEQUANTIZE", [computed((4,), scale=0.5)], out)


def test_elu_on_int8():
    x = operand("INT8", (4,), 0.5)
    assert taken("ELU", [x], x)


@pytest.mark.parametrize("name", ["MEAN", "SUM"])
def test_reductions_over_constant_axes(name):
    x = operand("INT8", (2, 3), 0.5)
    assert taken(name, [x, constant("INT32", [1])], x)
    assert taken(name, [x, constant("INT32", np.int32(1))], x)
    assert not taken(name, [x, constant("INT32", np.zeros(0, np.int32))], x)
    assert not taken(name, [x, constant("INT32", [[1]])], x)
    assert not taken(name, [x, constant("INT64", [1])], x)
    assert not taken(name, [x, replace(constant("INT32", [1]), is_computed=True)], x)
    assert not taken(name, [operand("INT8", (), 0.5), constant("INT32", [0])], x)


def test_resize_bilinear_of_images_to_constant_sizes():
    x = operand("INT8", (1, 4, 4, 2), 0.5)
    assert taken("RESIZE_BILINEAR", [x, constant("INT32", [2, 2])], x)
    computed_size = replace(constant("INT32", [2, 2]), is_computed=True)
    assert not taken("RESIZE_BILINEAR", [x, computed_size], x)
    empty = operand("INT8", (0, 4, 4, 2), 0.5)
    assert not taken("RESIZE_BILINEAR", [empty, constant("INT32", [2, 2])], x)


def test_max_pool_2d_leaves_no_pixel_out():
    x = operand("INT8", (1, 4, 4, 2), 0.5)

    def takes(stride, kernel, activation="NONE"):
        return taken(
            "MAX_POOL_2D", [x], x, stride_h=stride[0], stride_w=stride[1],
            filter_height=kernel[0], filter_width=kernel[1],
            fused_activation_function=activation,
        )  # fmt: skip

    assert takes((2, 2), (2, 2))
    assert takes((1, 1), (1, 1), "RELU6")
    assert not takes((2, 1), (1, 1))
    assert not takes((1, 3), (2, 2))
    assert not takes((1, 1), (2, 2), "SIGN_BIT")


def test_batch_matmul_without_a_zero_point_on_the_right():
    a, out = operand("INT8", (2, 3), 0.5, 7), operand("INT8", (2, 4), 0.5)
    assert taken("BATCH_MATMUL", [a, operand("INT8", (3, 4), 0.5)], out)
    assert not taken("BATCH_MATMUL", [a, operand("INT8", (3, 4), 0.5, 1)], out)
    assert not taken("BATCH_MATMUL", [a, operand("INT8", (3, 4), [0.5] * 4, axis=1)], out)
    wide = operand("INT32", (2, 4), 0.5)
    assert not taken("BATCH_MATMUL", [a, operand("INT8", (3, 4), 0.5)], wide)


# Weights

SHAPES = {
    "CONV_2D": ((3, 1, 1, 2), (1, 4, 4, 2), (1, 4, 4, 3)),
    "DEPTHWISE_CONV_2D": ((1, 1, 1, 3), (1, 4, 4, 3), (1, 4, 4, 3)),
    "TRANSPOSE_CONV": ((3, 1, 1, 2), (1, 4, 4, 2), (1, 4, 4, 3)),
    "FULLY_CONNECTED": ((3, 2), (5, 2), (5, 3)),
}
OPTIONS = {
    "CONV_2D": {"padding": "SAME", "stride_h": 1, "stride_w": 1},
    "DEPTHWISE_CONV_2D": {"padding": "SAME", "stride_h": 1, "stride_w": 1, "depth_multiplier": 1},
    "TRANSPOSE_CONV": {"padding": "SAME", "stride_h": 1, "stride_w": 1},
    "FULLY_CONNECTED": {},
}
products = pytest.mark.parametrize("name", SHAPES)
AXIS = {"DEPTHWISE_CONV_2D": 3}


def weights(name, dtype="INT8", scale=0.5, zero_point=0, axis=None, constant=True):
    shape = SHAPES[name][0]
    at = AXIS.get(name, 0) if axis is None and np.ndim(scale) else axis or 0
    made = operand(dtype, shape, scale, zero_point, at, data=np.zeros(shape))
    return made if constant else replace(made, is_computed=True)


def bias(scale=0.25, zero_point=0, axis=0, shape=(3,), dtype="INT32"):
    return operand(dtype, shape, scale, zero_point, axis, data=np.zeros(shape))


def takes_product(name, w, b="usual", x=None, out=None, **options):
    _, x_shape, out_shape = SHAPES[name]
    x = operand("INT8", x_shape, 0.5, 3) if x is None else x
    out = operand("INT8", out_shape, 0.5, 3) if out is None else out
    inputs = [x, w, bias() if b == "usual" else b]
    if name == "TRANSPOSE_CONV":
        inputs = [constant("INT32", out_shape), w, x, inputs[2]]
    return taken(name, inputs, out, **(OPTIONS[name] | options))


@products
def test_weights_are_constant_and_symmetric(name):
    assert takes_product(name, weights(name))
    assert takes_product(name, weights(name, scale=[0.5, 0.25, 1.0]))
    assert not takes_product(name, weights(name, zero_point=1))
    assert not takes_product(name, weights(name, constant=False))
    assert not takes_product(name, weights(name, scale=None))
    assert not takes_product(name, weights(name, scale=[0.5, np.nan, 1.0]))
    wrong = weights(name, scale=[0.5, 0.25, 1.0], axis=1)
    assert not takes_product(name, wrong)


@products
def test_uint8_goes_with_uint8(name):
    _, x_shape, out_shape = SHAPES[name]
    x, out = operand("UINT8", x_shape, 0.5, 3), operand("UINT8", out_shape, 0.5, 3)
    w = weights(name, "UINT8", zero_point=9)
    assert takes_product(name, w, x=x, out=out)
    assert not takes_product(name, w)
    assert not takes_product(name, weights(name), x=x, out=out)


@products
def test_biases_are_constant_and_quantized(name):
    w = weights(name)
    assert takes_product(name, w, bias([0.25, 0.5, 1.0]))
    assert not takes_product(name, w, bias(None))
    assert not takes_product(name, w, bias([0.25, 0.5]))
    assert not takes_product(name, w, bias(zero_point=1))
    assert not takes_product(name, w, bias(shape=(2,)))
    assert not takes_product(name, w, replace(bias(), is_computed=True))
    without = takes_product(name, w, None)
    assert without == (name in ("TRANSPOSE_CONV", "FULLY_CONNECTED"))


@products
def test_activations_of_products(name):
    w = weights(name)
    assert takes_product(name, w, fused_activation_function="RELU6")
    assert not takes_product(name, w, fused_activation_function="TANH")


def test_depthwise_multipliers_divide_the_channels():
    w = weights("DEPTHWISE_CONV_2D")
    assert takes_product("DEPTHWISE_CONV_2D", w, depth_multiplier=3)
    assert not takes_product("DEPTHWISE_CONV_2D", w, depth_multiplier=2)


def test_transposed_strides_and_outputs_against_the_kernel():
    w = weights("TRANSPOSE_CONV")
    assert not takes_product("TRANSPOSE_CONV", w, stride_h=2)
    assert takes_product("TRANSPOSE_CONV", w, padding="VALID", stride_h=2)


def test_fully_connected_weights_of_other_dtypes_and_layouts():
    def takes(dtype, depth=4, scale=0.5, **options):
        shape = (3, depth)
        w = operand(dtype, shape, scale, data=np.zeros(shape))
        x, out = operand("INT8", (5, depth), 0.5), operand("INT8", (5, 3), 0.5)
        return taken("FULLY_CONNECTED", [x, w, bias()], out, **options)

    assert takes("INT8", 3)
    assert takes("INT4")
    assert not takes("INT4", 3)
    assert takes("INT2", 4, [0.5, 0.25, 0.5])
    assert not takes("INT2")
    assert not takes("INT8", weights_format="SHUFFLED4x16INT8")
    assert not takes("INT8", version=8)
