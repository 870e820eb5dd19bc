"""Where floats enter and leave: the only elementwise kernels with floating point.

Every kernel here has "float" in its name. They work on whole runs of one channel, in vectors of
`lanes` elements; results are those of IEEE arithmetic, one operation after the other.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from refint8.native.lang import Kernel, Primitive, i64

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
def quantize_float(dtype: str, *, reciprocal: bool = False) -> Kernel:
    """float32 to 8 or 16 bits: clamp(round_half_away(x / scale) + zero point).

    `reciprocal`: to 8 bits, clamp(round_half_even(x * scale) + zero point).
    A channel's constants, doubles: scale, zero point, lowest and highest output minus the zero
    point, the output where x / scale does not lie between two bounds (NaN never does), the bounds.
    """

    def emit(b: Any, *operands: Any) -> None:
        from refint8.native._float_ir import quantize

        quantize(b, BITS[dtype], reciprocal, *operands)

    way = "reciprocal_" if reciprocal else ""
    return _channels(f"quantize_float_{way}{dtype.lower()}", emit, 4, BITS[dtype] // 8)


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
