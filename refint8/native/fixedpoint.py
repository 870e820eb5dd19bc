"""Fixed-point primitives inside kernels: what `numerics` does on arrays, on scalars."""

from __future__ import annotations

from typing import Any

from refint8.native.lang import Primitive, clamp, inlined

INT32_LOW = -(1 << 31)
INT32_HIGH = (1 << 31) - 1
FORTY_EIGHT_OVER_17 = 1515870810
MINUS_THIRTY_TWO_OVER_17 = -1010580540
ONE_IN_Q2 = 1 << 29


def _leading_zeros(b: Any, x: Any) -> Any:
    from llvmlite import ir

    from refint8.native.ir import I32, I64, call

    return b.zext(call(b, "llvm.ctlz.i32", I32, b.trunc(x, I32), ir.IntType(1)(0)), I64)


leading_zeros_32: Any = Primitive("leading_zeros_32", 1, _leading_zeros, "int64")
"""Leading zero bits of the low 32 bits; 32 for 0."""


@inlined
def high_mul(a: int, b: int) -> int:
    """SRDHM: (a*b + 2^30) >> 31; not both are -2^31."""
    return (a * b + (1 << 30)) >> 31


@inlined
def divide_by_pot(x: int, exponent: int) -> int:
    """RDBPOT: x / 2^exponent, ties away from zero."""
    mask = (1 << exponent) - 1
    return (x >> exponent) + (1 if (x & mask) > (mask >> 1) + (1 if x < 0 else 0) else 0)


@inlined
def one_over_one_plus_x(a: int) -> int:
    """1 / (1 + a) in Q0 for 0 <= a <= 1 in Q0: three Newton steps, as gemmlowp takes them."""
    half = (a + (1 << 31)) >> 1
    x = FORTY_EIGHT_OVER_17 + high_mul(half, MINUS_THIRTY_TWO_OVER_17)
    for _ in range(3):
        error = ONE_IN_Q2 - high_mul(half, x)
        x += clamp(high_mul(x, error) << 2, INT32_LOW, INT32_HIGH)
    result: int = clamp(x << 1, INT32_LOW, INT32_HIGH)
    return result
