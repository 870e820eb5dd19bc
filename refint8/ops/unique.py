"""UNIQUE: the values of a vector, each once, in the order in which they first appear.

values[indices[i]] = in[i] for every i. How many there are depends on the input's values.

C1  the input is a vector
C2  the option `idx_out_type` is INT32 or INT64, and the indices' dtype
C3  a FLOAT32 input has no NaN

Quantization is not looked at. In FLOAT32 0 and -0 are one value.

Semantics: LiteRT `kernels/unique.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from refint8.model.types import NUMPY_DTYPE
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator

DTYPES: Final = ("INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT32")


@operator("UNIQUE", versions=range(1, 2), dtypes=rows("{T}->{T},INT32|INT64", DTYPES), values=(0,))
@dataclass(frozen=True, eq=False, kw_only=True)
class Unique(Record):
    """The integer record: nothing but the shapes."""

    index_dtype: str

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, the count."""
        x = node.input(0)
        check(len(x.shape) == 1, "C1", f"the input has rank {len(x.shape)}, not 1")
        declared, option = node.outputs[1].dtype, node.options["idx_out_type"]
        check(declared == option, "C2", f"the option says {option}, the output {declared}")
        check(x.dtype != "FLOAT32" or not np.isnan(x.value).any(), "C3", "the input has a NaN")
        return cls(shapes=((np.unique(x.value).size,), x.shape), index_dtype=declared)

    def spec(self, x: Array) -> tuple[Array, Array]:
        """[n] to values [count] and indices [n]."""
        _, first, numbers = np.unique(x, return_index=True, return_inverse=True)
        # NumPy numbers values by size; what counts here is where each one stands first.
        order = np.argsort(first)
        place = np.empty_like(order)
        place[order] = np.arange(order.size)
        return x[first[order]], place[numbers].astype(NUMPY_DTYPE[self.index_dtype])
