"""Resizing images: lines of pixels blended across, then lines blended with each other.

Integers: total = (v00*(1024-dx) + v01*dx)*(1024-dy) + (v10*(1024-dx) + v11*dx)*dy is the
definition's sum in another order, which exact integers do not notice. The blended line of an input
row serves all output rows that it is a neighbour of.

uint8 is **float32** in the engine's order of operations: each of the four products v * wy * wx is
rounded twice and none of them may be shared across, so rows come first: v0*(1-dy) and v1*dy of a
whole input line, then the products with (1-dx) and dx and three sums. Nothing is fused: LLVM
contracts only what is marked.

Blocks of lanes are stored whole, in ascending order, so what a pixel writes too much the next one
overwrites.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from refint8.native.copy import move_over
from refint8.native.lang import Kernel, Primitive, f32, i8, i16, i32, i64, kernel, u8

LANES = 16


def _blend_pixel(item: int, signed: bool, one: int) -> Primitive:
    """blend(target, left, right, upper weight, channels): int32 left*(one-w) + right*w."""

    def emit(b: Any, target: Any, left: Any, right: Any, weight: Any, count: Any) -> None:
        from refint8.native._window_ir import repeat
        from refint8.native.ir import I8, I16, I32, I64, broadcast, load, splat, store, vector

        words = vector(I32, LANES)
        kind = vector(I8 if item == 1 else I16, LANES)
        upper = broadcast(b, words, b.trunc(weight, I32))
        lower = b.sub(splat(words, one), upper)
        widen = b.sext if signed else b.zext

        def block(c: Any, _: Any) -> list[Any]:
            at = b.mul(c, I64(item))
            x, y = (widen(load(b, kind, b.add(side, at)), words) for side in (left, right))
            total = b.add(b.mul(x, lower), b.mul(y, upper))
            store(b, total, b.add(target, b.mul(c, I64(4))))
            return []

        repeat(b, count, [], block, step=LANES)

    return Primitive("blend_pixel", 5, emit)


@cache
def resize_bilinear(dtype: str, bits: int = 10) -> Kernel:
    """Bytes and int16, in integers, with weights of so many bits (int16: 10).

    The last rounding takes ties away from zero with 10 bits, up with others.

    Words: source, target, images, bytes of an image, input row bytes, output height and width,
    channels, address of (lower row, upper row, fraction) by output row, address of (lower byte,
    upper byte, fraction) by output column, scratch for two lines of int32, bytes between them.
    """

    def make() -> Any:
        item = 2 if dtype == "INT16" else 1
        pointer = {"INT16": i16, "INT8": i8, "UINT8": u8}[dtype]
        one, away = 1 << bits, 1 if bits == 10 else 0
        half, shift = np.int32(1 << (2 * bits - 1)), np.int32(2 * bits)
        blend, narrow = _blend_pixel(item, dtype != "UINT8", one), item == 1

        def resize(params: int, arena: int) -> None:
            p = i64(params)
            target, images, image_bytes, row_bytes = arena + p[1], p[2], p[3], p[4]
            height, width, channels, ys, xs = p[5], p[6], p[7], i64(p[8]), i64(p[9])
            size = width * channels
            for image in range(images):
                source = arena + p[0] + image * image_bytes
                # Which input row's blended line each buffer holds.
                above, below = arena + p[10], arena + p[10] + p[11]
                held_above = held_below = -1
                for y in range(height):
                    upper, lower = ys[3 * y], ys[3 * y + 1]
                    if upper != held_above and upper == held_below:
                        above, below = below, above
                        held_above, held_below = held_below, held_above
                    if upper != held_above:
                        line = source + upper * row_bytes
                        for x in range(width):
                            k = 3 * x
                            blend(
                                above + 4 * x * channels, line + xs[k], line + xs[k + 1],
                                xs[k + 2], channels,
                            )  # fmt: skip
                        held_above = upper
                    one_row = lower == upper
                    if not one_row and lower != held_below:
                        line = source + lower * row_bytes
                        for x in range(width):
                            k = 3 * x
                            blend(
                                below + 4 * x * channels, line + xs[k], line + xs[k + 1],
                                xs[k + 2], channels,
                            )  # fmt: skip
                        held_below = lower
                    first = i32(above)
                    second = i32(above if one_row else below)
                    out = pointer(target)
                    if narrow:
                        weight = np.int32(ys[3 * y + 2])
                        rest = np.int32(one - weight)
                        for i in range(size):
                            total = np.int32(
                                np.int32(first[i] * rest) + np.int32(second[i] * weight)
                            )
                            sign = np.int32(np.int32(total >> np.int32(31)) * np.int32(away))
                            out[i] = np.int32(np.int32(total + sign) + half) >> shift
                    else:
                        w, r = ys[3 * y + 2], one - ys[3 * y + 2]
                        for i in range(size):
                            wide = np.int64(first[i]) * r + np.int64(second[i]) * w
                            out[i] = (wide + (wide >> 63) + (1 << 19)) >> 20
                    target += size * item

        return resize

    return Kernel(f"resize_bilinear_{dtype.lower()}_q{bits}", make)


def _blend_float(
    b: Any, target: Any, above: Any, below: Any, distance: Any, weights: Any, count: Any
) -> None:
    """One pixel: above and below are float32 addresses of its left neighbours."""
    from llvmlite import ir

    from refint8.native._window_ir import repeat
    from refint8.native.ir import I8, I32, I64, broadcast, load, store, vector

    f = ir.FloatType()
    reals, words, bytes_ = vector(f, LANES), vector(I32, LANES), vector(I8, LANES)
    rest, upper = (broadcast(b, reals, load(b, f, weights, 4 * i)) for i in (0, 1))
    half = ir.Constant(reals, [0.5] * LANES)

    def block(c: Any, _: Any) -> list[Any]:
        at = b.mul(c, I64(4))
        left = [load(b, reals, b.add(side, at)) for side in (above, below)]
        right = [load(b, reals, b.add(b.add(side, distance), at)) for side in (above, below)]
        total = b.fadd(b.fmul(left[0], rest), b.fmul(left[1], rest))
        total = b.fadd(total, b.fmul(right[0], upper))
        total = b.fadd(b.fadd(total, b.fmul(right[1], upper)), half)
        store(b, b.trunc(b.fptosi(total, words), bytes_), b.add(target, c))
        return []

    repeat(b, count, [], block, step=LANES)


blend_float: Any = Primitive("blend_float", 6, _blend_float)


@kernel
def resize_bilinear_float_uint8(params: int, arena: int) -> None:
    """uint8, in float32 as the engine does it.

    Words: source, target, images, bytes of an image, input row bytes, output height and width,
    channels, address of (lower row, upper row) by output row, address of (lower byte, upper byte)
    by output column, scratch for two lines of float32, bytes between them, addresses of the float32
    (1 - fraction, fraction) by row and by column.
    """
    p = i64(params)
    target, images, image_bytes, row_bytes = arena + p[1], p[2], p[3], p[4]
    height, width, channels, ys, xs = p[5], p[6], p[7], i64(p[8]), i64(p[9])
    above, below, row_weights, column_weights = (
        arena + p[10],
        arena + p[10] + p[11],
        f32(p[12]),
        p[13],
    )
    for image in range(images):
        source = arena + p[0] + image * image_bytes
        for y in range(height):
            rest, upper = row_weights[2 * y], row_weights[2 * y + 1]
            line = u8(source + ys[2 * y] * row_bytes)
            scaled = f32(above)
            for i in range(row_bytes):
                scaled[i] = np.float32(line[i]) * rest
            line = u8(source + ys[2 * y + 1] * row_bytes)
            scaled = f32(below)
            for i in range(row_bytes):
                scaled[i] = np.float32(line[i]) * upper
            for x in range(width):
                left = 4 * xs[2 * x]
                blend_float(
                    target, above + left, below + left, 4 * xs[2 * x + 1] - left,
                    column_weights + 8 * x, channels,
                )  # fmt: skip
                target += channels


@kernel
def resize_nearest(params: int, arena: int) -> None:
    """Pixels as they are. Words: source, target, images, bytes of an image, output height and
    width, bytes of a pixel, addresses of the first byte by output row and, in a row, by column.
    """
    p = i64(params)
    target, images, height, width, pixel = arena + p[1], p[2], p[4], p[5], p[6]
    ys, xs, row = i64(p[7]), i64(p[8]), p[5] * p[6]
    for image in range(images):
        source = arena + p[0] + image * p[3]
        for y in range(height):
            if y > 0 and ys[y] == ys[y - 1]:
                move_over(target, target - row, row, 0)
            else:
                line = source + ys[y]
                for x in range(width):
                    move_over(target + x * pixel, line + xs[x], pixel, 0)
            target += row
