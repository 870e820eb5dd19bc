"""A simulated device: three int8 operators in whole numbers. Replace it with your device.

It reads the model with refint8's reader and shares nothing else with it, so that it can be wrong.
With `bug` its convolutions forget to round.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from refint8.model.reader import read_model

Values = dict[int, Any]
"""Arrays by tensor index."""


def run(content: bytes, inputs: Sequence[Any], bug: bool = False) -> dict[str, Any]:
    """Every tensor of the model, as "t" and its index; `inputs` are in the model's order.

    Raises NotImplementedError for what the device does not have.
    """
    graph = read_model(content).subgraphs[0]
    values: Values = {t.index: t.data for t in graph.tensors if t.data is not None}
    values |= dict(zip(graph.inputs, inputs, strict=True))
    for operator in graph.operators:
        if operator.name not in OPERATORS:
            raise NotImplementedError(f"{operator.name} is not an operator of this device")
        tensors = [graph.tensors[i] if i >= 0 else None for i in operator.inputs]
        out = graph.tensors[operator.outputs[0]]
        if tensors[0] is None or tensors[0].dtype != "INT8" or out.dtype != "INT8":
            raise NotImplementedError(f"{operator.name} is only there for int8")
        given = [values[i] if i >= 0 else None for i in operator.inputs]
        values[out.index] = OPERATORS[operator.name](operator.options, tensors, given, out, bug)
    constant = {t.index for t in graph.tensors if t.data is not None}
    return {f"t{i}": value for i, value in values.items() if i not in constant}


def _reshape(options: Any, tensors: Any, given: Any, out: Any, bug: bool) -> Any:
    return given[0].reshape(out.shape)


def _conv_2d(options: Any, tensors: Any, given: Any, out: Any, bug: bool) -> Any:
    if options["dilation_h_factor"] != 1 or options["dilation_w_factor"] != 1:
        raise NotImplementedError("CONV_2D has no dilation")
    x = given[0].astype(np.int64) - _zero_point(tensors[0])
    w = given[1].astype(np.int64)
    (_, rows, columns, channels), (_, height, width, depth) = out.shape, w.shape
    if depth != x.shape[3]:
        raise NotImplementedError("CONV_2D has no groups")
    down, right = options["stride_h"], options["stride_w"]
    if options["padding"] == "SAME":  # zero, after the zero point is gone
        more_rows = max((rows - 1) * down + height - x.shape[1], 0)
        more_columns = max((columns - 1) * right + width - x.shape[2], 0)
        top, left = more_rows // 2, more_columns // 2
        x = np.pad(x, ((0, 0), (top, more_rows - top), (left, more_columns - left), (0, 0)))
    total = np.zeros((x.shape[0], rows, columns, channels), np.int64)
    for i in range(height):
        for j in range(width):
            window = x[:, i : i + down * rows : down, j : j + right * columns : right]
            total += window[:, :rows, :columns] @ w[:, i, j].T
    scales = tensors[1].quantization.scales.astype(np.float64)
    factors = _scale(tensors[0]) * scales / _scale(out)
    return _finished(total, given, factors, options, out, bug)


def _fully_connected(options: Any, tensors: Any, given: Any, out: Any, bug: bool) -> Any:
    w = given[1].astype(np.int64) - tensors[1].quantization.zero_points[0]
    x = given[0].astype(np.int64).reshape(-1, w.shape[1]) - _zero_point(tensors[0])
    scales = tensors[1].quantization.scales
    if scales.size == 1:  # one scale: the product is a float, only the division is a double
        factors = np.float64(np.float32(_scale(tensors[0])) * scales) / _scale(out)
    else:
        factors = _scale(tensors[0]) * scales.astype(np.float64) / _scale(out)
    return _finished(x @ w.T, given, factors, options, out, False).reshape(out.shape)


OPERATORS = {"CONV_2D": _conv_2d, "FULLY_CONNECTED": _fully_connected, "RESHAPE": _reshape}


def _finished(total: Any, given: Any, factors: Any, options: Any, out: Any, bug: bool) -> Any:
    """Add the bias, scale channel by channel, add the zero point, clamp."""
    if len(given) > 2 and given[2] is not None:
        total = total + given[2]
    zero_point = _zero_point(out)
    lowest = {"NONE": -128, "RELU": max(-128, zero_point)}
    if options["fused_activation_function"] not in lowest:
        raise NotImplementedError(f"there is no {options['fused_activation_function']}")
    factors = np.broadcast_to(factors, total.shape[-1:])
    scaled = [_scaled(total[..., c], float(f), bug) for c, f in enumerate(factors)]
    result = np.stack(scaled, axis=-1) + zero_point
    return np.clip(result, lowest[options["fused_activation_function"]], 127).astype(np.int8)


def _scaled(total: Any, factor: float, bug: bool) -> Any:
    """total * factor with a 31-bit mantissa: a rounded high half, then a rounded shift right."""
    fraction, exponent = math.frexp(factor)
    mantissa = math.floor(fraction * 2**31 + 0.5)
    if mantissa == 2**31:
        mantissa, exponent = mantissa // 2, exponent + 1
    if exponent < -31:
        return np.zeros_like(total)
    product = (total << max(exponent, 0)) * mantissa
    product = np.where(product >= 0, product + 2**30, product - 2**30 + 1)
    high = np.sign(product) * (abs(product) >> 31)  # the quotient is cut towards zero
    shift = max(-exponent, 0)
    if shift == 0 or bug:
        return high >> shift
    return np.sign(high) * ((abs(high) + (1 << (shift - 1))) >> shift)


def _scale(tensor: Any) -> float:
    return float(tensor.quantization.scales[0])


def _zero_point(tensor: Any) -> int:
    return int(tensor.quantization.zero_points[0])
