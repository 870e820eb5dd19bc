"""The masks of STRIDED_SLICE, resolved: one plain description per axis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from refint8.ops._op import Shape, check, refuse
from refint8.ops._slicing import Range

Entry = tuple[int, int, int]
"""(begin, end, stride) of one entry."""


@dataclass(frozen=True)
class Axis:
    """One axis of the input with new axes in it. An open bound is what its mask bit says.

    `entry` is False for the whole axes of an ellipsis and for those without an entry.
    """

    size: int
    begin: int = 0
    end: int = 0
    stride: int = 1
    open_begin: bool = True
    open_end: bool = True
    shrink: bool = False
    offset: bool = False
    entry: bool = True

    @property
    def range(self) -> Range:
        """The indices taken."""
        forward = self.stride > 0
        first, last = (0, self.size) if forward else (-1, self.size - 1)

        def bound(index: int) -> int:
            return min(max(index + self.size if index < 0 else index, first), last)

        start = bound(self.begin)
        if self.open_begin:
            start = 0 if forward else self.size - 1
        if self.shrink:
            return Range(start, 1, self.stride)
        stop = bound(self.end + start if self.offset else self.end)
        if self.open_end:
            stop = self.size if forward else -1
        return Range.between(start, stop, self.stride)


def expand(shape: Shape, entries: Sequence[Entry], options: Mapping[str, Any]) -> tuple[Axis, ...]:
    """Axes of the input and new ones, in order.

    Entries beyond the last axis are ignored, as the engine does: it gives an ellipsis at least
    one axis, so x[..., i, j] of a matrix means x[:, i] there.
    """
    masks = {
        name: [bool(int(options[name]) >> e & 1) for e in range(len(entries))]
        for name in ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
    }
    offset = bool(options["offset"])
    check(sum(masks["ellipsis_mask"]) <= 1, "C3", "ellipsis_mask has more than one bit set")
    check(
        int(options["new_axis_mask"]) >> len(entries) == 0,
        "C3",
        f"new_axis_mask {int(options['new_axis_mask']):#b} names entries beyond {len(entries)}",
    )
    sizes = iter(shape)
    new = [a and not b for a, b in zip(masks["new_axis_mask"], masks["ellipsis_mask"], strict=True)]
    rank = len(shape) + sum(new)
    axes: list[Axis] = []
    for e, (begin, end, stride) in enumerate(entries):
        if len(axes) == rank:
            break
        if masks["ellipsis_mask"][e]:
            count = min(max(1, rank - len(entries) + 1), rank - len(axes))
            axes.extend(Axis(following(sizes), offset=offset, entry=False) for _ in range(count))
        elif new[e]:
            axes.append(Axis(1, end=end, offset=offset))
        else:
            axes.append(
                Axis(
                    following(sizes),
                    begin,
                    end,
                    stride,
                    masks["begin_mask"][e],
                    masks["end_mask"][e],
                    masks["shrink_axis_mask"][e],
                    offset,
                )
            )
    missing = rank - len(axes)
    axes.extend(Axis(following(sizes), offset=offset, entry=False) for _ in range(missing))
    return tuple(axes)


def following(sizes: Iterator[int]) -> int:
    """The next axis of the input; refused when a new axis after the last one was cut off."""
    size = next(sizes, None)
    if size is None:
        refuse("C3", "a new axis comes after more entries than the input has axes")
    return size
