"""Parts of a tensor at evenly spaced indices."""

from __future__ import annotations

from dataclasses import dataclass

from refint8.ops._op import Array


@dataclass(frozen=True)
class Range:
    """The indices start, start + step, ... of one axis, `count` of them, all inside the axis."""

    start: int
    count: int
    step: int = 1

    @classmethod
    def between(cls, start: int, stop: int, step: int) -> Range:
        """All indices from start until before stop; step may be negative, not 0."""
        return cls(start, max(0, -(-(stop - start) // step)), step)

    @property
    def slice(self) -> slice:
        """The same as Python's slice, whose stop cannot be written as -1."""
        if self.count == 0:
            return slice(0, 0)
        stop = self.start + self.count * self.step
        return slice(self.start, None if stop < 0 else stop, self.step)


def take(x: Array, ranges: tuple[Range, ...]) -> Array:
    """The elements of x at the given range of every axis, a copy."""
    part: Array = x[tuple(r.slice for r in ranges)]
    return part.copy()
