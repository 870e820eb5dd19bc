"""Small words for LLVM vector IR, used by everything that emits it.

Addresses are i64 values; vectors are loaded and stored unaligned. `llvmlite.ir` is imported here
and this module only when code is emitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir

Value = Any
Builder = Any

I8, I16, I32, I64 = ir.IntType(8), ir.IntType(16), ir.IntType(32), ir.IntType(64)
F32, F64 = ir.FloatType(), ir.DoubleType()


def vector(element: Any, count: int) -> Any:
    """The type of `count` elements."""
    return ir.VectorType(element, count)


def splat(kind: Any, value: float) -> Any:
    """A constant vector of one value."""
    return ir.Constant(kind, [value] * kind.count)


def constants(kind: Any, values: Sequence[int]) -> Any:
    """A constant vector."""
    return ir.Constant(kind, list(values))


def broadcast(b: Builder, kind: Any, scalar: Value) -> Value:
    """A scalar in every lane."""
    undefined = ir.Constant(kind, ir.Undefined)
    first = b.insert_element(undefined, scalar, I32(0))
    return b.shuffle_vector(first, undefined, splat(vector(I32, kind.count), 0))


def shuffle(b: Builder, x: Value, y: Value, mask: Sequence[int]) -> Value:
    """Elements of x and, from x's length on, of y."""
    return b.shuffle_vector(x, y, constants(vector(I32, len(mask)), mask))


def offset(b: Builder, address: Value, distance: int) -> Value:
    """address + distance."""
    return b.add(address, I64(distance)) if distance else address


def load(b: Builder, kind: Any, address: Value, distance: int = 0) -> Value:
    """A value from address + distance, of any alignment."""
    return b.load(b.inttoptr(offset(b, address, distance), kind.as_pointer()), align=1)


def store(b: Builder, value: Value, address: Value, distance: int = 0) -> None:
    """A value to address + distance, of any alignment."""
    target = b.inttoptr(offset(b, address, distance), value.type.as_pointer())
    b.store(value, target, align=1)


def call(b: Builder, name: str, result: Any, *operands: Value) -> Value:
    """A call of an LLVM intrinsic, declared where needed."""
    function = b.module.globals.get(name) or ir.Function(
        b.module, ir.FunctionType(result, [operand.type for operand in operands]), name
    )
    return b.call(function, operands)


def minimum(b: Builder, x: Value, y: Value) -> Value:
    """Lane by lane, signed."""
    bits = x.type.element.width
    return call(b, f"llvm.smin.v{x.type.count}i{bits}", x.type, x, y)


def maximum(b: Builder, x: Value, y: Value) -> Value:
    """Lane by lane, signed."""
    bits = x.type.element.width
    return call(b, f"llvm.smax.v{x.type.count}i{bits}", x.type, x, y)


def store_some(b: Builder, rows: Sequence[tuple[Value, Value]], count: Value) -> None:
    """(address, vector) pairs: the first `count` elements of each, all of them when count allows.

    The whole vector is stored plainly when `count` (i64) reaches its length.
    """
    kind = rows[0][1].type
    bits = kind.element.width
    with b.if_else(b.icmp_signed(">=", count, I64(kind.count)), likely=True) as (whole, part):
        with whole:
            for address, value in rows:
                store(b, value, address)
        with part:
            lane = constants(vector(I32, kind.count), range(kind.count))
            mask = b.icmp_signed("<", lane, broadcast(b, lane.type, b.trunc(count, I32)))
            name = f"llvm.masked.store.v{kind.count}i{bits}.p0"
            for address, value in rows:
                target = b.inttoptr(address, kind.as_pointer())
                call(b, name, ir.VoidType(), value, target, I32(1), mask)
