"""Floats that enter and leave, and what happens to them in between: the only elementwise kernels
with floating point.

Every kernel here has "float" in its name. They work on whole runs of one channel, in vectors of
`lanes` elements; results are those of IEEE arithmetic, one operation after the other.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from refint8.native.lang import Kernel, Primitive, clamp, f32, i64, inlined, kernel
from refint8.native.runs import over_runs
from refint8.native.sums import POINTERS

LANES = 16
"""Elements of a vector, whatever the CPU's vectors."""

BITS = {"BOOL": 8, "INT2": 8, "INT4": 8, "UINT4": 8, "INT8": 8, "UINT8": 8, "INT16": 16,
        "UINT16": 16, "INT32": 32, "UINT32": 32, "INT64": 64, "FLOAT16": 16,
        "FLOAT32": 32}  # fmt: skip
"""Bits of an element in memory."""

CHANNEL_WORDS = 8
"""Words of a channel's constants, at the address the kernel is given."""


def _channels(name: str, emit: Any, source_item: int, target_item: int) -> Kernel:
    """[outer][channels][inner] elements; run(source, target, count, constants of the channel).

    Words: source, target, outer, channels, inner, address of the channels' constants.
    """

    def make() -> Any:
        run = Primitive("run", 4, emit)

        def walk(params: int, arena: int) -> None:
            p = i64(params)
            source, target, inner = arena + p[0], arena + p[1], p[4]
            for _ in range(p[2]):
                for channel in range(p[3]):
                    run(source, target, inner, p[5] + 8 * CHANNEL_WORDS * channel)
                    source += source_item * inner
                    target += target_item * inner

        return walk

    return Kernel(name, make)


@cache
def quantize_float(dtype: str, *, truncate: bool = False, reciprocal: bool = False) -> Kernel:
    """float32 to 8 or 16 bits: clamp(round_half_away(x / scale) + zero point).

    With `truncate` clamp(trunc(x / scale + zero point)), every operation rounded to float32; with
    `reciprocal` to 8 bits, clamp(round_half_even(x * scale) + zero point).
    A channel's constants, doubles: scale, zero point, lowest and highest result of the clamped
    step (with `truncate` outputs, else outputs minus the zero point), the output where x / scale
    does not lie between two bounds (NaN never does), the bounds.
    """

    def emit(b: Any, *operands: Any) -> None:
        from refint8.native._float_ir import quantize

        quantize(b, BITS[dtype], truncate, reciprocal, *operands)

    way = "truncate_" if truncate else "reciprocal_" if reciprocal else ""
    return _channels(f"quantize_float_{way}{dtype.lower()}", emit, 4, BITS[dtype] // 8)


HALF_EVEN = 6755399441055744.0
"""1.5 * 2^52: a double of smaller size, plus this and minus it, is rounded half to even."""


@cache
def quantize_float_in_vectors(dtype: str) -> Kernel:
    """float32 to 8 or 16 bits as LiteRT's vectors and its scalars behind them round.

    Words: source, target, elements in whole vectors, elements, address of the reciprocal scale
    and the scale (float32), zero point, lowest and highest output.
    """

    def make() -> Any:
        pointer = POINTERS[dtype]

        @inlined
        def placed(value: int, zero_point: int, low: int, high: int) -> Any:
            """In int32, which wraps, then clamped."""
            total = value + zero_point
            return clamp(((total + (1 << 31)) & 0xFFFFFFFF) - (1 << 31), low, high)

        def quantize(params: int, arena: int) -> None:
            p = i64(params)
            x, y = f32(arena + p[0]), pointer(arena + p[1])
            reciprocal, scale = f32(p[4])[0], np.float64(f32(p[4])[1])
            zero_point, low, high = p[5], p[6], p[7]
            for i in range(p[2]):
                real = np.float64(np.float32(x[i] * reciprocal))
                whole = np.int64(-(1 << 31))  # what does not fit, and NaN
                if real >= -2147483648.0 and real < 2147483648.0:
                    whole = np.int64((real + HALF_EVEN) - HALF_EVEN)
                y[i] = placed(whole, zero_point, low, high)
            for i in range(p[2], p[3]):
                real = np.float64(x[i]) / scale
                whole = np.int64(-(1 << 31))
                if real > -2147483649.0 and real < 2147483647.5:
                    whole = np.int64(real)
                    rest = real - np.float64(whole)
                    whole += 1 if rest >= 0.5 else (-1 if rest <= -0.5 else 0)
                    whole = whole if whole >= -(1 << 31) else np.int64(-(1 << 31))
                y[i] = placed(whole, zero_point, low, high)

        return quantize

    return Kernel(f"quantize_float_in_vectors_{dtype.lower()}", make)


@cache
def dequantize_float(dtype: str) -> Kernel:
    """8 or 16 bits to float32(scale * (x - zero point)), the product in double.

    A channel's constants, doubles: scale, zero point.
    """

    def emit(b: Any, *operands: Any) -> None:
        from refint8.native._float_ir import dequantize

        dequantize(b, BITS[dtype], dtype.startswith(("U", "B")), *operands)

    return _channels(f"dequantize_float_{dtype.lower()}", emit, BITS[dtype] // 8, 4)


@cache
def cast(source: str, target: str) -> Kernel:
    """Every element to another dtype, as CAST does. Words: source, target, count, NaN's integer."""

    def emit(b: Any, *operands: Any) -> None:
        from refint8.native._float_ir import cast_run

        cast_run(b, source, target, *operands)

    def make() -> Any:
        run = Primitive("run", 4, emit)

        def walk(params: int, arena: int) -> None:
            p = i64(params)
            run(arena + p[0], arena + p[1], p[2], p[3])

        return walk

    edge = "_float" if "FLOAT32" in (source, target) else ""
    return Kernel(f"cast{edge}_{source.lower()}_{target.lower()}", make)


@cache
def quotients_float(scalar: tuple[bool, bool]) -> Kernel:
    """float32 a / b, moved into bounds; NaN stays. Own words: the bits of the lowest and of the
    highest value, infinite for none.
    """
    first, second = scalar

    @inlined
    def run(out: int, a: int, b: int, count: int, own: int) -> None:
        x, y, z = f32(a), f32(b), f32(out)
        low, high = f32(own)[0], f32(own + 8)[0]
        x0, y0 = x[0], y[0]
        for i in range(count):
            value = (x0 if first else x[i]) / (y0 if second else y[i])
            value = low if value < low else value
            z[i] = high if value > high else value

    flags = "".join(f"_scalar{k}" for k in (0, 1) if scalar[k])
    return over_runs(f"quotients_float{flags}", run)


def _square_root(b: Any, value_at: Any, to: Any) -> None:
    from llvmlite import ir

    from refint8.native.ir import call

    real = ir.FloatType()
    source, target = (b.inttoptr(address, real.as_pointer()) for address in (value_at, to))
    b.store(call(b, "llvm.sqrt.f32", real, b.load(source)), target)


square_root: Any = Primitive("square_root", 2, _square_root)
"""The float32 at one address, its root to the other."""


@kernel
def square_roots_float(params: int, arena: int) -> None:
    """The roots of float32 values. Words: source, target, count."""
    p = i64(params)
    for i in range(p[2]):
        square_root(arena + p[0] + 4 * i, arena + p[1] + 4 * i)
