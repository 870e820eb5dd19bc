"""The kernel corner of QUANTIZE from float32 and of DEQUANTIZE: the float edges of a model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from refint8.native.float_edges import CHANNEL_WORDS, dequantize_float, quantize_float
from refint8.native.lowering import NotFastError, Place, Site
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.fixedpoint import INT32_MAX, INT32_MIN, Ints, as_int64, wrap32

EXACT_IN_FLOAT32 = 1 << 24


def _float32_at_least(values: Ints) -> NDArray[np.float32]:
    """The smallest float32 numbers that are not below some integers."""
    near = values.astype(np.float32)
    found: NDArray[np.float32] = np.where(
        near.astype(np.float64) < values, np.nextafter(near, np.float32(np.inf)), near
    )
    return found


def lower_from_float(
    site: Site, scale: NDArray[Any], zero_point: int | Ints, float_to_int: str, dtype: str
) -> None:
    """Append clamp(round_half_away(x / scale) + zero_point). Raises NotFastError."""
    x, out = site.read(0), site.output
    scales, zeros = _per_channel(scale, zero_point)
    low, high = DTYPE_RANGE[dtype]
    if int(np.abs(zeros).max()) + max(-low, high) >= EXACT_IN_FLOAT32:
        raise NotFastError("a zero point is too large for float32")
    constants = np.zeros((scales.size, CHANNEL_WORDS), np.float64)
    constants[:, 0], constants[:, 1] = scales, zeros
    constants[:, 2], constants[:, 3] = low - zeros, high - zeros
    if float_to_int == "x86":
        # What leaves int32 becomes -2^31, and then the sum with the zero point wraps. Where the
        # sum alone leaves int32 it wraps to the same side.
        constants[:, 4] = np.clip(wrap32(zeros + INT32_MIN), low, high)
        constants[:, 5] = _float32_at_least(np.maximum(INT32_MIN, INT32_MIN - zeros))
        constants[:, 6] = -_float32_at_least(-np.minimum(INT32_MAX, INT32_MAX - zeros))
    else:
        constants[:, 4] = np.clip(zeros, low, high)
        constants[:, 5], constants[:, 6] = -np.inf, np.inf
    _append(site, quantize_float(dtype), x, out, scale, constants)


def lower_by_reciprocal(site: Site, reciprocal: np.float32, zero_point: int, dtype: str) -> None:
    """Append clamp(round_half_even(x * reciprocal) + zero_point) in 8 bits; NaN is the highest."""
    low, high = DTYPE_RANGE[dtype]
    if abs(zero_point) > 1 << 14:
        raise NotFastError("a zero point is far outside of 8 bits")
    constants = np.zeros((1, CHANNEL_WORDS), np.float64)
    constants[0, :5] = reciprocal, zero_point, low - zero_point, high - zero_point, high
    constants[0, 5:7] = -np.inf, np.inf
    kernel = quantize_float(dtype, reciprocal=True)
    _append(site, kernel, site.read(0), site.output, np.ones(()), constants)


def lower_to_float(site: Site, scale: NDArray[Any], zero_point: int | Ints, dtype: str) -> None:
    """Append float32(scale * (x - zero_point)). Raises NotFastError."""
    x, out = site.read(0), site.output
    scales, zeros = _per_channel(scale, zero_point)
    if int(np.abs(zeros).max()) > INT32_MAX:
        raise NotFastError("a zero point leaves int32")
    constants = np.zeros((scales.size, CHANNEL_WORDS), np.float64)
    constants[:, 0], constants[:, 1] = scales, zeros
    _append(site, dequantize_float(dtype), x, out, scale, constants)


def _per_channel(scale: NDArray[Any], zero_point: int | Ints) -> tuple[NDArray[Any], Ints]:
    scales = np.asarray(scale).reshape(-1)
    return scales, np.broadcast_to(as_int64(zero_point).reshape(-1), scales.shape)


def _append(
    site: Site, kernel: Any, x: Place, out: Place, scale: NDArray[Any], constants: NDArray[Any]
) -> None:
    """Over [outer][channels][inner]; `scale` broadcasts to the shape with channels on one axis."""
    shape = np.asarray(scale).shape
    axis = next((k for k, size in enumerate(shape) if size != 1), None)
    if x.size == 0:
        return
    channels = constants.shape[0]
    outer = 1 if axis is None else int(np.prod(x.shape[:axis], dtype=np.int64))
    inner = x.size // (outer * channels)
    address = site.constant(constants)
    site.call(kernel, x.offset, out.offset, outer, channels, inner, address)
