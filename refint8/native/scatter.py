"""Writes to places that only the run knows. Each one is checked: outside it raises the alarm."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from refint8.native.integer_pairs import POINTERS as SOME_POINTERS
from refint8.native.lang import Kernel, Primitive, clamp, f32, i8, i16, i32, i64, inlined, u8


def _pointer_u64(b: Any, address: Any) -> Any:
    from llvmlite import ir

    return b.inttoptr(address, ir.IntType(64).as_pointer())


u64: Any = Primitive("u64", 1, _pointer_u64, "uint64*")
"""An address as a pointer to uint64."""

POINTERS: dict[str, Any] = {**SOME_POINTERS, "UINT64": u64, "FLOAT32": f32}
"""How elements of a dtype are reached."""

NUMBERS: dict[str, Any] = {
    **{name: getattr(np, name.lower()) for name in POINTERS if name != "BOOL"},
    "BOOL": np.uint8,
}
"""A value with a dtype's low bits."""

WORDS: dict[int, Any] = {1: i8, 2: i16, 4: i32, 8: i64}
"""How elements of so many bytes are reached, whatever they are."""

INDICES: dict[str, Any] = {"INT16": i16, "INT32": i32, "INT64": i64}
"""How indices of a dtype are reached."""


@cache
def mark(size: int, index: str) -> Kernel:
    """One value of `size` bytes at target[n, index[n, k], k], for indices inside 0..depth - 1.

    An index that does not fit int32 raises the alarm. Words: indices, value, target (arena
    offsets), rows n, depth, columns k, alarm.
    """
    pointer, index_pointer, wide = WORDS[size], INDICES[index], index == "INT64"

    def make() -> Any:
        def mark_places(params: int, arena: int) -> None:
            p = i64(params)
            indices, value, out = index_pointer(arena + p[0]), pointer(arena + p[1]), arena + p[2]
            depth, columns = p[4], p[5]
            for n in range(p[3]):
                for k in range(columns):
                    i = np.int64(indices[n * columns + k])
                    if wide and np.int64(np.int32(i)) != i:
                        i64(arena + p[6])[0] = 1
                    if i >= 0 and i < depth:
                        pointer(out)[(n * depth + i) * columns + k] = value[0]

        return mark_places

    return Kernel(f"mark_{8 * size}_{index.lower()}", make)


@cache
def update(index: str) -> Kernel:
    """Runs of bytes of a box, copied to where clamped starts put the box.

    Words: source, starts, target (arena offsets), address of (highest start, bytes per index) of
    each axis, how many axes, address of the runs' distances in bytes behind the box's first
    element, how many runs, bytes of one.
    """
    pointer = INDICES[index]

    def make() -> Any:
        def update_box(params: int, arena: int) -> None:
            p = i64(params)
            source, starts, target = arena + p[0], pointer(arena + p[1]), arena + p[2]
            axes, rows, length = i64(p[3]), i64(p[5]), p[7]
            for axis in range(p[4]):
                target += clamp(np.int64(starts[axis]), 0, axes[2 * axis]) * axes[2 * axis + 1]
            for row in range(p[6]):
                x, y = u8(source + row * length), u8(target + rows[row])
                for i in range(length):
                    y[i] = x[i]

        return update_box

    return Kernel(f"update_{index.lower()}", make)


@cache
def slot_places(index: str) -> Kernel:
    """places[k] = sum over d of vectors[k, d] * step_d; an index outside its axis raises the alarm.

    Words: vectors, places (arena offsets), how many vectors, their length, address of (size, step)
    of each axis, alarm.
    """
    pointer = INDICES[index]

    def make() -> Any:
        def find_places(params: int, arena: int) -> None:
            p = i64(params)
            vectors, places, axes, depth = pointer(arena + p[0]), i64(arena + p[1]), i64(p[4]), p[3]
            outside = 0
            for k in range(p[2]):
                place = 0
                for d in range(depth):
                    i = np.int64(vectors[k * depth + d])
                    outside |= i | (axes[2 * d] - 1 - i)
                    place += i * axes[2 * d + 1]
                places[k] = place
            if outside < 0:
                i64(arena + p[5])[0] = 1

        return find_places

    return Kernel(f"slot_places_{index.lower()}", make)


@cache
def segment_places(index: str) -> Kernel:
    """places[k] = ids[k] * step, -1 for a negative id; one beyond the count raises the alarm.

    Words: ids, places (arena offsets), how many, the count, step, alarm.
    """
    pointer = INDICES[index]

    def make() -> Any:
        def find_places(params: int, arena: int) -> None:
            p = i64(params)
            ids, places, beyond = pointer(arena + p[0]), i64(arena + p[1]), 0
            for k in range(p[2]):
                i = np.int64(ids[k])
                beyond |= p[3] - 1 - i
                places[k] = i * p[4] if i >= 0 else -1
            if beyond < 0:
                i64(arena + p[5])[0] = 1

        return find_places

    return Kernel(f"segment_places_{index.lower()}", make)


@inlined
def _put(a: int, b: int) -> int:
    return b


@inlined
def _add(a: int, b: int) -> int:
    return a + b


@inlined
def _mul(a: int, b: int) -> int:
    return a * b


@inlined
def _max(a: int, b: int) -> int:
    return a if a >= b else b


@inlined
def _min(a: int, b: int) -> int:
    return a if a <= b else b


FUNCTIONS: dict[str, Any] = {"put": _put, "add": _add, "mul": _mul, "max": _max, "min": _min}
"""What an element and an update become; only the low bits are kept."""

ON_TRUTH: dict[str, str] = {"add": "max", "mul": "min"}
"""What these are for BOOL."""


@cache
def scatter(function: str, dtype: str) -> Kernel:
    """target[place + i] = function(target[place + i], source[i]) for runs, one after the other.

    Words: source, target (arena offsets), places (int64, bytes behind the target, -1 for none), 1
    if these lie relative to the arena, how many, elements of a run, bytes from run to run of the
    source.
    """
    pointer, number = POINTERS[dtype], NUMBERS[dtype]
    combine = FUNCTIONS[ON_TRUTH.get(function, function) if dtype == "BOOL" else function]

    def make() -> Any:
        def scatter_runs(params: int, arena: int) -> None:
            p = i64(params)
            places = i64(p[2] + arena * p[3])
            for k in range(p[4]):
                place = places[k]
                if place >= 0:
                    x, y = pointer(arena + p[0] + k * p[6]), pointer(arena + p[1] + place)
                    for i in range(p[5]):
                        y[i] = number(combine(y[i], x[i]))

        return scatter_runs

    kind = "float_" if dtype == "FLOAT32" and function != "put" else ""
    return Kernel(f"scatter_{kind}{function}_{dtype.lower()}", make)


@cache
def largest(dtype: str, index: str) -> Kernel:
    """The k largest elements of every row with their indices, by insertion; NaN raises the alarm.

    Words: source, values, indices (arena offsets), rows, columns, k, alarm.
    """
    pointer, index_pointer, number = POINTERS[dtype], INDICES[index], getattr(np, index.lower())

    def make() -> Any:
        def find_largest(params: int, arena: int) -> None:
            p = i64(params)
            columns, count = p[4], p[5]
            for row in range(p[3]):
                x = pointer(arena + p[0])
                values, indices = pointer(arena + p[1]), index_pointer(arena + p[2])
                first, out, held = row * columns, row * count, 0
                for column in range(columns):
                    value = x[first + column]
                    if value != value:  # noqa: PLR0124  (only a NaN does)
                        i64(arena + p[6])[0] = 1
                    if held == count and (count == 0 or value <= values[out + held - 1]):
                        continue
                    if held < count:
                        held += 1
                    place = held - 1
                    while place > 0 and value > values[out + place - 1]:
                        values[out + place] = values[out + place - 1]
                        indices[out + place] = indices[out + place - 1]
                        place -= 1
                    values[out + place] = value
                    indices[out + place] = number(column)

        return find_largest

    return Kernel(f"largest_{dtype.lower()}_{index.lower()}", make)
