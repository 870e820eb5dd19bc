"""MATRIX_DIAG: vectors become the diagonals of matrices.

out[..., i, j] = in[..., i] where i = j, else 0

C1  the input has a rank of at least 1

Values are moved as they are; 0 is the integer, also where the output has a zero point.

Semantics: LiteRT `kernels/matrix_diag.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._copy_kernel import View, copy, fill
from refint8.ops._diagonal import DTYPES, diagonal
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator


@operator("MATRIX_DIAG", versions=range(1, 2), dtypes=rows("{T}->{T}", DTYPES), dtype_of=0)
@dataclass(frozen=True, eq=False, kw_only=True)
class MatrixDiag(Record):
    """The integer record: nothing but the shape."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1, the shape."""
        shape = node.input(0).shape
        check(shape, "C1", "the input is a scalar")
        return cls(shapes=((*shape, shape[-1]),))

    def spec(self, x: Array) -> Array:
        """[..., n] to [..., n, n]."""
        out = np.zeros(self.shapes[0], x.dtype)
        places = np.arange(x.shape[-1])
        out[..., places, places] = x
        return out

    def lower(self, site: Site) -> None:
        """Zeros, then one copy to the diagonals."""
        x, out = View.of(site.read(0)), View.of(site.output)
        fill(site, out, np.zeros(1, site.output.dtype))
        copy(site, x, diagonal(out))
