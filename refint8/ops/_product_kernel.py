"""The kernel corner that CONV_2D, FULLY_CONNECTED and their relatives share: one matrix product.

Windows become rows of the product by a table of offsets into a padded copy of the image (or into
the image itself where nothing sticks out), and steps along a window's lines by another. So no
im2col copy is made, and strides, dilations and groups are only other tables.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from refint8.native.copy import pad_image
from refint8.native.epilogue import parameters
from refint8.native.epilogue_constants import Parameters
from refint8.native.gemm import (
    Tile,
    gemm,
    pack_constants,
    pack_weights,
    rows_that_fit,
    steps_of_line,
    sum_rows,
)
from refint8.native.lowering import NotFastError, Place, Site
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.fixedpoint import Ints
from refint8.ops._convolution import SumOfProducts
from refint8.ops._op import Array
from refint8.ops._window import Window


@dataclass(frozen=True, eq=False)
class Rows:
    """Where the rows of a product's left side lie.

    Row i begins `step * i` bytes, or with a table `table[i]` bytes, behind `offset` (arena). Line j
    of every row begins `lines[j]` bytes into the row. `dtype` is the tensor's; `unsigned` says that
    its bytes have been made uint8 already.
    """

    dtype: str
    offset: int
    count: int
    step: int
    table: Ints | None
    lines: Ints
    unsigned: bool = False


def lower_product(
    site: Site,
    record: SumOfProducts,
    rows: Rows,
    weights: Array,
    bias: Array | None,
    out: tuple[int, int],
    channels: slice = slice(None),
) -> None:
    """Append C = output(rows . weights) for `weights` [columns, lines, length], raw values.

    `out` is the arena offset of the first output and the bytes between output rows; `channels`
    selects the record's channels that the columns are (a group of a grouped convolution).
    Raises NotFastError where no kernel is proved exact.
    """
    if rows.dtype != record.dtype:
        raise NotFastError(f"{rows.dtype} to {record.dtype} has no kernel")
    columns = weights.shape[0]
    if rows.count == 0 or columns == 0:
        return
    words = rows.dtype == "INT16"
    centred = weights.reshape(columns, -1).astype(np.int64) - record.weights_zero_point
    start = np.zeros(columns, np.int64) if bias is None else bias.astype(np.int64)
    constants = product_parameters(record, centred, start, channels)
    at_rows = _place_rows(site, record, rows, weights.shape)
    at = 0
    for vectors, count in panels(site, columns, words=words):
        tile = _tile(site, record, rows, constants, vectors, words=words)
        take = min(columns - at, count * tile.columns)
        part = slice(at, at + take)
        _append(site, record, tile, rows, weights[part], _some(constants, part), at_rows, out, at)
        at += take


def product_parameters(
    record: SumOfProducts, centred: Ints, bias: Ints, channels: slice = slice(None)
) -> Parameters:
    """Epilogue constants for weights [columns, depth] relative to their zero point.

    The accumulator's interval follows from the weights and the range of the activations' dtype,
    which is the output's.
    """
    x_low, x_high = (limit - record.input_zero_point for limit in DTYPE_RANGE[record.dtype])
    low = np.minimum(centred * x_low, centred * x_high).sum(axis=1)
    high = np.maximum(centred * x_low, centred * x_high).sum(axis=1)
    if not record.wide:
        low, high = low + bias, high + bias
    # Bytes reach the product as uint8: int8 plus 128.
    offset = record.input_zero_point + (128 if record.dtype == "INT8" else 0)
    shift = 128 if record.dtype == "UINT8" else 0
    return parameters(
        record.requantize,
        bias - offset * centred.sum(axis=1),
        (low, high),
        record.output_zero_point - shift,
        (record.clamp[0] - shift, record.clamp[1] - shift),
        wide=record.wide,
        channels=channels,
    )


def panels(site: Site, columns: int, *, words: bool) -> list[tuple[int, int]]:
    """(vectors of a tile, how many tiles) that cover the columns, widest first.

    A remainder of more than half a wide tile is covered by one masked wide tile, which beats two
    narrow ones.
    """
    lanes = site.tier.lanes
    widths = (2, 1) if words or lanes == 8 else (4, 2, 1)
    found = []
    for vectors in widths:
        size = lanes * vectors
        count = columns // size
        rest = columns - count * size
        if vectors == 1 or (rest > size // 2 and rest > lanes):
            count = -(-columns // size)
        if count > 0:
            found.append((vectors, count))
            columns -= min(columns, count * size)
        if columns == 0:
            break
    return found


def row_factor(record: SumOfProducts) -> int:
    """What a row's sum of bytes is multiplied with: the zero point of the packed int8 weights."""
    if record.dtype == "INT16":
        return 0
    return record.weights_zero_point - (128 if record.dtype == "UINT8" else 0)


@dataclass(frozen=True)
class RowsInPlace:
    """What all panels of a product share: the row step (or table), the flip, the rows' sums."""

    step: int
    flip: int
    sums: int


def _place_rows(
    site: Site, record: SumOfProducts, rows: Rows, shape: tuple[int, ...]
) -> RowsInPlace:
    """Keep the table of rows, and append the sums of rows where the weights need them."""
    _, lines, length = shape
    flip = 0x80 if record.dtype == "INT8" and not rows.unsigned else 0
    table = 0 if rows.table is None else site.constant(rows.table.astype(np.int32))
    sums = 0
    if factor := row_factor(record):
        sums = site.scratch(4 * rows.count)
        along = site.constant(rows.lines.astype(np.int64))
        site.call(
            sum_rows,
            rows.offset,
            table,
            rows.step,
            rows.count,
            lines,
            along,
            length,
            flip,
            factor,
            sums,
        )
    return RowsInPlace(table or rows.step, site.constant(np.full(64, flip, np.uint8)), sums)


def _tile(
    site: Site,
    record: SumOfProducts,
    rows: Rows,
    constants: Parameters,
    vectors: int,
    *,
    words: bool,
) -> Tile:
    table = rows.table is not None
    fitting = rows_that_fit(site.tier, vectors, table=table)
    return Tile(
        tier=site.tier,
        rows=fitting if rows.count >= fitting else 1,
        vectors=vectors,
        table=table,
        row_sums=row_factor(record) != 0,
        form=constants.form,
        plain=record.clamp == DTYPE_RANGE[record.dtype] and record.dtype != "UINT8",
        wide=words,
    )


def _append(
    site: Site,
    record: SumOfProducts,
    tile: Tile,
    rows: Rows,
    weights: Array,
    constants: Parameters,
    at_rows: RowsInPlace,
    out: tuple[int, int],
    at: int,
) -> None:
    columns, lines, length = weights.shape
    if tile.wide:
        packed = pack_weights(weights.astype(np.int16), tile)
    else:
        packed = pack_weights(
            (weights - (128 if record.dtype == "UINT8" else 0)).astype(np.int8), tile
        )
    steps = steps_of_line(length, tile)
    signed = 128 if record.dtype == "UINT8" else 0
    itemsize = 2 if tile.wide else 1
    steps_at = 0
    if tile.table:
        # One byte offset per step of four bytes, line after line.
        along = rows.lines[:, None] + 4 * np.arange(steps)[None, :]
        steps_at = site.constant(along.astype(np.int64))
    elif lines != 1:
        raise AssertionError("several lines need a table of rows")
    # A row narrower than one tile may be stored whole: what is too much lies in the next row,
    # which is written later, or behind the end.
    whole = tile.columns if out[1] == columns * itemsize < tile.columns * itemsize else columns
    site.call(
        gemm(tile),
        rows.offset,
        at_rows.step,
        rows.count,
        lines * steps,
        steps_at,
        at_rows.flip,
        site.constant(packed),
        site.constant(pack_constants(constants, tile, columns)),
        out[0] + at * itemsize,
        out[1],
        whole,
        record.clamp[0] - signed,
        record.clamp[1] - signed,
        0x80 if signed else 0,
        at_rows.sums,
        macs=rows.count * columns * lines * length,
    )


def _some(constants: Parameters, part: slice) -> Parameters:
    return Parameters(
        constants.form,
        constants.bias[part],
        constants.multiplier[part],
        constants.constant[part],
        constants.shift[part],
    )


@dataclass(frozen=True, eq=False)
class Windows:
    """The windows over an image, as rows of products over some of its channels.

    `table` is the offset of every window's first byte from `offset` (arena), `row` the bytes of an
    image line, `pixel` those of a pixel.
    """

    dtype: str
    window: Window
    offset: int
    unsigned: bool
    row: int
    pixel: int
    table: Ints

    @classmethod
    def of(cls, site: Site, record: SumOfProducts, x: Place, window: Window) -> Windows:
        """Appends the padded copy where windows stick out of the image [n, h, w, c]."""
        images, height, width, depth = x.shape
        pixel = depth * x.dtype.itemsize
        (kh, kw), (sh, sw), (dh, dw) = window.kernel, window.stride, window.dilation
        (oh, ow), (top, left) = window.out, window.pad
        size = (
            max((oh - 1) * sh + (kh - 1) * dh + 1, height + top),
            max((ow - 1) * sw + (kw - 1) * dw + 1, width + left),
        )
        row = size[1] * pixel
        if (size[0] * images + 1) * row >= 1 << 31:
            raise NotFastError("the image is too large for a table of 32-bit offsets")
        offset, unsigned = x.offset, False
        if size != (height, width):
            offset, unsigned = _padded(site, record, x, size, window.pad), True
        image, y, column = np.meshgrid(
            np.arange(images), np.arange(oh), np.arange(ow), indexing="ij"
        )
        table = (image * size[0] + y * sh) * row + column * sw * pixel
        return cls(record.dtype, window, offset, unsigned, row, pixel, table.reshape(-1))

    def rows(self, first: int, count: int) -> Rows:
        """Rows over `count` bytes of every pixel from byte `first` on.

        Lines are whole lines of the window where pixels are whole and next to each other, else
        single taps.
        """
        (kh, kw), (sh, sw), (dh, dw) = self.window.kernel, self.window.stride, self.window.dilation
        whole = dw == 1 and count == self.pixel
        offset = self.offset + first
        if whole and kh == kw == sh == sw == 1:
            one = np.zeros(1, np.int64)
            return Rows(self.dtype, offset, self.table.size, self.pixel, None, one, self.unsigned)
        lines = [
            j * dh * self.row + i * dw * self.pixel
            for j in range(kh)
            for i in (range(1) if whole else range(kw))
        ]
        along = np.array(lines, np.int64)
        return Rows(self.dtype, offset, self.table.size, 0, self.table, along, self.unsigned)


def check_border(record: SumOfProducts) -> None:
    """Borders are written byte by byte: int16 ones are 0, 8-bit ones lie inside the dtype."""
    low, high = DTYPE_RANGE[record.dtype] if record.dtype != "INT16" else (0, 0)
    if not low <= record.input_zero_point <= high:
        raise NotFastError(f"a {record.dtype} border of {record.input_zero_point} has no kernel")


def _padded(
    site: Site, record: SumOfProducts, x: Place, size: tuple[int, int], pad: tuple[int, int]
) -> int:
    images, height, width, depth = x.shape
    pixel = depth * x.dtype.itemsize
    check_border(record)
    flip = 0x80 if record.dtype == "INT8" else 0
    row = size[1] * pixel
    target = site.scratch(images * size[0] * row)
    border = (record.input_zero_point & 0xFF) ^ flip
    line, left = width * pixel, pad[1] * pixel
    site.call(
        pad_image, x.offset, target, images, height, line, pad[0], left, size[0], row, flip, border
    )
    return target
