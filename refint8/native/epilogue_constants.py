"""The constants of a fused requantization, channel by channel, as its code reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refint8.numerics.fixedpoint import Ints

LANE_BYTES = 24
"""Bytes of constants per lane, in four sections."""

SECTIONS = {"bias": 0, "multiplier": 4, "constant": 12, "shift": 20}
"""Section name to its start in lane bytes: int32 bias, 32-bit multiplier (or double scale),
64-bit constant (those of even lanes before those of odd lanes), int32 shift."""


WIDE_FORMS = ("q15", "float64_wide")
"""Forms whose 64-bit bias takes the multiplier's section; their tiles start from 0."""


@dataclass(frozen=True, eq=False)
class Parameters:
    """Constants of one epilogue, per output channel, before they are laid out in vectors.

    `form` is one of `epilogue`, or "unsigned" (fast without the sign term), or "mixed" (fast with
    channels that do not shift).
    """

    form: str
    bias: Ints
    multiplier: Any
    constant: Any
    shift: Ints

    def block(self, order: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Vectors of constants: `order` [vectors, lanes] names the channel of each lane."""
        vectors, lanes = order.shape
        out = np.zeros((vectors, LANE_BYTES * lanes), np.uint8)
        for section, values in (
            ("bias", self.bias.astype(np.int64).astype(np.uint32)),
            ("multiplier", self.multiplier),
            ("constant", self.constant),
            ("shift", self.shift.astype(np.int32)),
        ):
            laid = np.ascontiguousarray(values[order])
            in_halves = section == "constant" and values.dtype.itemsize == 8
            if in_halves or (section == "multiplier" and self.form in WIDE_FORMS):
                # Even lanes first, then odd ones: the halves of the widening multiplication.
                laid = np.concatenate([laid[:, 0::2], laid[:, 1::2]], axis=1)
            raw = np.ascontiguousarray(laid).view(np.uint8).reshape(vectors, -1)
            start = SECTIONS[section] * lanes
            out[:, start : start + raw.shape[1]] = raw
        return out


def zero_point_and_shift(zero_point: int, shift: Ints) -> Ints:
    """One int32 a lane for the "double" form: zero point above, shift + 32 in the low 6 bits."""
    return (np.int64(zero_point) << 6) | (shift + 32)
