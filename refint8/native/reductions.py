"""The largest, the smallest, the product, any and all of elements over axes, in plain loops."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from refint8.native.integer_pairs import POINTERS
from refint8.native.lang import Kernel, clamp, i64, inlined
from refint8.native.raw_pairs import NUMBERS

ITEM = {"INT8": 1, "UINT8": 1, "BOOL": 1, "INT16": 2, "INT32": 4, "INT64": 8}


@inlined
def _max(a: int, b: int) -> int:
    return a if a > b else b


@inlined
def _min(a: int, b: int) -> int:
    return a if a < b else b


@inlined
def _product(a: int, b: int) -> int:
    return a * b


OPERATIONS: dict[str, Any] = {"max": _max, "min": _min, "prod": _product}


@cache
def reduce_lanes(name: str, dtype: str) -> Kernel:
    """Every output vector combines `parts` vectors.

    Words: source, target, address of the vectors' first bytes, how many outputs, address of the
    parts' distances in bytes, how many parts, elements of a vector.
    """

    def make() -> Any:
        pointer, operation, item = POINTERS[dtype], OPERATIONS[name], ITEM[dtype]

        def reduce(params: int, arena: int) -> None:
            p = i64(params)
            starts, parts, count = i64(p[2]), i64(p[4]), p[6]
            for k in range(p[3]):
                z = pointer(arena + p[1] + k * count * item)
                x = pointer(arena + p[0] + starts[k] + parts[0])
                for c in range(count):
                    z[c] = x[c]
                for part in range(1, p[5]):
                    x = pointer(arena + p[0] + starts[k] + parts[part])
                    for c in range(count):
                        z[c] = operation(z[c], x[c])

        return reduce

    return Kernel(f"reduce_lanes_{name}_{dtype.lower()}", make)


@cache
def reduce_runs(name: str, dtype: str) -> Kernel:
    """Every output combines `parts` runs. The same words, the last one a run's elements."""

    def make() -> Any:
        pointer, operation = POINTERS[dtype], OPERATIONS[name]
        number = NUMBERS["UINT8" if dtype == "BOOL" else dtype]

        def reduce(params: int, arena: int) -> None:
            p = i64(params)
            z, starts, parts, count = pointer(arena + p[1]), i64(p[2]), i64(p[4]), p[6]
            for k in range(p[3]):
                total = number(pointer(arena + p[0] + starts[k] + parts[0])[0])
                for part in range(p[5]):
                    x = pointer(arena + p[0] + starts[k] + parts[part])
                    for i in range(1 if part == 0 else 0, count):
                        total = number(operation(total, x[i]))
                z[k] = total

        return reduce

    return Kernel(f"reduce_runs_{name}_{dtype.lower()}", make)


@cache
def requantized_products(dtype: str) -> Kernel:
    """Products rescaled after every factor, in the factors' order.

    Words: source, target, address of the outputs' first bytes, how many outputs, address of the
    factors' distances in bytes, how many factors, input zero point, reduced multiplier, right
    shift, output zero point, low, high.
    """

    def make() -> Any:
        pointer = POINTERS[dtype]

        def reduce(params: int, arena: int) -> None:
            p = i64(params)
            z, starts, parts = pointer(arena + p[1]), i64(p[2]), i64(p[4])
            zero_point, multiplier, right = p[6], p[7], p[8]
            half = 1 << (right - 1)
            for k in range(p[3]):
                total = np.int64(pointer(arena + p[0] + starts[k] + parts[0])[0]) - zero_point
                for part in range(1, p[5]):
                    x = np.int64(pointer(arena + p[0] + starts[k] + parts[part])[0])
                    product = total * (x - zero_point)
                    total = np.int64(np.int32((product * multiplier + half) >> right))
                last = np.int64(np.int32((total * multiplier + half) >> right))
                z[k] = clamp(np.int64(np.int32(last + p[9])), p[10], p[11])

        return reduce

    return Kernel(f"requantized_products_{dtype.lower()}", make)
