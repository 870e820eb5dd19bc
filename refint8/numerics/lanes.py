"""Requantization in vectors: ties up inside whole vectors, away from zero in what is left.

LiteRT's optimised kernels round in NEON instructions (on x86 through their emulation) as long as a
whole vector is left, and call the reference function for the others. So an element's bits depend
on its place. Source: LiteRT `kernels/internal/optimized/optimized_ops.h` (Quantize, Requantize),
2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from refint8.numerics.fixedpoint import Ints, as_int64
from refint8.numerics.recording import taken
from refint8.numerics.requantize import DoubleRounding
from refint8.numerics.rounding_up import DoubleRoundingUp


def in_whole_vectors(count: int, lanes: int) -> NDArray[np.bool_]:
    """Which of `count` elements lie in whole vectors of `lanes`; bool [count]."""
    inside: NDArray[np.bool_] = np.arange(count) < count // lanes * lanes
    return inside


@dataclass(frozen=True, eq=False)
class ChannelLanes:
    """Double rounding whose second rounding takes ties up in the channels `up` (bool [channels]).

    `multiplier` and `shift` have shape [] or [channels].
    """

    multiplier: Ints
    shift: Ints
    up: NDArray[np.bool_]
    left_shift: str = "report"

    def __call__(self, accumulator: Ints) -> Ints:
        """Accumulators must fit int32; channels last."""
        factor = self.multiplier, self.shift, self.left_shift
        with taken(self.up):
            up = DoubleRoundingUp(*factor)(accumulator)
        with taken(~self.up):
            away = DoubleRounding(*factor)(accumulator)
        return np.where(self.up, up, away)


@dataclass(frozen=True, eq=False)
class FlatLanes:
    """Double rounding with ties up in whole vectors of the flattened array, one factor for all."""

    multiplier: Ints
    shift: Ints
    lanes: int
    left_shift: str = "report"

    @property
    def inside(self) -> DoubleRoundingUp:
        """The rounding of whole vectors."""
        return DoubleRoundingUp(self.multiplier, self.shift, self.left_shift)

    @property
    def rest(self) -> DoubleRounding:
        """The rounding of the elements behind the last whole vector."""
        return DoubleRounding(self.multiplier, self.shift, self.left_shift)

    def __call__(self, accumulator: Ints) -> Ints:
        """Accumulators must fit int32; the whole array of the operator."""
        acc = as_int64(accumulator)
        inside = in_whole_vectors(acc.size, self.lanes).reshape(acc.shape)
        with taken(inside):
            up = self.inside(acc)
        with taken(~inside):
            away = self.rest(acc)
        return np.where(inside, up, away)
