"""Elements laid out with gaps and an offset: padding, cropping and dilation of any axis."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from refint8.native.lowering import Place, Site
from refint8.ops._copy_kernel import View, copy, fill
from refint8.ops._op import Array, Shape
from refint8.ops._slicing import Range, take


@dataclass(frozen=True)
class Placement:
    """out[i * step + offset] = in[i] on every axis, where that is inside `shape`.

    `inner` is the input's shape; steps are at least 1, offsets of either sign. What no element
    reaches holds a given value.
    """

    inner: Shape
    offset: tuple[int, ...]
    step: tuple[int, ...]
    shape: Shape

    @cached_property
    def ranges(self) -> tuple[tuple[Range, ...], tuple[Range, ...]]:
        """The indices that are kept, in the input and in the output."""
        axes = zip(self.inner, self.offset, self.step, self.shape, strict=True)
        pairs = [_kept(*axis) for axis in axes]
        return tuple(source for source, _ in pairs), tuple(target for _, target in pairs)

    def __call__(self, x: Array, value: Any) -> Array:
        """x laid into an output that holds `value` elsewhere."""
        source, target = self.ranges
        out = np.full(self.shape, value, x.dtype)
        out[tuple(r.slice for r in target)] = take(x, source)
        return out

    def lower(self, site: Site, x: Place, out: View, value: Array | View) -> None:
        """Append the value everywhere (if anything is left of it), then the elements."""
        source, target = self.ranges
        if tuple(r.count for r in target) != self.shape:
            fill(site, out, value)
        copy(site, View.of(x).take(source), out.take(target))


def _kept(size: int, offset: int, step: int, room: int) -> tuple[Range, Range]:
    first = max(0, -(offset // step))
    count = max(0, min(size, -(-(room - offset) // step)) - first)
    return Range(first, count), Range(first * step + offset, count, step)


def first_element(site: Site, position: int) -> Array | View:
    """The first element of an input as `lower` and `fill` take it."""
    place = site.input(position)
    if place.data is not None:
        return place.data.reshape(-1)[:1]
    return View(site.read(position).offset, (), (), place.dtype.itemsize)
