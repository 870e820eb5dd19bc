"""EMBEDDING_LOOKUP: rows of a table, as they are or as real numbers.

out[k, i..] = table[in[k], i..]                                   where the dtypes are the same
out[k, i..] = float32(scale[in[k]] * table[in[k], i..])           INT8, UINT8, INT4, INT2 to float

One scale serves all rows, or there is one per row, unless the rule `embedding_scales` says
otherwise. FLOAT16 outputs are that float32 product, rounded again. The rule `embedding_uint8` says
how UINT8 is read.

C1  the indices are a vector, the table has a rank of at least 2
C2  a table that is scaled has zero point 0
C3  a table with several scales is scaled, and has one for each row

An index outside the table is known only when the operator runs: DomainError.

Semantics: LiteRT `kernels/embedding_lookup.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from refint8.errors import DomainError
from refint8.model.types import NUMPY_DTYPE
from refint8.native.lowering import NotFastError, Site
from refint8.ops._copy_kernel import View, gather_along
from refint8.ops._dtypes import WHOLE_BYTES, rows
from refint8.ops._op import Array, Node, Record, check, operator

SCALED: Final = ("INT8", "UINT8", "INT4", "INT2")


@operator(
    "EMBEDDING_LOOKUP",
    versions=range(1, 6),
    dtypes=(*rows("INT32,{T}->{T}", WHOLE_BYTES), *rows("INT32,{T}->FLOAT32|FLOAT16", SCALED)),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class EmbeddingLookup(Record):
    """The record; `scales` is None where rows are copied, else of shape [rows] or [1]."""

    rows: int
    scales: NDArray[np.float32] | None
    signed_bytes: bool
    dtype: str

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, scales and shape."""
        indices, table, out = node.input(0), node.input(1), node.output
        check(
            len(indices.shape) == 1 and len(table.shape) >= 2,
            "C1",
            f"indices {indices.shape} into a table of {table.shape}",
        )
        scaled = table.dtype != out.dtype
        check(not scaled or not table.zero_points.any(), "C2", "the zero point is not 0")
        check(not table.per_channel or scaled, "C3", "a scale per row, of rows that are copied")
        scales = table.scales if scaled else None
        check(
            scales is None
            or scales.size == 1
            or (
                scales.size == table.shape[0]
                and table.quantization is not None
                and table.quantization.quantized_dimension == 0
            ),
            "C3",
            f"{0 if scales is None else scales.size} scales for {table.shape[0]} rows",
        )
        if scales is not None and node.rules.embedding_scales == "first":
            scales = scales[:1]
        return cls(
            shapes=((*indices.shape, *table.shape[1:]),),
            rows=table.shape[0],
            scales=scales,
            signed_bytes=table.dtype == "UINT8" and node.rules.embedding_uint8 == "signed",
            dtype=out.dtype,
        )

    def spec(self, indices: Array, table: Array) -> Array:
        """Indices [k], table [rows, ...] to [k, ...]."""
        outside = (indices < 0) | (indices >= self.rows)
        if outside.any():
            raise DomainError(
                f"index {int(indices[outside][0])} is outside a table of {self.rows} rows"
                f" ({int(outside.sum())} such indices)",
                hint="the engine fails here when it is invoked",
            )
        found = table[indices]
        if self.scales is None:
            return found
        if self.signed_bytes:
            found = found.view(np.int8)
        scales = self.scales if self.scales.size == 1 else self.scales[indices]
        per_row: NDArray[Any] = scales.reshape(-1, *(1,) * (found.ndim - 1))
        with np.errstate(all="ignore"):
            real = per_row * found.astype(np.float32)
            return real.astype(NUMPY_DTYPE[self.dtype])

    def lower(self, site: Site) -> None:
        """A copy per row."""
        if self.scales is not None:
            raise NotFastError("rows are turned into real numbers")
        known, table = site.input(0).data, site.read(1)
        if known is not None and ((known < 0) | (known >= self.rows)).any():
            raise NotFastError("an index lies outside the table")
        inner = table.size // max(self.rows, 1)
        x = View.of(table, (1, 1, self.rows, inner))
        out = View.of(site.output, (1, 1, self.shapes[0][0], inner))
        gather_along(site, x, out, site.read(0) if known is None else known)
