"""The kernels of SVDF: filters over features, filters over time, and the shift of the state.

The state is written by the last of them, so that the alarm of another leaves it as it was.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from refint8.native.lang import Kernel, clamp, i8, i64
from refint8.native.products import exact_dot, leaves_word, low_word, rescale
from refint8.native.sums import ITEM, POINTERS


@cache
def svdf_features(dtype: str) -> Kernel:
    """The newest entry of every filter's memory.

    Words: x, target, rows, depth, filters, address of the weights, address of what sums begin
    with (int64), multiplier, left shift, right shift, low, high, zero point, 1 where sums are
    reported, 1 where left shifts are, alarm.
    """

    def make() -> Any:
        pointer, item = POINTERS[dtype], ITEM[dtype]

        def features(params: int, arena: int) -> None:
            p = i64(params)
            depth, filters, begin = p[3], p[4], i64(p[6])
            multiplier, left, right = p[7], p[8], p[9]
            low, high, zero_point = p[10], p[11], p[12]
            bad = 0
            for row in range(p[2]):
                x = i8(arena + p[0] + row * depth)
                y = pointer(arena + p[1] + item * row * filters)
                for f in range(filters):
                    total = exact_dot(x, i8(p[5] + f * depth), depth) + begin[f]
                    word = low_word(total)
                    bad |= (leaves_word(total) & p[13]) | (leaves_word(word << left) & p[14])
                    step = clamp(rescale(word, multiplier, left, right), low, high)
                    y[f] = step + zero_point
            if bad != 0:
                i64(arena + p[15])[0] = 1

        return features

    return Kernel(f"svdf_features_{dtype.lower()}", make)


@cache
def svdf_time(dtype: str) -> Kernel:
    """The output, from the state as it was and its newest entries.

    Words: newest, state, address of the weights, address of the biases (int64), output, rows,
    units, rank, memory, zero point of the state, multiplier, left shift, right shift, zero point
    of the output, 1 where sums are reported, 1 where left shifts are, alarm.
    """

    def make() -> Any:
        pointer, item = POINTERS[dtype], ITEM[dtype]

        def in_time(params: int, arena: int) -> None:
            p = i64(params)
            weights, bias, units, rank, last = pointer(p[2]), i64(p[3]), p[6], p[7], p[8] - 1
            zero_point, multiplier, left, right = p[9], p[10], p[11], p[12]
            filters = units * rank
            bad = 0
            for row in range(p[5]):
                newest = pointer(arena + p[0] + item * row * filters)
                state = pointer(arena + p[1] + item * row * filters * (last + 1))
                out = i8(arena + p[4] + row * units)
                for unit in range(units):
                    total = bias[unit]
                    for f in range(unit * rank, unit * rank + rank):
                        at = f * (last + 1)
                        for m in range(last):
                            entry = np.int64(state[at + m + 1]) - zero_point
                            total += np.int64(weights[at + m]) * entry
                        entry = np.int64(newest[f]) - zero_point
                        total += np.int64(weights[at + last]) * entry
                    word = low_word(total)
                    bad |= (leaves_word(total) & p[14]) | (leaves_word(word << left) & p[15])
                    out[unit] = clamp(rescale(word, multiplier, left, right) + p[13], -128, 127)
            if bad != 0:
                i64(arena + p[16])[0] = 1

        return in_time

    return Kernel(f"svdf_time_{dtype.lower()}", make)


@cache
def shift_in(dtype: str) -> Kernel:
    """Every memory loses its oldest entry and gets a newest. Words: newest, state, how many
    memories, entries of one.
    """

    def make() -> Any:
        pointer = POINTERS[dtype]

        def shift(params: int, arena: int) -> None:
            p = i64(params)
            newest, state, last = pointer(arena + p[0]), pointer(arena + p[1]), p[3] - 1
            for f in range(p[2]):
                at = f * (last + 1)
                for m in range(last):
                    state[at + m] = state[at + m + 1]
                state[at + last] = newest[f]

        return shift

    return Kernel(f"shift_in_{dtype.lower()}", make)
