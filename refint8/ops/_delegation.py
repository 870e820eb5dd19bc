"""The rule `delegation`: which operators a second set of kernels takes over.

An engine may have two sets of kernels and hand an operator to the faster one where that has a
kernel for its dtypes, scales and shapes. Such operators follow `Rules.delegated`. Operators that
compute the same bits under both assignments (RESHAPE, PAD, ...) are not listed.

static_8bit is the set of conditions under which LiteRT gives an operator to XNNPACK: one by one,
from what the model file says (values that the planner computes are no constants). Ratios of scales
are float32. Which operators lie next to each other does not matter: rewriting a partition (PAD into
a convolution, a chain into a table) changes no bit. Nor is there a way back for a whole model: one
that XNNPACK cannot hold, such as a copy between two scales or a product's ratio of 2^8 and more, is
not run by LiteRT at all. Source: `_eight_bit_operands.py`; graphs made for it (2.3.0, x86-64).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from refint8.numerics.scales import product_ratio_float32, ratio_float32
from refint8.ops._delegated_products import (
    takes_batch_matmul,
    takes_conv_2d,
    takes_depthwise_conv_2d,
    takes_fully_connected,
    takes_transpose_conv,
)
from refint8.ops._eight_bit_operands import (
    all_eight_bit,
    few_axes,
    has_known_activation,
    has_rank,
    is_eight_bit,
    is_static,
)
from refint8.ops._op import SMALLEST_NORMAL, Node

Condition = Callable[[Node], bool]


def under_its_rules(node: Node) -> Node:
    """The node under the rules that it follows: its own, or those of delegated operators."""
    rules = node.rules
    if rules.delegated is None or rules.delegation == "none":
        return node
    takes = TAKES[rules.delegation].get(node.name)
    if takes is None or not takes(node):
        return node
    return replace(node, rules=rules.delegated)


def takes_add(node: Node) -> bool:
    """ADD and SUB: both ratios of an input's scale to the output's in [2^-10, 2^8)."""
    if not _takes_pair(node):
        return False
    out = node.output.scale
    ratios = [ratio_float32(node.input(k).scale, out) for k in (0, 1)]
    return all(2.0**-10 <= ratio < 2.0**8 for ratio in ratios)


def takes_mul(node: Node) -> bool:
    """MUL: s1 * s2 / s_out in [2^-16, 2^8)."""
    if not _takes_pair(node):
        return False
    scales = (node.input(0).scale, node.input(1).scale, node.output.scale)
    return 2.0**-16 <= product_ratio_float32(*scales) < 2.0**8


def takes_leaky_relu(node: Node) -> bool:
    """LEAKY_RELU: a normal alpha, factors that 8 fractional bits and 16 in all can hold."""
    x, out = node.input(0), node.output
    if not (all_eight_bit(x, out) and few_axes(x)):
        return False
    alpha = np.float32(node.options["alpha"])
    ratio = np.float32(ratio_float32(x.scale, out.scale))
    with np.errstate(all="ignore"):
        slope = ratio * alpha
    return bool(
        np.isfinite(alpha)
        and abs(alpha) >= SMALLEST_NORMAL
        and 2.0**-8 <= ratio <= 2.0**7
        and -127.99609375 <= slope <= 2.0**7
        and abs(slope) >= 2.0**-8
    )


def takes_quantize(node: Node) -> bool:
    """QUANTIZE: from float32, or to the same dtype with a ratio of scales in [2^-8, 2^7]."""
    x, out = node.input(0), node.output
    if not (is_eight_bit(out) and few_axes(x)):
        return False
    if x.dtype == "FLOAT32":
        return True
    return all_eight_bit(x, out) and 2.0**-8 <= ratio_float32(x.scale, out.scale) <= 2.0**7


def takes_dequantize(node: Node) -> bool:
    """DEQUANTIZE: but int8 constants, which are unpacked when the model is loaded."""
    x = node.input(0)
    return is_eight_bit(x) and few_axes(x) and not (x.dtype == "INT8" and is_static(x))


def takes_elementwise(node: Node) -> bool:
    """LOGISTIC and TANH: any scales."""
    x = node.input(0)
    return all_eight_bit(x, node.output) and few_axes(x)


def takes_elu(node: Node) -> bool:
    """ELU: int8."""
    return node.output.dtype == "INT8" and takes_elementwise(node)


def takes_reduction(node: Node) -> bool:
    """MEAN and SUM: at least one axis, all constant."""
    x, axes = node.input(0), node.optional_input(1)
    return (
        all_eight_bit(x, node.output)
        and axes is not None
        and axes.dtype == "INT32"
        and len(axes.shape) <= 1
        and is_static(axes)
        and bool(x.shape)
        and axes.value.size > 0
    )


def takes_resize_bilinear(node: Node) -> bool:
    """RESIZE_BILINEAR: constant sizes."""
    x, size = node.input(0), node.input(1)
    return (
        all_eight_bit(x, node.output)
        and has_rank(x, 4)
        and len(size.shape) == 1
        and is_static(size)
        and min(size.integers()) > 0
    )


def takes_max_pool_2d(node: Node) -> bool:
    """MAX_POOL_2D: windows that leave no pixel out."""
    options = node.options
    stride = (int(options["stride_h"]), int(options["stride_w"]))
    kernel = (int(options["filter_height"]), int(options["filter_width"]))
    return (
        all_eight_bit(node.input(0), node.output)
        and has_known_activation(node)
        and all(0 < s <= k for s, k in zip(stride, kernel, strict=True))
    )


def _takes_pair(node: Node) -> bool:
    a, b = node.input(0), node.input(1)
    return (
        all_eight_bit(a, b, node.output)
        and few_axes(a)
        and few_axes(b)
        and has_known_activation(node)
    )


STATIC_8BIT: Final[Mapping[str, Condition]] = {
    "ADD": takes_add,
    "BATCH_MATMUL": takes_batch_matmul,
    "CONV_2D": takes_conv_2d,
    "DEPTHWISE_CONV_2D": takes_depthwise_conv_2d,
    "DEQUANTIZE": takes_dequantize,
    "ELU": takes_elu,
    "FULLY_CONNECTED": takes_fully_connected,
    "LEAKY_RELU": takes_leaky_relu,
    "LOGISTIC": takes_elementwise,
    "MAX_POOL_2D": takes_max_pool_2d,
    "MEAN": takes_reduction,
    "MUL": takes_mul,
    "QUANTIZE": takes_quantize,
    "RESIZE_BILINEAR": takes_resize_bilinear,
    "SUB": takes_add,
    "SUM": takes_reduction,
    "TANH": takes_elementwise,
    "TRANSPOSE_CONV": takes_transpose_conv,
}

TAKES: Final[Mapping[str, Mapping[str, Condition]]] = {"static_8bit": STATIC_8BIT}
"""Alternative of the rule `delegation` to conditions by operator."""
