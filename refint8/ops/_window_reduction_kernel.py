"""The kernel corner of REDUCE_WINDOW and STABLEHLO_REDUCE_WINDOW."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from refint8.native.lowering import Place, Site
from refint8.native.window_reduction import reduce_windows
from refint8.numerics.fixedpoint import Ints
from refint8.ops._copy_kernel import View
from refint8.ops._op import Shape


def lower_windows(
    site: Site,
    function: str,
    x: View,
    init: Place,
    dtype: str,
    window: tuple[Shape, Shape],
    strides: Shape,
) -> None:
    """Append the output as windows over x, dense; `window` is sizes and dilations."""
    out = site.output
    if not out.size:
        return
    sizes, dilations = window
    rows = distances(out.shape[:-1], strides[:-1], x.steps[:-1])
    places = distances(sizes, dilations, x.steps)
    columns, step = out.shape[-1], strides[-1] * x.steps[-1]
    site.call(
        reduce_windows(function, dtype),
        *(x.offset, init.offset, out.offset, site.constant(rows), len(rows), columns, step),
        *(site.constant(places), len(places)),
    )


def distances(counts: Sequence[int], strides: Sequence[int], steps: Sequence[int]) -> Ints:
    """Bytes to every index of axes of these counts, row by row."""
    table = np.zeros(1, np.int64)
    for count, stride, step in zip(counts, strides, steps, strict=True):
        shifts = np.arange(count, dtype=np.int64) * (stride * step)
        table = (table[:, np.newaxis] + shifts).reshape(-1)
    return table
