"""The kernel corner of DYNAMIC_UPDATE_SLICE: a box copied to where the run says."""

from __future__ import annotations

from math import prod

import numpy as np

from refint8.native.lowering import Place, Site
from refint8.native.scatter import update as update_kernel


def lower_update(site: Site, box: Place, starts: Place, room: tuple[int, ...]) -> None:
    """Append the copy of a box, dense, into the output; `room` is the highest start of each axis.

    Axes at the end that the box fills make its runs longer.
    """
    out, item = site.output, box.dtype.itemsize
    if not box.size:
        return
    rank = len(room)
    steps = [item * prod(out.shape[axis + 1 :]) for axis in range(rank)]
    split = next((axis for axis in reversed(range(rank)) if room[axis]), 0)
    rows = np.zeros(1, np.int64)
    for axis in range(split):
        shifts = np.arange(box.shape[axis], dtype=np.int64) * steps[axis]
        rows = (rows[:, np.newaxis] + shifts).reshape(-1)
    axes = np.array(list(zip(room, steps, strict=True)), np.int64).reshape(-1)
    length = item * prod(box.shape[split:])
    site.call(
        update_kernel(starts.dtype.name.upper()),
        *(box.offset, starts.offset, out.offset),
        *(site.constant(axes), rank, site.constant(rows), len(rows), length),
    )
