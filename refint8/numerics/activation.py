"""Clamps: a fused activation as an interval of output steps."""

from __future__ import annotations

from typing import Final

import numpy as np

from refint8.errors import DomainError
from refint8.numerics.fixedpoint import INT32_MAX, INT32_MIN, round_half_away

DTYPE_RANGE: Final = {
    "INT8": (-128, 127),
    "UINT8": (0, 255),
    "INT16": (-32768, 32767),
    "INT32": (-(1 << 31), (1 << 31) - 1),
    "INT4": (-8, 7),
    "UINT4": (0, 15),
}
"""Lowest and highest value of each quantized dtype."""

ACTIVATION_BOUNDS: Final[dict[str, tuple[float | None, float | None]]] = {
    "NONE": (None, None),
    "RELU": (0.0, None),
    "RELU6": (0.0, 6.0),
    "RELU_N1_TO_1": (-1.0, 1.0),
    "RELU_0_TO_1": (0.0, 1.0),
    "TANH": (None, None),
    "SIGN_BIT": (None, None),
}
"""Real bounds; fused TANH and SIGN_BIT do not clamp in LiteRT (CORRECTIONS item 18)."""


RAW_BOUNDS: Final[dict[str, tuple[int | None, int | None]]] = {
    "NONE": (None, None),
    "RELU": (0, None),
    "RELU6": (0, 6),
    "RELU_N1_TO_1": (-1, 1),
    "TANH": (None, None),
    "SIGN_BIT": (None, None),
}
"""Bounds of a fused activation on integers without quantization (CalculateActivationRange)."""


def activation_range(
    activation: str, dtype: str, scale: float, zero_point: int, rounding: str = "half_away"
) -> tuple[int, int]:
    """Lowest and highest output step under a fused activation.

    `rounding` is the rule `activation_bounds`. "half_away": a bound v becomes zero_point +
    round_half_away(f32(v / scale)), intersected with the dtype's range; DomainError where the
    quotient leaves int32, as the engine's check raises. Source: CalculateActivationRangeQuantized,
    LiteRT `kernel_util.cc`; NUMERICS §7. "half_even": v becomes
    round_half_even(f32(f32(v / scale) + zero_point)), clamped to the dtype's range before it is
    rounded. Source: XNNPACK `requantization.h` (xnn_qs8_quantize).
    """
    low, high = DTYPE_RANGE[dtype]
    bound_low, bound_high = ACTIVATION_BOUNDS[activation]

    def step(value: float) -> int:
        with np.errstate(all="ignore"):
            quotient = np.float32(value) / np.float32(scale)
            if rounding == "half_even":
                return int(np.rint(np.clip(quotient + np.float32(zero_point), low, high)))
            steps = float(round_half_away(quotient))
        if not INT32_MIN <= steps <= INT32_MAX:
            raise DomainError(
                f"the bound {value} of {activation} is {steps} steps of {scale}, outside int32",
                hint="the output's scale is far too fine; calibrate again",
            )
        return zero_point + int(steps)

    if bound_low is not None:
        low = max(low, step(bound_low))
    if bound_high is not None:
        high = min(high, step(bound_high))
    return low, high
