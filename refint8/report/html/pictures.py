"""The drawings of a report: histograms, bars per channel, heat maps; made of NumPy and zlib."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from refint8.oracle.diff_map import Cells, DiffMap
from refint8.report.html.page import Bar, Histogram, Picture, Strip

WIDTH: Final = 360
HEIGHT: Final = 110
LABELLED: Final = 11
"""A histogram of so many bars has a label under each; under a wider one the ends have."""

MAP_SIDE: Final = 288
LARGEST_CELL: Final = 24
LEVELS: Final = 16
HEAT: Final = (0xE0, 0x4F, 0x14)
"""The colour of a heat map; how much differs is its opacity, so that any ground can be below."""


def histogram(found: DiffMap) -> Histogram | None:
    """Bars over theirs - ours; None where all differences are NaN or infinite."""
    if not found.histogram:
        return None
    most = max(each.count for each in found.histogram)
    step = min(WIDTH / len(found.histogram), 48)
    left = (WIDTH - step * len(found.histogram)) / 2
    bars = []
    for n, each in enumerate(found.histogram):
        height = max(HEIGHT * each.count / most, 1.5) if each.count else 0.0
        span = _signed(each.low)
        if each.low != each.high:
            span += f" to {_signed(each.high)}"
        ends = n in (0, len(found.histogram) - 1)
        label = _signed(each.low if n == 0 or each.low == each.high else each.high)
        bars.append(
            Bar(
                x=round(left + n * step + 0.08 * step, 2),
                y=round(HEIGHT - height, 2),
                width=round(0.84 * step, 2),
                height=round(height, 2),
                title=f"{span}: {each.count:,}",
                label=label if ends or len(found.histogram) <= LABELLED else "",
            )
        )
    lost = found.not_finite
    note = f"{lost:,} more where a side is NaN or infinite" if lost else ""
    return Histogram(WIDTH, HEIGHT, tuple(bars), most, note)


def channels(found: DiffMap) -> Strip | None:
    """A bar per channel, as high as the share of it that differs."""
    cells = found.channels
    if cells is None:
        return None
    shares = _shares(cells)[0]
    top = float(shares.max())
    step = WIDTH / shares.size
    gap = 0.1 * step if shares.size <= 64 else 0.0
    parts = [
        f"M{n * step + gap:.1f} {HEIGHT}V{HEIGHT - max(HEIGHT * share / top, 1.5):.1f}"
        f"H{(n + 1) * step - gap:.1f}V{HEIGHT}Z"
        for n, share in enumerate(shares.tolist())
        if share
    ]
    count, each = cells.size[1], cells.step[1]
    caption = f"channels 0 to {count - 1}" + (f", {each} to a bar" if each > 1 else "")
    hit = int(np.count_nonzero(shares))
    note = f"{hit} of {shares.size} bars differ; most: {_top(cells, shares)}"
    return Strip(WIDTH, HEIGHT, "".join(parts), caption, note)


def plane(found: DiffMap) -> Picture | None:
    """Height by width, summed over channels: the more of a cell differs, the denser its colour."""
    cells = found.plane
    if cells is None:
        return None
    shares = _shares(cells)
    scaled = np.ceil(LEVELS * shares / shares.max()).astype(np.uint8)
    rows, columns = shares.shape
    scale = max(1, min(LARGEST_CELL, MAP_SIDE // max(rows, columns)))
    height, width = cells.size
    caption = f"{height} x {width} (height x width), over all channels"
    if max(cells.step) > 1:
        caption += f"; a cell is {cells.step[0]} x {cells.step[1]}"
    at = np.unravel_index(int(np.argmax(shares)), shares.shape)
    row, column = int(at[0]), int(at[1])
    place = f"{row * cells.step[0]},{column * cells.step[1]}"
    count, of = cells.differing[row][column], cells.elements[row][column]
    note = f"densest at {place}: {count:,} of {of:,}"
    return Picture(_uri(scaled), columns * scale, rows * scale, caption, note)


def png(indexes: NDArray[np.uint8]) -> bytes:
    """A PNG of one colour, by opacity: 0 is clear, 1 to LEVELS from faint to solid."""
    opacity = [0, *(55 + 200 * level // LEVELS for level in range(1, LEVELS + 1))]
    rows, columns = indexes.shape
    filtered = np.zeros((rows, columns + 1), np.uint8)  # every row begins with its filter, none
    filtered[:, 1:] = indexes
    header = struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)
    chunks = [
        _chunk(b"IHDR", header),
        _chunk(b"PLTE", bytes(HEAT) * len(opacity)),
        _chunk(b"tRNS", bytes(opacity)),
        _chunk(b"IDAT", zlib.compress(filtered.tobytes(), 9)),
        _chunk(b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _uri(indexes: NDArray[np.uint8]) -> str:
    return "data:image/png;base64," + base64.b64encode(png(indexes)).decode("ascii")


def _shares(cells: Cells) -> NDArray[np.float64]:
    return np.array(cells.differing, np.float64) / np.array(cells.elements, np.float64)


def _top(cells: Cells, shares: NDArray[np.float64], limit: int = 3) -> str:
    best: Sequence[int] = np.argsort(-shares, kind="stable")[:limit].tolist()
    step, size = cells.step[1], cells.size[1]
    names = []
    for n in best:
        if not shares[n]:
            break
        last = min((n + 1) * step, size) - 1
        name = f"{n * step}" if last == n * step else f"{n * step}-{last}"
        names.append(f"{name} ({cells.differing[0][n]:,} of {cells.elements[0][n]:,})")
    return ", ".join(names)


def _signed(value: int | float) -> str:
    return f"{value:+d}" if isinstance(value, int) else f"{value:+.4g}"
