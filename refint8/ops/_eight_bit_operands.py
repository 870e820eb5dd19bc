"""What the kernels behind the rule delegation=static_8bit ask of operands, one by one.

Source of all conditions: LiteRT `xnnpack_delegate.cc` (the Check... functions) and XNNPACK
`tensor.c`; what ai-edge-litert 2.3.0 delegates of some 300 public models and 4,000 small ones.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from refint8.numerics.activation import DTYPE_RANGE
from refint8.ops._op import SMALLEST_NORMAL, Node, Operand

MOST_AXES: Final = 6

ACTIVATIONS: Final = frozenset(("NONE", "RELU", "RELU6", "RELU_N1_TO_1"))
"""Fused activations that the kernels have."""


def is_static(operand: Operand) -> bool:
    """A constant of the file, not a value that follows from constants."""
    return operand.data is not None and not operand.is_computed


def is_eight_bit(operand: Operand) -> bool:
    """int8 or uint8, declared so, with one normal scale and a zero point of the dtype's range."""
    return (
        operand.dtype in ("INT8", "UINT8")
        and operand.declared_dtype in ("", operand.dtype)
        and has_one_scale(operand)
    )


def has_one_scale(operand: Operand) -> bool:
    """One normal, positive scale along dimension 0, a zero point in the dtype's range."""
    quantization = operand.quantization
    if quantization is None or quantization.scales.size != 1:
        return False
    low, high = DTYPE_RANGE[operand.dtype]
    return (
        quantization.quantized_dimension == 0
        and low <= operand.zero_point <= high
        and _normal(quantization.scales)
    )


def all_eight_bit(*operands: Operand) -> bool:
    """`is_eight_bit` of all, of one dtype."""
    return all(map(is_eight_bit, operands)) and len({o.dtype for o in operands}) == 1


def is_weights(w: Operand, axis: int, *, rank: int, dtypes: tuple[str, ...] = ()) -> bool:
    """Static weights of a rank without empty axes: int8 with a scale per output channel or one
    scale and zero point 0, uint8 with one scale; `dtypes` are further ones, like int8.
    """
    if not (is_static(w) and has_rank(w, rank)) or w.sparsity is not None:
        return False
    if w.dtype == "UINT8":
        return is_eight_bit(w)
    quantization = w.quantization
    if w.dtype not in ("INT8", *dtypes) or quantization is None:
        return False
    scales = quantization.scales
    if scales.size > 1 and (
        quantization.quantized_dimension != axis or scales.size != w.shape[axis]
    ):
        return False
    return scales.size > 0 and _normal(scales) and not np.any(quantization.zero_points)


def is_bias(bias: Operand, channels: int) -> bool:
    """A static int32 with scales (one, or one per channel) and zero points 0."""
    quantization = bias.quantization
    return (
        is_static(bias)
        and bias.dtype == "INT32"
        and int(np.prod(bias.shape)) == channels
        and quantization is not None
        and quantization.quantized_dimension == 0
        and quantization.scales.size in (1, channels)
        and _normal(quantization.scales)
        and not np.any(quantization.zero_points)
    )


def has_rank(operand: Operand, rank: int) -> bool:
    """So many axes, none of them empty."""
    return len(operand.shape) == rank and 0 not in operand.shape


def few_axes(operand: Operand) -> bool:
    """At most 6 axes, none of them empty."""
    return len(operand.shape) <= MOST_AXES and 0 not in operand.shape


def has_known_activation(node: Node) -> bool:
    """The fused activation clamps, or there is none."""
    return str(node.options.get("fused_activation_function", "NONE")) in ACTIVATIONS


def _normal(scales: NDArray[np.float32]) -> bool:
    return bool(np.all(np.isfinite(scales) & (scales >= SMALLEST_NORMAL)))
