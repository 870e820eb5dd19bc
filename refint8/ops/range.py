"""RANGE: evenly spaced numbers.

out[i] = start + i * delta for 0 <= i < ceil((limit - start) / delta), the three inputs.

FLOAT32 adds up: out[i] = out[i - 1] + delta, rounded each time, and the count is computed from
one float32 division.

C1  start, limit and delta are scalars
C2  delta is not 0, and leads from start to limit (it may begin there)
C3  the count, and for integers the way from start to limit, fit int32

Semantics: LiteRT `kernels/range.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator

INT32_MAX = (1 << 31) - 1


@operator(
    "RANGE",
    versions=range(1, 3),
    dtypes=rows("{T},{T},{T}->{T}", ("INT32", "INT64", "FLOAT32")),
    values=(0, 1, 2),
    dtype_of=0,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Range(Record):
    """The integer record: nothing but the count, which is the shape."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, the count."""
        operands = [node.input(position) for position in range(3)]
        shapes = [operand.shape for operand in operands]
        check(not any(shapes), "C1", f"start, limit and delta of shapes {shapes}")
        start, limit, delta = (operand.value.reshape(()).item() for operand in operands)
        check(
            (delta > 0 and start <= limit) or (delta < 0 and start >= limit),
            "C2",
            f"no way leads from {start} to {limit} in steps of {delta}",
        )
        if operands[0].dtype == "FLOAT32":
            with np.errstate(all="ignore"):
                steps = abs(np.float32(np.float32(limit) - np.float32(start)) / np.float32(delta))
            fits = bool(steps <= INT32_MAX)
            count = math.ceil(steps) if fits else 0
        else:
            count = -(-abs(limit - start) // abs(delta))
            fits = max(count, abs(delta), abs(limit - start)) <= INT32_MAX
        check(fits, "C3", f"from {start} to {limit} in steps of {delta} is too far")
        return cls(shapes=((count,),))

    def spec(self, start: Array, _limit: Array, delta: Array) -> Array:
        """Three scalars to [count]."""
        steps = np.full(self.shapes[0], delta, start.dtype)
        steps[:1] = start
        return np.add.accumulate(steps, dtype=start.dtype)
