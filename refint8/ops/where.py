"""WHERE: the indices of all elements that are not zero.

out[k, :] = (i_0, ..., i_n), the k-th place in the input's order where in[i_0, ..., i_n] != 0. How
many there are depends on the input's values.

C1  the input has a rank of at least 1

Quantization is not looked at: what counts is the integer 0. In FLOAT32 a NaN is not zero.

Semantics: LiteRT `kernels/where.cc` and `reference/reference_ops.h`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator

DTYPES: Final = ("BOOL", "INT8", "UINT8", "INT32", "UINT32", "INT64", "FLOAT32")


@operator("WHERE", versions=range(1, 3), dtypes=rows("{T}->INT64", DTYPES), values=(0,))
@dataclass(frozen=True, eq=False, kw_only=True)
class Where(Record):
    """The integer record: nothing but the shape."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1, the count."""
        x = node.input(0)
        check(x.shape, "C1", "the input is a scalar")
        return cls(shapes=((int(np.count_nonzero(x.value)), len(x.shape)),))

    def spec(self, x: Array) -> Array:
        """x of any shape to [count, rank]."""
        return np.argwhere(x).astype(np.int64)
