"""The kernel of ARG_MIN along any axis."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from refint8.native.integer_pairs import POINTERS
from refint8.native.lang import Kernel, i32, i64


@cache
def arg_min_axis(dtype: str, wide: bool) -> Kernel:
    """All positions behind the axis at once, to int32 or (`wide`) int64.

    Words: source, target, positions before the axis, its size, positions behind it, scratch for
    an int32 of each of these.
    """

    def make() -> Any:
        pointer, target_pointer = POINTERS[dtype], i64 if wide else i32
        item, index_item = (4 if dtype == "INT32" else 1), (8 if wide else 4)

        def arg_min(params: int, arena: int) -> None:
            p = i64(params)
            size, inner, smallest = p[3], p[4], i32(arena + p[5])
            for outer in range(p[2]):
                index = target_pointer(arena + p[1] + outer * inner * index_item)
                for k in range(size):
                    x = pointer(arena + p[0] + (outer * size + k) * inner * item)
                    for c in range(inner):
                        value = np.int32(x[c])
                        better = k == 0 or value < smallest[c]
                        smallest[c] = value if better else smallest[c]
                        index[c] = k if better else index[c]

        return arg_min

    return Kernel(f"arg_min_axis_{dtype.lower()}_{64 if wide else 32}", make)
