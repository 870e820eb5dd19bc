"""Small loops over shapes that are tensors, and over lengths that only the run knows."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from refint8.native.lang import Kernel, i64, kernel, u8
from refint8.native.scatter import INDICES


@cache
def broadcast_shapes(dtype: str) -> Kernel:
    """The shape that two shapes broadcast to, aligned at their ends; two entries that differ and
    are not 1 raise the alarm.

    Words: a, its length, b, its length, out (arena offsets), alarm.
    """
    pointer, number = INDICES[dtype], getattr(np, dtype.lower())

    def make() -> Any:
        def broadcast(params: int, arena: int) -> None:
            p = i64(params)
            a, b, out = pointer(arena + p[0]), pointer(arena + p[2]), pointer(arena + p[4])
            rank = p[1] if p[1] > p[3] else p[3]
            for k in range(rank):
                first, second = np.int64(1), np.int64(1)
                if k >= rank - p[1]:
                    first = np.int64(a[k - rank + p[1]])
                if k >= rank - p[3]:
                    second = np.int64(b[k - rank + p[3]])
                chosen = second if first == 1 else first
                if second != 1 and second != chosen:  # noqa: PLR1714  (no tuples in a kernel)
                    i64(arena + p[5])[0] = 1
                out[k] = number(chosen)

        return broadcast

    return Kernel(f"broadcast_shapes_{dtype.lower()}", make)


@cache
def reverse_beginnings(index: str) -> Kernel:
    """out[p, s, m, b, q] = in[p, t, m, b, q] with t = l_b - 1 - s for s < l_b, else s; a length
    beyond the sequence raises the alarm. The axes of s and b may stand the other way round.

    Words: source, target, lengths (arena offsets), sizes of p, s, m and b, bytes from one to the
    next of each of these four, bytes of q, alarm.
    """
    pointer = INDICES[index]

    def make() -> Any:
        def reverse(params: int, arena: int) -> None:
            p = i64(params)
            source, target, lengths = arena + p[0], arena + p[1], pointer(arena + p[2])
            sequence, run = p[4], p[11]
            for b in range(p[6]):
                length = np.int64(lengths[b])
                if length > sequence:
                    i64(arena + p[12])[0] = 1
                    return
                for outer in range(p[3]):
                    for s in range(sequence):
                        t = length - 1 - s if s < length else s
                        for middle in range(p[5]):
                            base = outer * p[7] + middle * p[9] + b * p[10]
                            x, y = u8(source + base + t * p[8]), u8(target + base + s * p[8])
                            for i in range(run):
                                y[i] = x[i]

        return reverse

    return Kernel(f"reverse_beginnings_{index.lower()}", make)


@cache
def window_starts(index: str, *, clamped: bool) -> Kernel:
    """places[k] = base_k + sum over components c of start[window_k, c] * step_c, in elements.

    `clamped`: starts are moved to [0, room_c] first. Else room_c is the axis's size less 1, and
    where a start plus `inside`[k, c] leaves [0, room_c] the place is -1; so it is for base -1.

    Words: starts, places (arena offsets), how many, components, elements of the starts from one
    component to the next, address of (step, room) of each component, address of [how many][2 +
    components]: base, first element of the window's start, `inside` of each component; factor.
    """
    pointer = INDICES[index]

    def make() -> Any:
        def find(params: int, arena: int) -> None:
            p = i64(params)
            starts, places, components, along = pointer(arena + p[0]), i64(arena + p[1]), p[3], p[4]
            axes, table, factor = i64(p[5]), i64(p[6]), p[7]
            for k in range(p[2]):
                row = k * (2 + components)
                place, out = table[row], table[row] < 0
                for c in range(components):
                    start: Any = np.int64(starts[table[row + 1] + c * along])
                    room = axes[2 * c + 1]
                    if clamped:
                        start = 0 if start < 0 else (room if start > room else start)
                    else:
                        # Kept small, so that the sum cannot leave 64 bits.
                        far = np.int64(1) << 40
                        start = -far if start < -far else (far if start > far else start)
                        at = start + table[row + 2 + c]
                        out = out or at < 0 or at > room
                    place += start * axes[2 * c]
                places[k] = -1 if out else place * factor

        return find

    kind = "clamped" if clamped else "checked"
    return Kernel(f"window_starts_{kind}_{index.lower()}", make)


@kernel
def take_elements(params: int, arena: int) -> None:
    """out[k] = the `size` bytes at in[places[k]]. Words: source, places, target (arena offsets),
    how many, bytes of an element; places count bytes.
    """
    p = i64(params)
    places, size = i64(arena + p[1]), p[4]
    for k in range(p[3]):
        x, y = u8(arena + p[0] + places[k]), u8(arena + p[2] + k * size)
        for i in range(size):
            y[i] = x[i]
