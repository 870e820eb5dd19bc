"""The kernel corner of STABLEHLO_GATHER and STABLEHLO_SCATTER where starts are computed."""

from __future__ import annotations

from math import prod

import numpy as np

from refint8.native.lowering import Site
from refint8.native.shape_arithmetic import window_starts
from refint8.ops._index_maps import IndexMap, flat
from refint8.ops._op import Shape
from refint8.ops._scatter_kernel import Places


def computed_places(
    site: Site, position: int, index_map: IndexMap, shape: Shape, room: Shape | None, item: int
) -> Places:
    """Where in a tensor of `shape` each element of the map's shape lies, found when the program
    runs. Starts are clamped to `room`; without one, what lies outside the tensor has no place.
    """
    starts = site.read(position)
    rank, axes = len(shape), list(index_map.start_axes)
    # Which window an element belongs to, and its place in one that starts at 0.
    windows = prod(s for axis, s in enumerate(starts.shape) if axis != index_map.vector_axis)
    inside = index_map.places(np.zeros((windows, rank), np.int64))
    window = index_map.windows()
    first = np.moveaxis(
        np.arange(starts.size).reshape(starts.shape), index_map.vector_axis, -1
    ).reshape(windows, len(axes))
    base = flat(inside, shape)
    if room is None:
        fixed = [axis for axis in range(rank) if axis not in axes]
        base[(inside[:, fixed] >= np.array(shape, np.int64)[fixed]).any(-1)] = -1
    along = prod(starts.shape[index_map.vector_axis + 1 :])
    ends = [size - 1 for size in shape] if room is None else room
    steps = [prod(shape[axis + 1 :]) for axis in range(rank)]
    both = np.array([[steps[axis], ends[axis]] for axis in axes], np.int64)
    start = first[window, 0] if axes else np.zeros_like(base)
    table = np.concatenate([base[:, None], start[:, None], inside[:, axes]], axis=1)
    made = site.scratch(8 * len(table))
    site.call(
        window_starts(starts.dtype.name.upper(), clamped=room is not None),
        starts.offset,
        made,
        len(table),
        len(axes),
        along,
        site.constant(both.reshape(-1)),
        site.constant(np.ascontiguousarray(table, np.int64)),
        item,
    )
    return Places(made, relative=True, count=len(table))
