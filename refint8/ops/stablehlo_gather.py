"""STABLEHLO_GATHER: windows cut out of a tensor, each at a start of its own.

out[i] = in[start(c) + p], where c are the indices of i outside the axes `offset_dims`, which choose
a start, and p those inside, which count within a window of `slice_sizes`; along the axes
`collapsed_slice_dims` a window has one element and p none. Component k of a start, along the axis
`index_vector_dim` of the second input, belongs to the axis start_index_map[k] of in, the others
are 0. Starts are clamped so that the window lies inside: to [0, size - slice size].

C1  options, shapes and ranks go together: `offset_dims` and `collapsed_slice_dims` rise,
    `start_index_map` names each axis at most once, the starts have an axis `index_vector_dim`
C2  `slice_sizes` has a number for each axis of the input, none larger than it, and 1 where
    collapsed

Values are moved as they are: any dtype of 8, 16, 32 or 64 bits. Quantization is not looked at.

Semantics: LiteRT `kernels/stablehlo_gather.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.native.shape_arithmetic import take_elements
from refint8.numerics.fixedpoint import Ints
from refint8.ops._copy_kernel import View, gather
from refint8.ops._dtypes import WHOLE_BYTES, rows
from refint8.ops._index_maps import IndexMap, flat
from refint8.ops._index_maps_kernel import computed_places
from refint8.ops._op import Array, Node, Record, Shape, check, operator


@operator(
    "STABLEHLO_GATHER",
    versions=range(1, 2),
    dtypes=rows("{T},INT32|INT64->{T}", WHOLE_BYTES),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class StablehloGather(Record):
    """The integer record. `room` is the highest start of each axis of the input."""

    map: IndexMap
    inner: Shape
    room: tuple[int, ...]

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1, C2, the shape."""
        shape, starts, options = node.input(0).shape, node.input(1).shape, node.options
        names = ("offset_dims", "collapsed_slice_dims", "start_index_map", "slice_sizes")
        offset, collapsed, start_axes, sizes = (tuple(map(int, options[n])) for n in names)
        check(
            len(sizes) == len(shape)
            and all(0 <= n <= size for n, size in zip(sizes, shape, strict=True))
            and all(sizes[axis] == 1 for axis in collapsed if 0 <= axis < len(sizes)),
            "C2",
            f"windows of {sizes} in {shape}, collapsed {collapsed}",
        )
        vector_axis = int(options["index_vector_dim"])
        windows = iter(size for axis, size in enumerate(sizes) if axis not in collapsed)
        around = iter(size for axis, size in enumerate(starts) if axis != vector_axis)
        rank = len(offset) + max(len(starts) - 1, 0)
        out = tuple(next(windows if axis in offset else around, -1) for axis in range(rank))
        index_map = IndexMap(out, offset, vector_axis, start_axes, collapsed, len(shape))
        check(
            index_map.fits(starts) and -1 not in out,
            "C1",
            f"offset_dims {offset}, collapsed_slice_dims {collapsed}, start_index_map"
            f" {start_axes}, index_vector_dim {vector_axis} for {shape} and starts of {starts}",
        )
        room = tuple(size - n for size, n in zip(shape, sizes, strict=True))
        return cls(shapes=(out,), map=index_map, inner=shape, room=room)

    def chosen(self, starts: Array) -> Ints:
        """The flat index of the input for each element of the output."""
        inside = np.clip(self.map.starts(starts), 0, np.array(self.room, np.int64))
        return flat(self.map.places(inside), self.inner)

    def spec(self, x: Array, starts: Array) -> Array:
        """x of any shape, starts of any shape."""
        if 0 in self.shapes[0]:
            return np.zeros(self.shapes[0], x.dtype)
        return x.reshape(-1)[self.chosen(starts)].reshape(self.shapes[0])

    def lower(self, site: Site) -> None:
        """A copy per element, for computed starts from places that are found first."""
        if not math.prod(self.shapes[0]):
            return
        if site.input(1).data is None:
            item = site.output.dtype.itemsize
            places = computed_places(site, 1, self.map, self.inner, self.room, item)
            words = (places.at, site.output.offset, places.count, item)
            site.call(take_elements, site.read(0).offset, *words)
            return
        chosen = self.chosen(site.constant_input(1))
        x, out = View.of(site.read(0), (1,)), View.of(site.output, (1,))
        gather(site, x, out, np.stack([chosen, np.arange(chosen.size)], 1) * x.size)
