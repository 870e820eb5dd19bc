"""Depthwise convolution: channels in lanes, taps of a column in the bytes of a lane.

Input rows are padded into a ring of row buffers just before their first use and flipped to uint8,
so that a row needs no edge cases. A vector of channels then walks down the pixels of a row: four
rows of each pixel (two of int16) interleave into lanes, whose dot product with the packed weights
sums a column of taps, and the vector of a pixel is kept for all windows it lies in. Without
vertical stride and dilation two output rows share each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refint8.native.copy import fill_over, move_over
from refint8.native.cpu import Tier
from refint8.native.epilogue_constants import LANE_BYTES
from refint8.native.lang import Kernel, Primitive, i64, least, most

COLUMN_OPERANDS = (
    "rows_at", "w", "constants", "out0", "out1", "start", "width", "pixel", "out_pixel", "valid",
    "low", "high", "out_flip", "by_pixel",
)  # fmt: skip
"""What the loop down a row is called with; `start` is the byte of the vector's first channel."""


@dataclass(frozen=True)
class Filter:
    """A loop down a row: `rows` (1 or 2) output rows at once, weights in `sets`.

    `stride` and `dilation` are those along the row. Weights that exceed int8 once their zero point
    is subtracted are a sum of several sets. With `partial` the vector has more lanes than there
    are channels left.
    """

    tier: Tier
    rows: int
    kernel_height: int
    kernel_width: int
    stride: int
    dilation: int
    sets: int
    form: str
    plain: bool
    wide: bool = False
    partial: bool = False

    @property
    def per_lane(self) -> int:
        """Taps in a 32-bit lane."""
        return 2 if self.wide else 4

    @property
    def pixels(self) -> int:
        """Output pixels of one round: int32 vectors that narrow into one output vector."""
        return 2 if self.wide else 4

    @property
    def groups(self) -> int:
        """Vectors that a column of taps takes."""
        return -(-(self.kernel_height + self.rows - 1) // self.per_lane)

    @property
    def by_pixel(self) -> NDArray[np.int32]:
        """Which 32-bit group of a packed vector belongs where, so that pixels stay together."""
        lanes, per = self.tier.lanes, self.pixels * (2 if self.wide else 1)
        quads = lanes // per
        order = [
            group * per + p * (per // self.pixels) + i
            for p in range(self.pixels)
            for group in range(quads)
            for i in range(per // self.pixels)
        ]
        return np.array(order, np.int32)

    @property
    def name(self) -> str:
        """Distinct for distinct code."""
        names = ("plain", "wide", "partial")
        flags = "".join(f"_{name}" for name in names if getattr(self, name))
        return (
            f"depthwise_{self.rows}_{self.kernel_height}x{self.kernel_width}_{self.stride}"
            f"_{self.dilation}_{self.sets}_{self.form}{flags}_{self.tier.name}"
        )


def _column_primitive(spec: Filter) -> Primitive:
    def emit(builder: Any, *operands: Any) -> None:
        from refint8.native._depthwise_ir import ColumnEmitter

        ColumnEmitter(spec, builder, dict(zip(COLUMN_OPERANDS, operands, strict=True))).emit()

    return Primitive("column", len(COLUMN_OPERANDS), emit)


WORDS = (
    "source", "target", "images", "height", "width", "pixel", "out_height", "out_width", "stride_h",
    "dilation_h", "top", "left", "ring", "ring_mask", "row_bytes", "border_row", "pair_w",
    "single_w", "constants", "columns", "pair_w_bytes", "single_w_bytes", "low", "high",
    "out_flip", "flip", "border", "padded_width", "rows_at", "channels", "by_pixel",
)  # fmt: skip
"""Parameter words of a depthwise convolution; `pixel`, `row_bytes` and `left` in bytes."""


@cache
def depthwise(single: Filter, pair: Filter | None, *, partial: bool) -> Kernel:
    """The kernel over whole images: rows in pairs by `pair` where there is one, else `single`.

    `partial`: the last vector of channels is not full.
    """

    def make() -> Any:
        single_column = _column_primitive(single)
        pair_column = _column_primitive(pair or single)
        single_last = _column_primitive(_partial(single) if partial else single)
        pair_last = _column_primitive(_partial(pair or single) if partial else pair or single)
        at_once = 2 if pair else 1
        kernel_height = single.kernel_height
        single_rows = single.groups * single.per_lane
        pair_rows = pair.groups * pair.per_lane if pair else single_rows
        item = 2 if single.wide else 1
        lanes = single.tier.lanes
        constants_bytes = LANE_BYTES * lanes

        def convolve(params: int, arena: int) -> None:
            p = i64(params)
            source, target, images, height = arena + p[0], arena + p[1], p[2], p[3]
            width, pixel, out_height, out_width = p[4], p[5], p[6], p[7]
            stride, dilation, top, left = p[8], p[9], p[10], p[11]
            ring, ring_mask, row_bytes, border_row = arena + p[12], p[13], p[14], arena + p[15]
            pair_w, single_w, constants, columns = p[16], p[17], p[18], p[19]
            pair_bytes, single_bytes, low, high = p[20], p[21], p[22], p[23]
            out_flip, flip, border, padded_bytes = p[24], p[25], p[26], p[27]
            rows_at, channels, by_pixel = arena + p[28], p[29], p[30]
            rows = i64(rows_at)
            out_row = out_width * pixel
            fill_over(border_row, border, row_bytes)
            for image in range(images):
                ready = 0
                y = 0
                while y < out_height:
                    both = at_once == 2 and y + 1 < out_height
                    first = y * stride - top
                    extent = (kernel_height - 1) * dilation + 1 + (1 if both else 0)
                    last = least(first + extent, height)
                    ready = most(ready, first)
                    while ready < last:
                        at = ring + (ready & ring_mask) * row_bytes
                        fill_over(at, border, left)
                        move_over(at + left, source + (image * height + ready) * width, width, flip)
                        fill_over(at + left + width, border, padded_bytes - left - width)
                        ready += 1
                    for r in range(pair_rows if both else single_rows):
                        at = first + r * dilation
                        used = r < kernel_height + (1 if both else 0)
                        inside = used and at >= 0 and at < height
                        rows[r] = ring + (at & ring_mask) * row_bytes if inside else border_row
                    out0 = target + (image * out_height + y) * out_row
                    out1 = out0 + out_row
                    for column in range(columns):
                        start = column * lanes * item
                        of_column = constants + column * constants_bytes
                        valid = channels - column * lanes
                        if both:
                            w = pair_w + column * pair_bytes
                            if valid >= lanes:
                                pair_column(
                                    rows_at, w, of_column, out0, out1, start, out_width, pixel,
                                    pixel, valid, low, high, out_flip, by_pixel,
                                )  # fmt: skip
                            else:
                                pair_last(
                                    rows_at, w, of_column, out0, out1, start, out_width, pixel,
                                    pixel, valid, low, high, out_flip, by_pixel,
                                )  # fmt: skip
                        else:
                            w = single_w + column * single_bytes
                            if valid >= lanes:
                                single_column(
                                    rows_at, w, of_column, out0, out0, start, out_width, pixel,
                                    pixel, valid, low, high, out_flip, by_pixel,
                                )  # fmt: skip
                            else:
                                single_last(
                                    rows_at, w, of_column, out0, out0, start, out_width, pixel,
                                    pixel, valid, low, high, out_flip, by_pixel,
                                )  # fmt: skip
                    y += 2 if both else 1

        return convolve

    name = single.name + ("_paired" if pair else "") + ("_partial" if partial else "")
    return Kernel(name, make)


def _partial(spec: Filter) -> Filter:
    from dataclasses import replace

    return replace(spec, partial=True)
