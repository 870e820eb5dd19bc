"""The first k of the indices of an array by falling value, as engines sort them.

Where values are equal the order is not defined by C++: TFLM breaks ties by index, LiteRT calls
std::partial_sort, whose result for equal values is that of the library's heap.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refint8.numerics.fixedpoint import Ints, as_int64


def by_index(values: NDArray[Any], count: int) -> Ints:
    """[rows, n] to the indices [rows, count] of the largest, ties by rising index."""
    return as_int64(np.argsort(-values, axis=-1, kind="stable")[:, :count])


def by_heap(values: NDArray[Any], count: int) -> Ints:
    """The same with ties as GNU's std::partial_sort leaves them: a heap of the first `count`.

    One index is found by a search for the first maximum, as the engine does. Source:
    DecreasingPartialArgSort, LiteRT `kernels/detection_postprocess.cc`; measured on ai-edge-litert
    2.3.0.
    """
    if count == 1:
        return as_int64(np.argmax(values, axis=-1))[:, np.newaxis]
    rows = [_partial_sort(row.tolist(), count) for row in values]
    return np.array(rows, np.int64).reshape(len(values), count)


def _partial_sort(values: list[float], count: int) -> list[int]:
    def larger(i: int, j: int) -> bool:
        return values[i] > values[j]

    heap, rest = list(range(count)), range(count, len(values))
    for parent in reversed(range(count // 2)):
        _sift(heap, parent, count, heap[parent], larger)
    for index in rest:
        if larger(index, heap[0]):
            _sift(heap, 0, count, index, larger)
    for last in reversed(range(1, count)):
        value, heap[last] = heap[last], heap[0]
        _sift(heap, 0, last, value, larger)
    return heap


def _sift(
    heap: list[int], top: int, size: int, value: int, before: Callable[[int, int], bool]
) -> None:
    """Let the hole at `top` sink to a leaf, and `value` rise from there."""
    hole, child = top, 2 * top + 2
    while child < size:
        if before(heap[child], heap[child - 1]):
            child -= 1
        heap[hole], hole, child = heap[child], child, 2 * child + 2
    if child == size:
        heap[hole], hole = heap[child - 1], child - 1
    parent = (hole - 1) // 2
    while hole > top and before(heap[parent], value):
        heap[hole], hole, parent = heap[parent], parent, (parent - 1) // 2
    heap[hole] = value
