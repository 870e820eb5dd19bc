"""Vectors of indices that point at slices of a tensor: GATHER_ND, SCATTER_ND."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from refint8.errors import DomainError
from refint8.numerics.fixedpoint import Ints, as_int64
from refint8.ops._op import Array, Shape


@dataclass(frozen=True)
class Slots:
    """Slices of `size` elements, arranged in `shape`: what a vector of indices points at."""

    shape: Shape
    size: int

    @property
    def count(self) -> int:
        """How many slices there are."""
        return prod(self.shape)

    def outside(self, positions: Array) -> Array:
        """Which vectors [..., d] point outside, as [...]."""
        sizes = np.array(self.shape, np.int64)
        outside: Array = np.any((positions < 0) | (positions >= sizes), axis=-1)
        return outside

    def flat(self, positions: Array) -> Ints:
        """Vectors [..., d] to slice numbers, in one dimension. Raises DomainError."""
        outside = self.outside(positions)
        if outside.any():
            raise DomainError(
                f"position {positions[outside][0].tolist()} is outside a tensor of {self.shape}"
                f" ({int(outside.sum())} such positions)",
                hint="the engine fails here when it is invoked",
            )
        strides = [prod(self.shape[axis + 1 :]) for axis in range(len(self.shape))]
        weighted = as_int64(positions) * np.array(strides, np.int64)
        numbers: Ints = weighted.sum(-1, dtype=np.int64).reshape(-1)
        return numbers
