"""The matrix product's micro-kernel by itself, against the CPU's int8 peak."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.timing import interleaved
from refint8.engine.runner import NativeCall
from refint8.native.cpu import Tier, tier
from refint8.native.epilogue_constants import LANE_BYTES
from refint8.native.gemm import Tile, gemm, rows_that_fit
from refint8.native.memory import aligned_block
from refint8.native.store import shared

DEPTHS = (64, 256, 1024, 4096)
"""Products per output: short sums show the epilogue, long ones the loop."""

OUTPUT_ROWS = 96


@dataclass(frozen=True)
class Speed:
    """MAC/s of one tile at one depth."""

    kernel: str
    depth: int
    speed: float


def measure_products(on: Tier | None = None, seconds: float = 0.5) -> list[Speed]:
    """The tiles that plain matrix products use, requantization and stores included."""
    on = on or tier()
    widths = (4, 2, 1) if on.lanes == 16 else (2, 1)
    return [speed for vectors in widths for speed in _tile_speeds(on, vectors, DEPTHS, seconds)]


def _tile_speeds(on: Tier, vectors: int, depths: Sequence[int], seconds: float) -> list[Speed]:
    fitting = rows_that_fit(on, vectors, table=False)
    tile = Tile(on, fitting, vectors, False, False, "unsigned", True)
    kernel = gemm(tile)
    call = NativeCall(shared().addresses([kernel])[kernel.name])
    rows = -(-OUTPUT_ROWS // fitting) * fitting
    deepest = max(depths)
    flip = aligned_block(64)
    flip[:] = 0x80
    weights = aligned_block(deepest * tile.columns)
    constants = aligned_block(LANE_BYTES * tile.columns)
    arena = aligned_block(rows * (deepest + tile.columns))
    rng = np.random.default_rng(0)
    weights[:], arena[:] = (rng.integers(0, 256, b.size, np.uint8) for b in (weights, arena))
    base = int(arena.ctypes.data)
    kept, functions = [], {}
    for depth in depths:
        pointers = [int(block.ctypes.data) for block in (flip, weights, constants)]
        words = [0, depth, rows, depth // 4, 0, *pointers, rows * deepest, tile.columns]
        words += [tile.columns, -128, 127, 0, 0]
        laid = np.array(words, np.int64)
        kept.append(laid)
        functions[str(depth)] = _bound(call, int(laid.ctypes.data), base)
    measured = interleaved(functions, seconds, min)  # as the peak is measured
    return [
        Speed(kernel.name, depth, rows * tile.columns * depth / measured[str(depth)])
        for depth in depths
    ]


def _bound(call: Callable[[int, int], None], params: int, arena: int) -> Callable[[], None]:
    return lambda: call(params, arena)
