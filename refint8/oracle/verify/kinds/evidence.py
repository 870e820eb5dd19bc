"""What a hypothesis is held against: the expected arrays and those of the dump."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from refint8.oracle.compare import different
from refint8.oracle.golden.contents import TensorInfo
from refint8.oracle.targets.outcome import Array
from refint8.oracle.verify.verdicts import KindName

Mask = NDArray[np.bool_]

CONTRADICTIONS: Final = 0.02
"""A hypothesis about a whole tensor may be wrong on that share of the elements that are equal."""


class Hypothesis(NamedTuple):
    """How many of the differing elements it predicts exactly."""

    name: KindName
    detail: str
    explained: int


@dataclass(frozen=True, eq=False)
class Evidence:
    """Arrays of one tensor by sample, all of one shape; at least one element differs.

    `clamp` are the steps that the operator's activation allows, None if not known.
    """

    tensor: TensorInfo
    expected: tuple[Array, ...]
    got: tuple[Array, ...]
    clamp: tuple[int, int] | None = None

    @cached_property
    def different(self) -> tuple[Mask, ...]:
        """Which elements differ."""
        return tuple(different(e, g) for e, g in zip(self.expected, self.got, strict=True))

    @cached_property
    def differing(self) -> int:
        """How many."""
        return sum(int(np.count_nonzero(mask)) for mask in self.different)

    @cached_property
    def elements(self) -> int:
        """All of them."""
        return sum(array.size for array in self.expected)

    @property
    def integers(self) -> bool:
        """Whether the elements are integers whose differences int64 holds."""
        dtype = self.expected[0].dtype
        return dtype.kind in "iu" and dtype.itemsize < 8

    @property
    def shape(self) -> tuple[int, ...]:
        """The tensor's shape."""
        shape: tuple[int, ...] = self.expected[0].shape
        return shape

    @property
    def limits(self) -> tuple[int, int]:
        """The lowest and highest value that the dtype holds."""
        info = np.iinfo(self.expected[0].dtype)
        if self.tensor.dtype in ("INT4", "INT2"):
            half = 1 << (int(self.tensor.dtype[3:]) - 1)
            return -half, half - 1
        return int(info.min), int(info.max)

    @property
    def zero_point(self) -> int:
        """The tensor's only zero point; 0 with none or several."""
        return self.tensor.zero_points[0] if len(self.tensor.zero_points) == 1 else 0

    def pairs(self) -> Iterator[tuple[Array, Array, Mask]]:
        """Expected, got and what differs, by sample."""
        return zip(self.expected, self.got, self.different, strict=True)

    @cached_property
    def wide(self) -> tuple[tuple[Array, Array, Mask], ...]:
        """The same with both sides flat and in int64."""
        return tuple(
            (e.reshape(-1).astype(np.int64), g.reshape(-1).astype(np.int64), d.reshape(-1))
            for e, g, d in self.pairs()
        )

    def whole(self, predicted: Sequence[Array], covered: Sequence[Any] | None = None) -> int:
        """Differing elements that arrays for the whole tensor predict; 0 if they are refuted by
        elements that are equal. `covered` are masks of what is predicted at all.
        """
        explained = wrong = 0
        for number, (_, got, mask) in enumerate(self.pairs()):
            guess = predicted[number]
            if guess.shape != got.shape:
                return 0
            seen = np.True_ if covered is None else covered[number]
            hit = ~different(guess.astype(got.dtype, copy=False), got)
            explained += int(np.count_nonzero(hit & mask & seen))
            wrong += int(np.count_nonzero(~hit & ~mask & seen))
        return 0 if wrong > CONTRADICTIONS * (self.elements - self.differing) else explained
