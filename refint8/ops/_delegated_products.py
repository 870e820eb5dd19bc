"""Which convolutions and matrix products the rule delegation=static_8bit names.

Weights and biases are constants of the file, activations have 8 bits per tensor and one dtype,
shapes have no empty axes. A ratio of scales of 2^8 or more is no condition: the engine does not
run such a model at all. Source: `_eight_bit_operands.py`.
"""

from __future__ import annotations

from refint8.ops._eight_bit_operands import (
    all_eight_bit,
    has_known_activation,
    has_rank,
    is_bias,
    is_static,
    is_weights,
)
from refint8.ops._op import Node, Operand


def takes_conv_2d(node: Node) -> bool:
    """CONV_2D: with a bias."""
    return _takes_convolution(node, axis=0)


def takes_depthwise_conv_2d(node: Node) -> bool:
    """DEPTHWISE_CONV_2D: with a bias; output channels are a multiple of the depth multiplier."""
    multiplier = int(node.options["depth_multiplier"])
    channels = node.input(1).shape[-1] if node.input(1).shape else 0
    divides = multiplier > 0 and channels % multiplier == 0
    return divides and _takes_convolution(node, axis=3)


def takes_transpose_conv(node: Node) -> bool:
    """TRANSPOSE_CONV: VALID with an output no smaller than the kernel, SAME with strides no
    larger than it; the bias is optional.
    """
    size, w, x = node.input(0), node.input(1), node.input(2)
    bias, out = node.optional_input(3), node.output
    if not (is_static(size) and size.shape == (4,) and _takes_products(node, x, w, bias, axis=0)):
        return False
    _, height, width, channels = size.integers()
    _, *kernel, depth = w.shape
    options = node.options
    stride = (int(options["stride_h"]), int(options["stride_w"]))
    limits = (height, width) if options["padding"] == "VALID" else kernel
    smaller = kernel if options["padding"] == "VALID" else stride
    return (
        has_rank(x, 4)
        and has_rank(out, 4)
        and (channels, depth) == (w.shape[0], x.shape[3])
        and all(a <= b for a, b in zip(smaller, limits, strict=True))
    )


def takes_fully_connected(node: Node) -> bool:
    """FULLY_CONNECTED: dense weights without zero points, int4 ones in pairs; any bias or none."""
    x, w, bias = node.input(0), node.input(1), node.optional_input(2)
    narrow = ("INT4", "INT2") if x.dtype == "INT8" else ()
    if node.version == 8 or node.options.get("weights_format", "DEFAULT") != "DEFAULT":
        return False
    if not (is_weights(w, 0, rank=2, dtypes=narrow) and all_eight_bit(x, node.output)):
        return False
    whole_bytes = w.shape[1] % {"INT4": 2, "INT2": 4}.get(w.dtype, 1) == 0
    per_channel = w.dtype != "INT2" or w.scales.size == w.shape[0]
    return (
        whole_bytes
        and per_channel
        and (w.dtype == x.dtype or w.dtype in narrow)
        and (bias is None or is_bias(bias, w.shape[0]))
        and has_known_activation(node)
    )


def takes_batch_matmul(node: Node) -> bool:
    """BATCH_MATMUL: int8 with zero point 0 on the right."""
    a, b = node.input(0), node.input(1)
    return (
        all_eight_bit(a, b, node.output)
        and (b.dtype == "UINT8" or b.zero_point == 0)
        and min(len(a.shape), len(b.shape)) >= 2
    )


def _takes_convolution(node: Node, axis: int) -> bool:
    x, w, bias = node.input(0), node.input(1), node.optional_input(2)
    if bias is None or not _takes_products(node, x, w, bias, axis=axis):
        return False
    return has_rank(x, 4) and has_rank(node.output, 4)


def _takes_products(node: Node, x: Operand, w: Operand, bias: Operand | None, axis: int) -> bool:
    return (
        all_eight_bit(x, node.output)
        and w.dtype == x.dtype
        and is_weights(w, axis, rank=4)
        and (bias is None or (len(bias.shape) == 1 and is_bias(bias, w.shape[axis])))
        and has_known_activation(node)
    )
