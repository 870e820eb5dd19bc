"""Transposed planes: whole blocks at once, and a few planes that are zipped or unzipped.

The kernels' first words are those of `native.strided`. Nothing is read or written but the elements
themselves; where blocks do not fit, the last one begins earlier and moves some elements again.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from refint8.native.lang import Kernel, Primitive, i64, least

BLOCK = 16
"""Bytes of a row, and of a column, of the largest transposed block."""


@cache
def transpose_blocks(size: int, rows: int, columns: int) -> Kernel:
    """Planes of elements of `size` bytes: target[c, r] = source[r, c], `rows` x `columns` at once.

    Further words: how many rows and columns the source has (at least as many as a block), bytes
    between the source's rows, bytes between the target's, rows and columns of a tile (multiples of
    the block's), within which it goes down column after column.
    """
    block = _transpose_block(size, rows, columns)

    def make() -> Any:
        def transpose(params: int, arena: int) -> None:
            p = i64(params)
            source, target, starts = p[0] + arena * p[1], arena + p[2], i64(p[3])
            height, width, source_step, target_step = p[5], p[6], p[7], p[8]
            tile_height, tile_width = p[9], p[10]
            for start in range(p[4]):
                x, y = source + starts[2 * start], target + starts[2 * start + 1]
                left = 0
                while left < width:
                    right = least(left + tile_width, width)
                    top = 0
                    while top < height:
                        bottom = least(top + tile_height, height)
                        for j in range(left, right, columns):
                            c = least(j, width - columns)
                            for i in range(top, bottom, rows):
                                r = least(i, height - rows)
                                block(
                                    y + c * target_step + r * size,
                                    target_step,
                                    x + r * source_step + c * size,
                                    source_step,
                                )
                        top = bottom
                    left = right

        return transpose

    return Kernel(f"transpose_{8 * size}_{rows}x{columns}", make)


def _transpose_block(size: int, rows: int, columns: int) -> Any:
    def emit(b: Any, target: Any, target_step: Any, source: Any, source_step: Any) -> None:
        from llvmlite import ir

        from refint8.native.ir import I64, load, shuffle, store, vector

        element = ir.IntType(8 * size)
        row = vector(element, columns)
        parts = [[load(b, row, b.add(source, b.mul(source_step, I64(r))))] for r in range(rows)]
        # Interleaving row r with row r + half, again and again, ends with the columns in order.
        while len(parts) > 1:
            half = len(parts) // 2
            parts = [
                [piece for x, y in zip(parts[r], parts[r + half], strict=True)
                 for piece in _interleaved(b, x, y, BLOCK // size)]
                for r in range(half)
            ]  # fmt: skip
        per_piece = parts[0][0].type.count // rows
        for c in range(columns):
            piece, lane = parts[0][c // per_piece], c % per_piece * rows
            column = shuffle(b, piece, piece, range(lane, lane + rows))
            store(b, column, b.add(target, b.mul(target_step, I64(c))))

    def _interleaved(b: Any, x: Any, y: Any, limit: int) -> list[Any]:
        """x and y element by element, in vectors of at most `limit` elements."""
        from refint8.native.ir import shuffle

        count = x.type.count
        order = [lane + side * count for lane in range(count) for side in (0, 1)]
        if 2 * count <= limit:
            return [shuffle(b, x, y, order)]
        return [shuffle(b, x, y, order[:count]), shuffle(b, x, y, order[count:])]

    return Primitive(f"transpose_block_{8 * size}_{rows}x{columns}", 4, emit)


@cache
def unzip(size: int, parts: int) -> Kernel:
    """Elements that take turns to planes: target[p, i] = source[i, p] for few parts p.

    Further words: how many of each part (at least a vector), bytes between the target's planes.
    """
    step, block = BLOCK // size, _zip_block(size, parts, apart=False)

    def make() -> Any:
        def unzip_planes(params: int, arena: int) -> None:
            p = i64(params)
            source, target, starts = p[0] + arena * p[1], arena + p[2], i64(p[3])
            count, plane = p[5], p[6]
            for start in range(p[4]):
                x, y = source + starts[2 * start], target + starts[2 * start + 1]
                for i in range(0, count, step):
                    first = least(i, count - step)
                    block(y + first * size, plane, x + first * (parts * size), 0)

        return unzip_planes

    return Kernel(f"unzip_{8 * size}_{parts}", make)


@cache
def zip_planes(size: int, parts: int) -> Kernel:
    """Planes to elements that take turns, the reverse of unzip; the words likewise."""
    step, block = BLOCK // size, _zip_block(size, parts, apart=True)

    def make() -> Any:
        def zip_them(params: int, arena: int) -> None:
            p = i64(params)
            source, target, starts = p[0] + arena * p[1], arena + p[2], i64(p[3])
            count, plane = p[5], p[6]
            for start in range(p[4]):
                x, y = source + starts[2 * start], target + starts[2 * start + 1]
                for i in range(0, count, step):
                    first = least(i, count - step)
                    block(y + first * (parts * size), 0, x + first * size, plane)

        return zip_them

    return Kernel(f"zip_{8 * size}_{parts}", make)


def _zip_block(size: int, parts: int, *, apart: bool) -> Any:
    """One vector of every part; `apart` says that the source is planes, else the target is."""
    lanes = BLOCK // size

    def emit(b: Any, target: Any, target_plane: Any, source: Any, source_plane: Any) -> None:
        from llvmlite import ir

        from refint8.native.ir import I64, load, store, vector

        def place(base: Any, plane: Any, part: int, planes: bool) -> Any:
            return b.add(base, b.mul(plane, I64(part)) if planes else I64(part * BLOCK))

        kind = vector(ir.IntType(8 * size), lanes)
        given = [load(b, kind, place(source, source_plane, k, apart)) for k in range(parts)]
        for k in range(parts):
            if apart:
                turns = [divmod(k * lanes + lane, parts) for lane in range(lanes)]
                picks = [(part, i) for i, part in turns]
            else:
                picks = [divmod(lane * parts + k, lanes) for lane in range(lanes)]
            store(b, _pick(b, given, picks), place(target, target_plane, k, not apart))

    return Primitive(f"{'zip' if apart else 'unzip'}_block_{8 * size}_{parts}", 4, emit)


def _pick(b: Any, vectors: list[Any], picks: list[tuple[int, int]]) -> Any:
    """A vector of the elements (vector, lane)."""
    from refint8.native.ir import shuffle

    first, *others = sorted({which for which, _ in picks})
    count = vectors[first].type.count
    found = shuffle(b, vectors[first], vectors[first], [lane for _, lane in picks])
    for other in others:
        order = [count + i if which == other else k for k, (which, i) in enumerate(picks)]
        found = shuffle(b, found, vectors[other], order)
    return found
