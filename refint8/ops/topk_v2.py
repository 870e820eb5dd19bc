"""TOPK_V2: the k largest values of every row, and where they stood.

values[.., j] = in[.., indices[.., j]], where indices[.., :] are the k first when the last axis is
ordered by falling value, equal ones by rising index. k is the second input. In FLOAT32 a NaN comes
after all other values.

C1  k is one number
C2  the input has a rank of at least 1 and on its last axis at least k values
C3  indices of INT16 have rows of at most 32767 values

A negative k counts as 0. Quantization is not looked at.

Semantics: LiteRT `kernels/topk_v2.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from refint8.model.types import NUMPY_DTYPE
from refint8.native.lowering import Site
from refint8.native.scatter import largest
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator

DTYPES: Final = ("INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT32")


@operator(
    "TOPK_V2",
    versions=range(1, 4),
    dtypes=rows("{T},INT32|INT16->{T},INT32|INT16", DTYPES),
    values=(1,),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class TopKV2(Record):
    """The integer record."""

    k: int
    index_dtype: str

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, k and shapes."""
        shape, counts = node.input(0).shape, node.input(1).integers()
        check(len(counts) == 1, "C1", f"k is {counts}")
        k = max(0, counts[0])
        check(shape and k <= shape[-1], "C2", f"the largest {k} of {shape}")
        dtype = node.outputs[1].dtype
        check(dtype != "INT16" or shape[-1] < 1 << 15, "C3", f"INT16 indices into {shape}")
        return cls(shapes=((*shape[:-1], k),) * 2, k=k, index_dtype=dtype)

    def spec(self, x: Array, _k: Array) -> tuple[Array, Array]:
        """[..., n] to values [..., k] and indices [..., k]."""
        # Complementing reverses the order of integers without leaving the dtype.
        falling = -x if x.dtype.kind == "f" else ~x
        indices = np.argsort(falling, axis=-1, kind="stable")[..., : self.k]
        values = np.take_along_axis(x, indices, -1)
        return values, indices.astype(NUMPY_DTYPE[self.index_dtype])

    def lower(self, site: Site) -> None:
        """One pass, in which every element finds its place among the largest so far."""
        x, (values, indices) = site.read(0), site.outputs
        columns = x.shape[-1]
        if not values.size:
            return
        kernel = largest(x.dtype.name.upper(), indices.dtype.name.upper())
        counts = x.size // columns, columns, self.k
        site.call(kernel, x.offset, values.offset, indices.offset, *counts, site.alarm)
