"""MATRIX_SET_DIAG: matrices with their diagonals replaced.

out[..., i, j] = diagonal[..., i] where i = j, else in[..., i, j]

C1  the input has a rank of at least 2
C2  the diagonal has the input's shape, its last two axes replaced by the shorter of them

Values are moved as they are, and quantization is not looked at. LiteRT does not check C2 and reads
outside the diagonal.

Semantics: LiteRT `kernels/matrix_set_diag.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._copy_kernel import View, copy, copy_tensor
from refint8.ops._diagonal import DTYPES, diagonal
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator


@operator("MATRIX_SET_DIAG", versions=range(1, 2), dtypes=rows("{T},{T}->{T}", DTYPES), dtype_of=0)
@dataclass(frozen=True, eq=False, kw_only=True)
class MatrixSetDiag(Record):
    """The integer record: nothing but the shape."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1, C2."""
        shape, given = node.input(0).shape, node.input(1).shape
        check(len(shape) >= 2, "C1", f"the input has rank {len(shape)}, below 2")
        check(
            given == (*shape[:-2], min(shape[-2:])),
            "C2",
            f"{given} is not the shape of the diagonals of {shape}",
        )
        return cls(shapes=(shape,))

    def spec(self, x: Array, given: Array) -> Array:
        """x [..., rows, columns], the diagonal [..., the smaller of both]."""
        out = x.copy()
        places = np.arange(given.shape[-1])
        out[..., places, places] = given
        return out

    def lower(self, site: Site) -> None:
        """A copy of the input, then one of the diagonals."""
        copy_tensor(site, 0)
        copy(site, View.of(site.read(1)), diagonal(View.of(site.output)))
