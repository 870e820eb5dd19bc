"""Copies between places: runs of bytes in loops, or by a table of places.

All kernels begin with the same words: source, 1 if that is relative to the arena (0 for a
constant), target, address of the starts, how many there are. A start is a pair of int64, bytes
behind source and target. Nothing is read or written but the elements themselves.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from refint8.native.lang import Kernel, Primitive, i64, inlined
from refint8.native.sums import POINTERS

VECTOR = 64
"""Bytes that runs of any length move at once."""


@cache
def _move(size: int) -> Any:
    """move(target, source) of `size` bytes at once; a power of two up to VECTOR."""

    def emit(b: Any, target: Any, source: Any) -> None:
        from llvmlite import ir

        from refint8.native.ir import I8, load, store, vector

        kind = ir.IntType(8 * size) if size <= 8 else vector(I8, size)
        store(b, load(b, kind, source), target)

    return Primitive(f"move_{size}", 2, emit)


def copy_runs(run: int) -> Kernel:
    """Runs of bytes in three nested loops; `run` selects the variant for that length.

    Further words: (count, source step, target step) of the loops, outermost first, then the run.
    """
    return _copy_runs(*_length_class(run))


def gather_runs(run: int) -> Kernel:
    """Runs of bytes from the places of a table to places side by side.

    Further words: (count, source step, target step) of batches, each with places of its own, and
    of a loop in which they are the same, the run, the places (int64, bytes behind the source), 1
    if these lie relative to the arena, how many there are in a batch.
    """
    return _gather_runs(*_length_class(run))


def copy_places(run: int) -> Kernel:
    """Runs of bytes between the places of a table, which is walked at every turn of a loop.

    Further words: (count, source step, target step) of the loop, the run, the address of the
    places (pairs of int64, bytes behind source and target), how many there are.
    """
    return _copy_places(*_length_class(run))


def _length_class(run: int) -> tuple[int, str]:
    size = min(1 << (run.bit_length() - 1), VECTOR)
    return size, "" if run == size else "_to_twice" if run < 2 * size else "_or_more"


@cache
def _copy_runs(size: int, longer: str) -> Kernel:
    move_run = _mover(size, longer)

    def make() -> Any:
        def copy(params: int, arena: int) -> None:
            p = i64(params)
            source, target, starts = p[0] + arena * p[1], arena + p[2], i64(p[3])
            n2, s2, t2, n1, s1, t1 = p[5], p[6], p[7], p[8], p[9], p[10]
            n0, s0, t0, run = p[11], p[12], p[13], p[14]
            for start in range(p[4]):
                for i in range(n2):
                    for j in range(n1):
                        x = source + starts[2 * start] + i * s2 + j * s1
                        y = target + starts[2 * start + 1] + i * t2 + j * t1
                        for _ in range(n0):
                            move_run(y, x, run)
                            x += s0
                            y += t0

        return copy

    return Kernel(f"copy_runs_{size}{longer}", make)


@cache
def _copy_places(size: int, longer: str) -> Kernel:
    move_run = _mover(size, longer)

    def make() -> Any:
        def copy_all(params: int, arena: int) -> None:
            p = i64(params)
            source, target, starts = p[0] + arena * p[1], arena + p[2], i64(p[3])
            count, source_step, target_step, run = p[5], p[6], p[7], p[8]
            places, number = i64(p[9]), p[10]
            for start in range(p[4]):
                for i in range(count):
                    x = source + starts[2 * start] + i * source_step
                    y = target + starts[2 * start + 1] + i * target_step
                    for k in range(number):
                        move_run(y + places[2 * k + 1], x + places[2 * k], run)

        return copy_all

    return Kernel(f"copy_places_{size}{longer}", make)


@cache
def _gather_runs(size: int, longer: str) -> Kernel:
    move_run = _mover(size, longer)

    def make() -> Any:
        def gather(params: int, arena: int) -> None:
            p = i64(params)
            source, target, starts = p[0] + arena * p[1], arena + p[2], i64(p[3])
            batches, s1, t1, count, s0, t0 = p[5], p[6], p[7], p[8], p[9], p[10]
            run, places, number = p[11], p[12] + arena * p[13], p[14]
            for start in range(p[4]):
                for batch in range(batches):
                    place = i64(places + 8 * batch * number)
                    for i in range(count):
                        x = source + starts[2 * start] + batch * s1 + i * s0
                        y = target + starts[2 * start + 1] + batch * t1 + i * t0
                        for k in range(number):
                            move_run(y, x + place[k], run)
                            y += run

        return gather

    return Kernel(f"gather_runs_{size}{longer}", make)


def _mover(size: int, longer: str) -> Any:
    """How a run is moved: in one piece, in two that overlap, or in many of which the last does."""
    move = _move(size)

    @inlined
    def one(target: int, source: int, run: int) -> None:
        move(target, source)

    @inlined
    def two(target: int, source: int, run: int) -> None:
        move(target, source)
        move(target + run - size, source + run - size)

    @inlined
    def many(target: int, source: int, run: int) -> None:
        for i in range(0, run - size, size):
            move(target + i, source + i)
        move(target + run - size, source + run - size)

    return {"": one, "_to_twice": two, "_or_more": many}[longer]


@cache
def places_of(dtype: str) -> Kernel:
    """places[k] = positions[k] * step, int64; a position outside 0..size-1 raises the alarm.

    Words: positions, places, how many, size, step, alarm.
    """
    pointer = POINTERS[dtype]

    def make() -> Any:
        def find_places(params: int, arena: int) -> None:
            p = i64(params)
            positions, places = pointer(arena + p[0]), i64(arena + p[1])
            outside = 0
            for k in range(p[2]):
                position = np.int64(positions[k])
                outside |= position | (p[3] - 1 - position)
                places[k] = position * p[4]
            if outside < 0:
                i64(arena + p[5])[0] = 1

        return find_places

    return Kernel(f"places_of_{dtype.lower()}", make)
