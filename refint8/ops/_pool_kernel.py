"""The kernel corner of MAX_POOL_2D and AVERAGE_POOL_2D."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from refint8.native import window as native
from refint8.native.lowering import NotFastError, Place, Site
from refint8.numerics.fixedpoint import Ints
from refint8.ops._window import Window


def lower_pool(
    site: Site, kind: str, x: Place, window: Window, clamp: tuple[int, int], dtype: str
) -> None:
    """Append the pooling of x [n, h, w, c]; `kind` is "largest" or "average".

    Raises NotFastError for windows of which nothing lies inside the image, or too large to
    average exactly.
    """
    if 0 in x.shape:
        return
    ys, xs = parts_inside(window, (x.shape[1], x.shape[2]))
    taps = int(ys[:, 1].max() * xs[:, 1].max())
    if min(ys[:, 1].min(), xs[:, 1].min()) < 1:
        raise NotFastError("a window lies outside the image")
    if kind == "largest" and taps > 2 * (int(ys[:, 1].max()) + int(xs[:, 1].max())):
        _append_in_two(site, x, window, clamp, dtype)
    else:
        _append(site, kind, x, site.output.offset, window, clamp, dtype)


def _append_in_two(
    site: Site, x: Place, window: Window, clamp: tuple[int, int], dtype: str
) -> None:
    """The largest of the columns first, then of the rows: a large window is separable."""
    images, _, width, channels = x.shape
    down = Window((window.kernel[0], 1), (window.stride[0], 1), (window.pad[0], 0),
                  (window.out[0], width))  # fmt: skip
    across = Window((1, window.kernel[1]), (1, window.stride[1]), (0, window.pad[1]), window.out)
    shape = (images, window.out[0], width, channels)
    between = Place(site.scratch(int(np.prod(shape)) * x.dtype.itemsize), shape, x.dtype)
    _append(site, "largest", x, between.offset, down, clamp, dtype)
    _append(site, "largest", between, site.output.offset, across, clamp, dtype)


def _append(
    site: Site,
    kind: str,
    x: Place,
    target: int,
    window: Window,
    clamp: tuple[int, int],
    dtype: str,
) -> None:
    images, height, width, channels = x.shape
    pixel = channels * x.dtype.itemsize
    ys, xs = parts_inside(window, (height, width))
    most = int(ys[:, 1].max()), int(xs[:, 1].max())
    spec = native.Window.of(kind, dtype, channels, most[0] * most[1])
    if kind == "average":
        spec, divisors = _divisors(spec, ys[:, 1], xs[:, 1])
    else:
        divisors = np.zeros((most[0] + 1, most[1] + 1, 3), np.int64)
    site.call(
        native.pool(spec),
        x.offset,
        target,
        images,
        height * width * pixel,
        *window.out,
        site.constant(ys * np.array([width * pixel, 1])),
        site.constant(xs * np.array([pixel, 1])),
        width * pixel,
        pixel,
        channels,
        *clamp,
        site.constant(divisors),
        most[1] + 1,
    )


def _divisors(spec: native.Window, rows: Ints, columns: Ints) -> tuple[native.Window, Ints]:
    """Divisors by the rows and columns of the part of a window inside, in the narrowest lanes."""
    table = np.zeros((rows.max() + 1, columns.max() + 1, 3), np.int64)
    try:
        for y, x in itertools.product(set(rows.tolist()), set(columns.tolist())):
            table[y, x] = native.reciprocal(spec, y * x)
    except NotFastError:
        if not spec.narrow:
            raise
        return _divisors(replace(spec, narrow=False), rows, columns)
    return spec, table


def parts_inside(window: Window, image: tuple[int, int]) -> tuple[Ints, Ints]:
    """(first, count) of the taps inside the image, for every output row and every column."""
    found = []
    for kernel, stride, pad, out, size in zip(
        window.kernel, window.stride, window.pad, window.out, image, strict=True
    ):
        first = np.arange(out, dtype=np.int64) * stride - pad
        begin = np.maximum(first, 0)
        found.append(np.stack([begin, np.minimum(first + kernel, size) - begin], axis=1))
    return found[0], found[1]
