"""Depthwise convolution: channels in lanes, taps of a column in the bytes of a lane.

Input rows are padded into a ring of row buffers just before their first use, flipped to uint8 and
split by column stride, so that every tap is one byte offset and a row needs no edge cases. Four
rows (two of int16) interleave into lanes whose dot product with the packed weights sums a column of
taps. Without vertical stride and dilation two output rows share each interleaving.

A row is pixel after pixel with the channels inside; vectors run over it without regard to pixels,
and weights repeat with the period lcm(channels, vector): a `phase` each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from refint8.native.copy import VECTOR, fill_over, move_over
from refint8.native.cpu import Tier
from refint8.native.epilogue import LANE_BYTES
from refint8.native.lang import Kernel, Primitive, i64, inlined, least, most

ROW_OPERANDS = (
    "rows_at", "taps_at", "w", "constants", "out0", "out1", "start", "width", "step", "low", "high",
    "out_flip",
)  # fmt: skip
"""What the row loop is called with."""


@dataclass(frozen=True)
class Filter:
    """A row loop: `rows` (1 or 2) output rows, `kernel` (height, width), weights in `sets`.

    Weights that exceed int8 once their zero point is subtracted are a sum of several sets.
    """

    tier: Tier
    rows: int
    kernel_height: int
    kernel_width: int
    sets: int
    form: str
    plain: bool
    wide: bool = False

    @property
    def per_lane(self) -> int:
        """Taps in a 32-bit lane."""
        return 2 if self.wide else 4

    @property
    def vectors(self) -> int:
        """int32 vectors that narrow into one output vector."""
        return 2 if self.wide else 4

    @property
    def groups(self) -> int:
        """Interleavings a column of taps takes."""
        return -(-(self.kernel_height + self.rows - 1) // self.per_lane)

    @property
    def block(self) -> int:
        """Output elements of one round of the loop."""
        return self.tier.lanes * self.vectors

    @property
    def name(self) -> str:
        """Distinct for distinct code."""
        flags = "".join(f"_{name}" for name in ("plain", "wide") if getattr(self, name))
        return (
            f"depthwise_{self.rows}_{self.kernel_height}x{self.kernel_width}x{self.sets}"
            f"_{self.form}{flags}_{self.tier.name}"
        )


def _row_primitive(spec: Filter) -> Primitive:
    def emit(builder: Any, *operands: Any) -> None:
        from refint8.native._depthwise_ir import RowEmitter

        RowEmitter(spec, builder, dict(zip(ROW_OPERANDS, operands, strict=True))).emit()

    return Primitive("row", len(ROW_OPERANDS), emit)


@inlined
def pad_row(
    target: int, source: int, width: int, pixel: int, stride: int, left: int, total: int,
    plane: int, flip: int, border: int,
) -> None:  # fmt: skip
    """One row of `width` pixels to `total` padded ones, split into `stride` planes by column.

    Ascending within each plane, so that a pixel overwrites what the one before wrote too much.
    """
    if stride == 1:
        fill_over(target, border, left * pixel)
        move_over(target + left * pixel, source, width * pixel, flip)
        after = (left + width) * pixel
        fill_over(target + after, border, (total - left - width) * pixel)
    else:
        for x in range(total):
            at = target + (x % stride) * plane + (x // stride) * pixel
            if x < left or x >= left + width:
                fill_over(at, border, pixel)
            else:
                move_over(at, source + (x - left) * pixel, pixel, flip)


WORDS = (
    "source", "target", "images", "height", "width", "pixel", "out_height", "out_row", "stride_h",
    "dilation_h", "top", "left", "ring", "ring_mask", "row_bytes", "plane", "border_row", "taps_at",
    "pair_w", "single_w", "constants", "phases", "pair_w_bytes", "single_w_bytes", "low", "high",
    "out_flip", "flip", "border", "padded_width", "stride_w", "rows_at",
)  # fmt: skip
"""Parameter words of a depthwise convolution; row sizes in bytes."""


@cache
def depthwise(pair: Filter | None, single: Filter) -> Kernel:
    """The kernel over whole images: rows in pairs by `pair` where there is one, else `single`."""

    def make() -> Any:
        single_row = _row_primitive(single)
        pair_row = _row_primitive(pair) if pair else single_row
        at_once = 2 if pair else 1
        kernel_height = single.kernel_height
        single_rows = single.groups * single.per_lane
        pair_rows = pair.groups * pair.per_lane if pair else single_rows
        item = 2 if single.wide else 1
        block_bytes = single.block * item
        constants_bytes = LANE_BYTES * single.block

        def convolve(params: int, arena: int) -> None:
            p = i64(params)
            source, target, images, height = arena + p[0], arena + p[1], p[2], p[3]
            width, pixel, out_height, out_row = p[4], p[5], p[6], p[7]
            stride, dilation, top, left = p[8], p[9], p[10], p[11]
            ring, ring_mask, row_bytes, plane = arena + p[12], p[13], p[14], p[15]
            border_row, taps_at, pair_w, single_w = arena + p[16], p[17], p[18], p[19]
            constants, phases, pair_bytes, single_bytes = p[20], p[21], p[22], p[23]
            low, high, out_flip, flip, border = p[24], p[25], p[26], p[27], p[28]
            padded_width, stride_w = p[29], p[30]
            rows_at = arena + p[31]
            rows = i64(rows_at)
            fill_over(border_row, border, row_bytes)
            period = phases * block_bytes
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
                        pad_row(
                            ring + (ready & ring_mask) * row_bytes,
                            source + (image * height + ready) * width * pixel,
                            width, pixel, stride_w, left, padded_width, plane, flip, border,
                        )  # fmt: skip
                        ready += 1
                    for r in range(pair_rows if both else single_rows):
                        at = first + r * dilation
                        used = r < kernel_height + (1 if both else 0)
                        inside = used and at >= 0 and at < height
                        rows[r] = ring + (at & ring_mask) * row_bytes if inside else border_row
                    out0 = target + (image * out_height + y) * out_row
                    for phase in range(phases):
                        start = phase * block_bytes
                        of_phase = constants + phase * constants_bytes
                        if both:
                            pair_row(
                                rows_at, taps_at, pair_w + phase * pair_bytes, of_phase, out0,
                                out0 + out_row, start, out_row, period, low, high, out_flip,
                            )  # fmt: skip
                        else:
                            single_row(
                                rows_at, taps_at, single_w + phase * single_bytes, of_phase, out0,
                                out0, start, out_row, period, low, high, out_flip,
                            )  # fmt: skip
                    y += 2 if both else 1

        return convolve

    name = single.name if pair is None else f"{single.name}_paired"
    return Kernel(name, make)


__all__ = ["ROW_OPERANDS", "VECTOR", "WORDS", "Filter", "depthwise"]
