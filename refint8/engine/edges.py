"""The float edges of a quantized model: real numbers to steps and back.

The arithmetic is that of LiteRT's reference QUANTIZE and DEQUANTIZE (NUMERICS §7), so feeding
`quantize(x)` to an int8 model gives what its float-input twin computes from x.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from refint8.errors import UsageError
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.fixedpoint import round_half_away
from refint8.numerics.requantize import float_to_int32
from refint8.ops._op import Array


def quantize(real: ArrayLike, details: Mapping[str, Any]) -> Array:
    """clip(round_half_away(f32(real / scale)) + zero_point) as the tensor's dtype.

    `details` is a dictionary of `get_input_details()`. Raises UsageError without one scale.
    """
    scale, zero_point = _parameters(details)
    steps = round_half_away(np.asarray(real, np.float32) / np.float32(scale))
    low, high = DTYPE_RANGE[np.dtype(details["dtype"]).name.upper()]
    clipped: Array = np.clip(float_to_int32(steps, "saturate") + zero_point, low, high)
    return clipped.astype(details["dtype"])


def dequantize(steps: ArrayLike, details: Mapping[str, Any]) -> NDArray[np.float32]:
    """f32(double(scale) * (steps - zero_point)); `details` as for `quantize`."""
    scale, zero_point = _parameters(details)
    centred = np.asarray(steps).astype(np.int64) - zero_point
    real: NDArray[np.float32] = (np.float64(np.float32(scale)) * centred).astype(np.float32)
    return real


def _parameters(details: Mapping[str, Any]) -> tuple[float, int]:
    scale, zero_point = details["quantization"]
    if scale == 0.0:
        raise UsageError(
            f"tensor '{details['name']}' has no single scale to convert real numbers with"
        )
    return scale, zero_point
