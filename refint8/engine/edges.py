"""The float edges of a quantized model: real numbers to steps and back.

The arithmetic is that of LiteRT's reference QUANTIZE and DEQUANTIZE (NUMERICS §7), so feeding
`quantize(x)` to an int8 model gives what its float-input twin computes from x. What many scripts
do instead, `(x / scale + zero_point).astype(dtype)`, is the rounding "truncate".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from refint8.engine.details import tensor_details
from refint8.errors import UsageError
from refint8.model.types import Tensor
from refint8.native.lowering import Site
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.fixedpoint import round_half_away
from refint8.numerics.requantize import float_to_int32
from refint8.ops._float_kernel import lower_from_float, lower_truncated
from refint8.ops._op import Array

ROUNDINGS = ("nearest", "truncate")
"""How real numbers become steps."""


def quantize(real: ArrayLike, details: Mapping[str, Any], rounding: str = "nearest") -> Array:
    """Real numbers to steps of a tensor, in float32, every operation rounded, and its dtype.

    "nearest": clip(round_half_away(real / scale) + zero_point). "truncate": clip(trunc(real /
    scale + zero_point)), NaN gives 0; the cast of the post-training quantization tutorial, which
    leaves open what becomes of numbers that do not fit.

    `details` is a dictionary of `get_input_details()`. Raises UsageError without one scale, or for
    another rounding.
    """
    scale, zero_point = _parameters(details)
    low, high = DTYPE_RANGE[np.dtype(details["dtype"]).name.upper()]
    with np.errstate(over="ignore", invalid="ignore"):
        quotient = np.asarray(real, np.float32) / np.float32(scale)
        if check_rounding(rounding) == "truncate":
            inside = np.clip(np.nan_to_num(quotient + np.float32(zero_point)), low, high)
            whole: Array = np.trunc(inside).astype(details["dtype"])
            return whole
        steps = float_to_int32(round_half_away(quotient), "saturate") + zero_point
    clipped: Array = np.clip(steps, low, high)
    return clipped.astype(details["dtype"])


def dequantize(steps: ArrayLike, details: Mapping[str, Any]) -> NDArray[np.float32]:
    """f32(double(scale) * (steps - zero_point)); `details` as for `quantize`."""
    scale, zero_point = _parameters(details)
    centred = np.asarray(steps).astype(np.int64) - zero_point
    real: NDArray[np.float32] = (np.float64(np.float32(scale)) * centred).astype(np.float32)
    return real


def quantize_input(real: ArrayLike, tensor: Tensor, rounding: str) -> Array:
    """`quantize` for an input of a model."""
    return quantize(real, tensor_details(tensor, None, tensor.dtype), rounding)


def lower_quantize(site: Site, tensor: Tensor, rounding: str) -> None:
    """Append `quantize_input` from the site's float32 input to its output.

    Raises NotFastError for zero points beyond the dtype's range.
    """
    scale, zero_point = _parameters(tensor_details(tensor, None, tensor.dtype))
    if rounding == "truncate":
        lower_truncated(site, scale, zero_point, tensor.dtype)
    else:
        lower_from_float(site, np.array(scale, np.float32), zero_point, "saturate", tensor.dtype)


def takes_real(tensor: Tensor) -> bool:
    """Whether real numbers can be made steps of the tensor: 8 or 16 bits, one scale."""
    known = tensor.quantization is not None and tensor.quantization.scales.size == 1
    return known and tensor.dtype in ("INT8", "UINT8", "INT16")


def check_rounding(rounding: str) -> str:
    """One of ROUNDINGS. Raises UsageError for anything else."""
    if rounding not in ROUNDINGS:
        raise UsageError(f"no rounding '{rounding}'", hint=f"there are {', '.join(ROUNDINGS)}")
    return rounding


def _parameters(details: Mapping[str, Any]) -> tuple[float, int]:
    scale, zero_point = details["quantization"]
    if scale == 0.0:
        raise UsageError(
            f"tensor '{details['name']}' has no single scale to convert real numbers with"
        )
    return scale, zero_point
