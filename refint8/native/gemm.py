"""C = clamp(requantize(bias + A . W)): one matrix product for all convolutions and dense layers.

A holds rows of bytes (or of int16): consecutive ones `row_step` apart, or (`table`) at int32
offsets, with steps of four bytes at int64 offsets. So a k x k convolution needs no im2col: rows
are windows, steps walk the window's lines. W is packed for the tile: [columns / tile columns]
[steps][vectors][lanes] groups of four bytes. uint8 * int8 is what the CPUs multiply: int8 input is
flipped to uint8 on the way in, and zero points are folded into the bias. For legacy uint8 weights
with a zero point the tile also subtracts a multiple of each row's sum, which `sum_rows` makes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refint8.native.cpu import Tier
from refint8.native.epilogue_constants import LANE_BYTES, Parameters
from refint8.native.lang import Kernel, Primitive, i32, i64, kernel, u8

TILE_OPERANDS = (
    "a", "row_step", "steps", "steps_at", "flip", "w", "constants", "c", "c_step", "columns",
    "low", "high", "out_flip", "row_sums",
)  # fmt: skip
"""What a tile is called with."""


@dataclass(frozen=True)
class Tile:
    """A micro-kernel: rows x vectors accumulators. `wide`: int16 in, int16 out.

    `form` is the epilogue's; `plain` says that saturation alone clamps.
    """

    tier: Tier
    rows: int
    vectors: int
    table: bool
    row_sums: bool
    form: str
    plain: bool
    wide: bool = False

    @property
    def name(self) -> str:
        """Distinct for distinct code."""
        flags = "".join(
            f"_{name}" for name in ("table", "row_sums", "plain", "wide") if getattr(self, name)
        )
        return f"gemm_{self.rows}x{self.vectors}_{self.form}{flags}_{self.tier.name}"

    @property
    def unroll(self) -> int:
        """With one row, two sets of accumulators hide the latency of the dot product."""
        return 2 if self.rows == 1 else 1

    @property
    def pack(self) -> int:
        """How many int32 vectors make one output vector."""
        return 2 if self.wide else 4

    @property
    def columns(self) -> int:
        """Columns of the tile."""
        return self.tier.lanes * self.vectors


def rows_that_fit(tier: Tier, vectors: int, *, table: bool) -> int:
    """Rows of a tile, by what the registers hold.

    Fused dot products leave room for 24 accumulators of 32 registers (12 of 16 with 256-bit
    vectors); widening takes registers from them. A table costs an address register a row.
    """
    if tier.lanes == 8:
        return {4: 1, 2: 3, 1: 6}[vectors] if tier.fused else {4: 1, 2: 2, 1: 4}[vectors]
    if not tier.fused:
        return {4: 4, 2: 6, 1: 8}[vectors]
    return {4: 6, 2: 8, 1: 8}[vectors] if table else {4: 6, 2: 12, 1: 12}[vectors]


def _tile_primitive(tile: Tile) -> Primitive:
    def emit(builder: Any, *operands: Any) -> None:
        from refint8.native._gemm_ir import TileEmitter

        TileEmitter(tile, builder, dict(zip(TILE_OPERANDS, operands, strict=True))).emit()

    return Primitive("tile", len(TILE_OPERANDS), emit)


WORDS = (
    "a", "row_step", "rows", "steps", "steps_at", "flip", "w", "constants", "c",
    "c_step", "columns", "low", "high", "out_flip", "row_sums",
)  # fmt: skip
"""Parameter words of a product. `a`, `c` and `row_sums` are arena offsets; `row_step` is a table's
address when the tile uses one."""


@kernel
def sum_rows(params: int, arena: int) -> None:
    """Each row's sum of uint8 times a factor, as int32. Words: a, table (0: none), row step, rows,
    lines, offsets of the lines (int64), bytes of a line, flip of the bytes, factor, target.
    """
    p = i64(params)
    table, rows, lines, along = p[1], p[3], p[4], i64(p[5])
    length, flip, factor, target = p[6], np.uint8(p[7]), p[8], i32(arena + p[9])
    for row in range(rows):
        at = arena + p[0]
        if table != 0:
            at += i32(table)[row]
        else:
            at += row * p[2]
        total = np.int32(0)
        for line in range(lines):
            values = u8(at + along[line])
            for i in range(length):
                total = np.int32(total + np.int32(np.uint8(values[i] ^ flip)))
        target[row] = np.int32(total * factor)


@cache
def gemm(tile: Tile) -> Kernel:
    """The kernel that covers all rows and columns with one tile; the last rows overlap."""

    def make() -> Any:
        tile_at = _tile_primitive(tile)
        step = 4 if tile.table else 1
        table = tile.table
        rows_of_tile, columns_of_tile = tile.rows, tile.columns
        constants_size = LANE_BYTES * tile.columns
        out_size = 2 if tile.wide else 1

        def product(params: int, arena: int) -> None:
            p = i64(params)
            a, row_step, rows, steps, steps_at = arena + p[0], p[1], p[2], p[3], p[4]
            flip, w, constants, c, c_step, columns = p[5], p[6], p[7], arena + p[8], p[9], p[10]
            low, high, out_flip, row_sums = p[11], p[12], p[13], arena + p[14]
            panel = steps * 4 * columns_of_tile
            row = 0
            while row < rows:
                if row + rows_of_tile > rows:
                    row = rows - rows_of_tile
                at = a
                by = row_step
                if table:
                    by = row_step + step * row
                else:
                    at = a + row * row_step
                block = 0
                while block * columns_of_tile < columns:
                    first = block * columns_of_tile
                    tile_at(
                        at, by, steps, steps_at, flip, w + block * panel,
                        constants + block * constants_size,
                        c + row * c_step + first * out_size, c_step, columns - first,
                        low, high, out_flip, row_sums + 4 * row,
                    )  # fmt: skip
                    block += 1
                row += rows_of_tile

        return product

    return Kernel(tile.name, make)


def lane_order(tier: Tier, vectors: int) -> NDArray[np.int64]:
    """Which of vectors * lanes consecutive columns sits in lane [vector, lane].

    With it, packing `vectors` vectors (1, 2 or 4) yields columns in natural order.
    """
    lane = np.arange(tier.lanes)
    per_part = lane[None, :] // 4 * 4 * vectors + lane[None, :] % 4
    return np.asarray(per_part + 4 * np.arange(vectors)[:, None], np.int64)


def pack_weights(weights: NDArray[Any], tile: Tile) -> NDArray[np.uint8]:
    """[columns][lines][bytes of a line] (int8, or int16 for wide tiles) to the tile's layout.

    Lines are padded to whole steps of four bytes, columns to whole tiles, with zeros.
    """
    columns, lines, length = weights.shape
    per_step = 2 if tile.wide else 4
    steps = steps_of_line(length, tile)
    blocks = -(-columns // tile.columns)
    padded = np.zeros((blocks * tile.columns, lines, steps * per_step), weights.dtype)
    padded[:columns, :, :length] = weights
    laid = padded.reshape(blocks, tile.columns, lines * steps, per_step)
    order = lane_order(tile.tier, tile.vectors)
    packed = np.ascontiguousarray(laid.transpose(0, 2, 1, 3)[:, :, order])
    return packed.reshape(-1).view(np.uint8)


def steps_of_line(length: int, tile: Tile) -> int:
    """Steps of four bytes that a line of `length` elements takes (even where unrolled)."""
    steps = -(-length // (2 if tile.wide else 4))
    return steps + steps % tile.unroll


def pack_constants(parameters: Parameters, tile: Tile, columns: int) -> NDArray[np.uint8]:
    """Epilogue constants of all column blocks; surplus columns repeat the last channel."""
    blocks = -(-columns // tile.columns)
    order = lane_order(tile.tier, tile.vectors)
    all_orders = np.concatenate([order + block * tile.columns for block in range(blocks)])
    return parameters.block(np.minimum(all_orders, columns - 1)).reshape(-1)
