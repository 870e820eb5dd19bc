"""Copies: whole vectors, bytes as they are, and a padded image."""

from __future__ import annotations

from typing import Any

from refint8.native.lang import Primitive, i64, inlined, kernel

VECTOR = 64
"""Bytes that `move` and `fill` work on at once, whatever the CPU's vectors."""


def _move(b: Any, target: Any, source: Any, flip: Any) -> None:
    from refint8.native.ir import I8, broadcast, load, store, vector

    kind = vector(I8, VECTOR)
    store(b, b.xor(load(b, kind, source), broadcast(b, kind, b.trunc(flip, I8))), target)


def _fill(b: Any, target: Any, value: Any) -> None:
    from refint8.native.ir import I8, broadcast, store, vector

    store(b, broadcast(b, vector(I8, VECTOR), b.trunc(value, I8)), target)


move_vector: Any = Primitive("move_vector", 3, _move)
"""move_vector(target, source, flip): VECTOR bytes, xor-ed with flip."""
fill_vector: Any = Primitive("fill_vector", 2, _fill)
"""fill_vector(target, value): VECTOR bytes of one value."""


@inlined
def move_over(target: int, source: int, count: int, flip: int) -> None:
    """`count` bytes and up to VECTOR - 1 more, which the caller overwrites or does not mind."""
    for i in range(0, count, VECTOR):
        move_vector(target + i, source + i, flip)


@inlined
def fill_over(target: int, value: int, count: int) -> None:
    """Like move_over, with one value."""
    for i in range(0, count, VECTOR):
        fill_vector(target + i, value)


@kernel
def pad_image(params: int, arena: int) -> None:
    """An image with borders: words source, target, images, height, row bytes, top, left bytes,
    padded height, padded row bytes, flip, border value (a byte).

    Source bytes are xor-ed with flip. Rows are written in ascending order, so what one writes too
    much the next one overwrites; behind the last row the target needs slack.
    """
    p = i64(params)
    source, images, height, row, top, left = arena + p[0], p[2], p[3], p[4], p[5], p[6]
    padded_height, padded_row, flip, border = p[7], p[8], p[9], p[10]
    target = arena + p[1]
    for image in range(images):
        for y in range(padded_height):
            if y < top or y >= top + height:
                fill_over(target, border, padded_row)
            else:
                fill_over(target, border, left)
                move_over(target + left, source + (image * height + y - top) * row, row, flip)
                fill_over(target + left + row, border, padded_row - left - row)
            target += padded_row
