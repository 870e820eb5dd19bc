"""Vector code of `float_edges`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from llvmlite import ir

from refint8.native._window_ir import repeat
from refint8.native.float_edges import BITS, LANES
from refint8.native.ir import (
    F64,
    I8,
    I32,
    I64,
    Builder,
    Value,
    broadcast,
    call,
    load,
    splat,
    store_some,
    vector,
)

F32 = ir.FloatType()
FLOATS = vector(F32, LANES)
DOUBLES = vector(F64, LANES)
WORDS = vector(I32, LANES)


def _over_vectors(
    b: Builder,
    kinds: tuple[Value, Value],
    source: Value,
    target: Value,
    count: Value,
    convert: Callable[[Value], Value],
) -> None:
    """target = convert(source) in vectors of `kinds`; what is stored are integers or bits."""
    item_in, item_out = (_bits(kind) // 8 for kind in kinds)

    def block(i: Value, _: list[Value]) -> list[Value]:
        x = load(b, kinds[0], b.add(source, b.mul(i, I64(item_in))))
        address = b.add(target, b.mul(i, I64(item_out)))
        store_some(b, [(address, convert(x))], b.sub(count, i))
        return []

    repeat(b, count, [], block, step=LANES)


def _bits(kind: Value) -> int:
    return 32 if kind.element == F32 else int(kind.element.width)


WHOLE = 1.5 * 2**23
"""Numbers between 2^23 and 2^24 are whole: adding this and taking it off rounds to nearest even."""


def quantize(
    b: Builder,
    bits: int,
    reciprocal: bool,
    source: Value,
    target: Value,
    count: Value,
    constants: Value,
) -> None:
    """One channel; the limits and the zero point are integers that float32 holds exactly.

    `reciprocal`: the scale is one, and ties go to even.
    """
    scale, zero, low, high, other, least, most = (
        broadcast(b, FLOATS, b.fptrunc(load(b, F64, constants, 8 * k), F32)) for k in range(7)
    )
    steps = vector(ir.IntType(bits), LANES)

    def convert(x: Value) -> Value:
        quotient = b.fmul(x, scale) if reciprocal else b.fdiv(x, scale)
        rounded = quotient
        if not reciprocal:
            rounded = call(b, f"llvm.round.v{LANES}f32", FLOATS, quotient)
        inside = b.and_(b.fcmp_ordered(">=", quotient, least), b.fcmp_ordered("<=", quotient, most))
        above = b.select(b.fcmp_ordered("<", rounded, low), low, rounded)
        limited = b.select(b.fcmp_ordered(">", above, high), high, above)
        if reciprocal:  # limits are whole, so it is the same before and after
            whole = ir.Constant(FLOATS, [WHOLE] * LANES)
            limited = b.fsub(b.fadd(limited, whole), whole)
        chosen = b.select(inside, b.fadd(limited, zero), other)
        return b.trunc(b.fptosi(chosen, WORDS), steps)

    _over_vectors(b, (FLOATS, steps), source, target, count, convert)


def dequantize(
    b: Builder,
    bits: int,
    unsigned: bool,
    source: Value,
    target: Value,
    count: Value,
    constants: Value,
) -> None:
    """One channel; the difference is exact in double, the product is rounded once to float32."""
    scale, zero = (broadcast(b, DOUBLES, load(b, F64, constants, 8 * k)) for k in range(2))

    def convert(x: Value) -> Value:
        whole = b.zext(x, WORDS) if unsigned else b.sext(x, WORDS)
        product = b.fmul(scale, b.fsub(b.sitofp(whole, DOUBLES), zero))
        return b.bitcast(b.fptrunc(product, FLOATS), WORDS)

    kinds = vector(ir.IntType(bits), LANES), WORDS
    _over_vectors(b, kinds, source, target, count, convert)


def cast_run(
    b: Builder,
    source_dtype: str,
    target_dtype: str,
    source: Value,
    target: Value,
    count: Value,
    nan: Value,
) -> None:
    """The conversions of CAST; BOOL is 0 or 1 in a byte."""
    kind_in, kind_out = (
        vector(ir.IntType(BITS[dtype]), LANES) for dtype in (source_dtype, target_dtype)
    )

    def convert(x: Value) -> Value:
        if source_dtype == target_dtype:
            return x
        if source_dtype == "FLOAT32":
            return _from_float(b, b.bitcast(x, FLOATS), target_dtype, kind_out, nan)
        if target_dtype == "BOOL":
            return b.zext(b.icmp_signed("!=", x, splat(kind_in, 0)), kind_out)
        unsigned = source_dtype[0] in "UB"
        if target_dtype == "FLOAT32":
            as_float = b.uitofp if unsigned else b.sitofp
            return b.bitcast(as_float(x, FLOATS), WORDS)
        if _bits(kind_out) < _bits(kind_in):
            return b.trunc(x, kind_out)
        if _bits(kind_out) == _bits(kind_in):
            return x
        return b.zext(x, kind_out) if unsigned else b.sext(x, kind_out)

    _over_vectors(b, (kind_in, kind_out), source, target, count, convert)


def _from_float(b: Builder, x: Value, dtype: str, kind: Value, nan: Value) -> Value:
    if dtype == "BOOL":
        zero = ir.Constant(FLOATS, [0.0] * LANES)
        return b.zext(b.fcmp_unordered("!=", x, zero), vector(I8, LANES))
    bits = _bits(kind)
    unsigned = dtype.startswith("U")
    lowest = 0 if unsigned else -(1 << (bits - 1))
    highest = lowest + (1 << bits) - 1
    # From here on x is a number whose integer part fits: what is above `most` saturates.
    most = float(np.float32(highest)) if bits < 32 else float(_below(highest + 1))
    is_nan = b.fcmp_unordered("uno", x, x)
    low, high = (ir.Constant(FLOATS, [float(v)] * LANES) for v in (lowest, most))
    above = b.fcmp_ordered(">", x, high)
    x = b.select(b.or_(is_nan, b.fcmp_ordered("<", x, low)), low, b.select(above, high, x))
    wide = vector(ir.IntType(max(bits, 32)), LANES)
    whole = b.fptoui(x, wide) if unsigned and bits == 32 else b.fptosi(x, wide)
    whole = whole if bits >= 32 else b.trunc(whole, kind)
    for_nan = nan if bits == 64 else b.trunc(nan, kind.element)
    saturated = b.select(above, splat(kind, highest), whole)
    return b.select(is_nan, broadcast(b, kind, for_nan), saturated)


def _below(power: int) -> Value:
    """The largest float32 below a power of two."""
    return np.nextafter(np.float32(power), np.float32(0))
