"""Where tensors lie in one block of memory: how long each lives, and two planners.

`keep_all` gives every tensor a place of its own, so that a trace costs nothing. `reuse` gives a
place to another tensor when its owner is dead: what a microcontroller needs in RAM for the
tensors. It is the algorithm of TFLM's GreedyMemoryPlanner, largest tensor first into the first gap
that is free while the tensor lives, on 16-byte boundaries, with the lifetimes of its
AllocationInfoBuilder (tflite-micro 90b983c2). TFLM needs more memory than that: scratch buffers of
kernels, variables, and its own structures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

from refint8.model.types import NUMPY_DTYPE, Subgraph
from refint8.ops._op import Shape

ALIGNMENT: Final = 16

PACKED_BITS: Final = {"INT4": 4, "UINT4": 4, "INT2": 2}
"""Bits per element of the dtypes that are stored packed."""


@dataclass(frozen=True)
class Block:
    """A tensor that needs `size` bytes from step `first` to step `last`, both included.

    Step 0 is the filling of the inputs, step k + 1 runs operator k.
    """

    tensor: int
    size: int
    first: int
    last: int

    def overlaps(self, other: Block) -> bool:
        """Whether both live at some step."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Arena:
    """A layout: the byte offset of each tensor, and the bytes in total."""

    offsets: Mapping[int, int]
    size: int


def tensor_bytes(dtype: str, shape: Shape) -> int:
    """Bytes of a tensor as files and devices store it: 4-bit elements two to a byte.

    0 for dtypes without a fixed size, such as STRING.
    """
    if dtype in PACKED_BITS:
        return -(-prod(shape) * PACKED_BITS[dtype] // 8)
    return prod(shape) * NUMPY_DTYPE[dtype].itemsize if dtype in NUMPY_DTYPE else 0


def blocks(graph: Subgraph, shapes: Mapping[int, Shape | None]) -> tuple[Block, ...]:
    """The tensors that need memory while the graph runs, by tensor index.

    Left out are constants, variables (they outlive a run), empty tensors, and tensors whose shape
    only a run can know (None in `shapes`).
    """
    first: dict[int, int] = dict.fromkeys(graph.inputs, 0)
    last: dict[int, int] = dict(first)
    for step, operator in enumerate(graph.operators, start=1):
        for index in operator.outputs:
            first.setdefault(index, step)
            last[index] = step
        for index in operator.inputs:
            if index in first:
                last[index] = step
    for index in graph.outputs:
        if index in first:
            last[index] = len(graph.operators)
    found = []
    for index in sorted(first):
        tensor, shape = graph.tensors[index], shapes[index]
        if index < 0 or tensor.data is not None or tensor.is_variable or shape is None:
            continue
        if size := tensor_bytes(tensor.dtype, shape):
            found.append(Block(index, size, first[index], last[index]))
    return tuple(found)


def keep_all(wanted: Sequence[Block]) -> Arena:
    """Every tensor has its own place."""
    offsets = {}
    size = 0
    for block in wanted:
        offsets[block.tensor] = size
        size += _aligned(block.size)
    return Arena(offsets, size)


def reuse(wanted: Sequence[Block]) -> Arena:
    """Tensors that never live at the same time may share a place."""
    placed: list[tuple[int, Block]] = []
    # Of equal sizes TFLM places the one that comes later in the file first.
    for block in sorted(wanted, key=lambda block: (-_aligned(block.size), -block.tensor)):
        offset = 0
        for start, other in placed:
            if not block.overlaps(other):
                continue
            if start - offset >= _aligned(block.size):
                break
            offset = max(offset, start + _aligned(other.size))
        placed.append((offset, block))
        placed.sort(key=lambda pair: pair[0])
    size = max((start + _aligned(block.size) for start, block in placed), default=0)
    return Arena({block.tensor: start for start, block in placed}, size)


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
