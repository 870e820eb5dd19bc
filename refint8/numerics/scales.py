"""How scales are combined into one real factor.

The order of operations and the precision of each decide the last bits of a multiplier, which is
where most bit-exactness is lost (NUMERICS §1). Scales are float32 in the file; "float32" rounds
after every step, "float64" combines them exactly enough that only the last division rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from refint8.numerics.elementary import log, power
from refint8.numerics.fixedpoint import round_half_away
from refint8.numerics.recording import recorded

ScaleProduct = Callable[[float, float, float], float]


@recorded("real factor", "f32(f32(a * b) / out)")
def product_ratio_float32(a: float, b: float, out: float) -> float:
    """f32(f32(a * b) / out)."""
    with np.errstate(all="ignore"):
        return float(np.float32(np.float32(a) * np.float32(b)) / np.float32(out))


@recorded("real factor", "double(a) * double(b) / double(out)")
def product_ratio_float64(a: float, b: float, out: float) -> float:
    """double(a) * double(b) / double(out)."""
    with np.errstate(all="ignore"):
        return float(np.float64(a) * np.float64(b) / np.float64(out))


@recorded("real factor", "double(f32(a * b)) / double(out)")
def product_ratio_mixed(a: float, b: float, out: float) -> float:
    """double(f32(a * b)) / double(out): the product in float32, the division in double."""
    with np.errstate(all="ignore"):
        return float(np.float64(np.float32(a) * np.float32(b)) / np.float64(out))


PRODUCT_RATIO: Final[Mapping[str, ScaleProduct]] = {
    "float32": product_ratio_float32,
    "float64": product_ratio_float64,
    "mixed": product_ratio_mixed,
}
"""a * b / out by the name a rule gives it."""


@recorded("real factor", "f32(a / out)")
def ratio_float32(a: float, out: float) -> float:
    """f32(a / out)."""
    with np.errstate(all="ignore"):
        return float(np.float32(a) / np.float32(out))


@recorded("real factor", "double(a) / double(out)")
def ratio_float64(a: float, out: float) -> float:
    """double(a) / double(out)."""
    with np.errstate(all="ignore"):
        return float(np.float64(a) / np.float64(out))


RATIO: Final[Mapping[str, Callable[[float, float], float]]] = {
    "float32": ratio_float32,
    "float64": ratio_float64,
}
"""a / out by the name a rule gives it."""


@recorded("real factor", "f32(a / f32(b * out))")
def quotient_ratio_float32(a: float, b: float, out: float) -> float:
    """f32(a / f32(b * out))."""
    with np.errstate(all="ignore"):
        return float(np.float32(a) / (np.float32(b) * np.float32(out)))


@recorded("real factor", "double(a) / (double(b) * double(out))")
def quotient_ratio_float64(a: float, b: float, out: float) -> float:
    """double(a) / (double(b) * double(out))."""
    with np.errstate(all="ignore"):
        return float(np.float64(a) / (np.float64(b) * np.float64(out)))


QUOTIENT_RATIO: Final[Mapping[str, ScaleProduct]] = {
    "float32": quotient_ratio_float32,
    "float64": quotient_ratio_float64,
}
"""a / (b * out) by the name a rule gives it."""


@recorded("real factor", "double(a) / double(out)^(1 / count)")
def ratio_to_root(a: float, out: float, count: int) -> float:
    """double(a) / double(out)^(1/count), the power correctly rounded (REDUCE_PROD)."""
    root = power(np.float64(out), 1 / count)
    with np.errstate(all="ignore"):
        return float(np.float64(a) / root)


def power_of_two_exponent(scale: float) -> int | None:
    """n where the engine takes the scale for 2^n, None where it does not.

    In float32: l = log(scale) * (1 / log(2)); the scale counts as a power of two when l is within
    0.001 of an integer, so 2^n * 1.0006 does. Source: CheckedLog2, LiteRT `kernels/internal/
    quantization_util.cc` (CORRECTIONS item 11); the logarithms are correctly rounded.
    """
    logarithm = _logarithm_to_base_2(scale)
    nearest = round_half_away(logarithm).astype(np.float32)
    with np.errstate(invalid="ignore"):
        counts = abs(np.float32(logarithm - nearest)) < np.float32(1e-3)
    return int(nearest) if counts else None


def nearest_power_of_two(scale: float) -> int:
    """The same n whatever the distance, for a kernel that does not look at the answer."""
    return int(round_half_away(_logarithm_to_base_2(scale)))


def _logarithm_to_base_2(scale: float) -> Any:
    return log(np.float32(scale)) * (np.float32(1) / log(np.float32(2)))
