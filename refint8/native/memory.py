"""Memory that programs read and write: aligned blocks, and constants that are shared.

Kernels read whole vectors, so every block has slack behind its end that may be read, and written
with values that nobody looks at.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

ALIGNMENT = 64
SLACK = 256
"""Bytes behind a block that a kernel may touch: four vectors of the widest tier."""


def aligned_block(size: int) -> NDArray[np.uint8]:
    """`size` zero bytes, aligned, with SLACK behind them."""
    raw = np.zeros(size + SLACK + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + size]


def round_up(size: int) -> int:
    """The place a block of `size` bytes takes in an arena, slack included."""
    return -(-size // ALIGNMENT) * ALIGNMENT + SLACK


class Constants:
    """Packed constants of a program, kept alive with it and never written."""

    def __init__(self) -> None:
        self._blocks: list[NDArray[np.uint8]] = []
        self.size = 0

    def add(self, array: NDArray[Any]) -> int:
        """Copy an array's bytes to an aligned block; returns its address."""
        raw = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        block = aligned_block(raw.size)
        block[:] = raw
        self._blocks.append(block)
        self.size += raw.size
        return int(block.ctypes.data)
