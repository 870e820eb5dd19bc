"""TRANSPOSE: permute the axes.

out[i_0, ..., i_n] = in[j_0, ..., j_n] with j_perm[k] = i_k, so axis k of the output is axis
perm[k] of the input; negative ones count from the end.

C1  the rank is 1 to 8
C2  perm is a vector that names every axis exactly once

Values are moved as they are: any dtype of 4, 8, 16, 32 or 64 bits. Quantization is not looked at.
LiteRT takes a perm that repeats an axis, and rank 0, and then reads outside the input: refused.

Semantics: LiteRT `kernels/transpose.cc` and `reference/transpose.h`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from refint8.native.lowering import Site
from refint8.ops._axes import normalize_axis
from refint8.ops._copy_kernel import View, copy
from refint8.ops._dtypes import WHOLE_BYTES, rows
from refint8.ops._op import Array, Node, Record, check, operator


@operator(
    "TRANSPOSE",
    versions=range(1, 10),
    dtypes=rows("{T},INT32->{T}", (*WHOLE_BYTES, "INT4", "UINT4")),
    values=(1,),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Transpose(Record):
    """The integer record. `permutation[k]` is the input's axis that becomes axis k."""

    permutation: tuple[int, ...]

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1, C2, permutation and shape."""
        shape, perm = node.input(0).shape, node.input(1)
        check(1 <= len(shape) <= 8, "C1", f"the input has rank {len(shape)}, not 1 to 8")
        axes = tuple(normalize_axis(axis, len(shape), "C2") for axis in perm.integers())
        check(
            len(perm.shape) == 1 and sorted(axes) == list(range(len(shape))),
            "C2",
            f"perm {perm.integers()} does not name each of {len(shape)} axes once",
        )
        return cls(shapes=(tuple(shape[axis] for axis in axes),), permutation=axes)

    def spec(self, x: Array, _perm: Array) -> Array:
        """x of any shape to the permuted one."""
        return x.transpose(self.permutation).copy()

    def lower(self, site: Site) -> None:
        """The permuted input, copied."""
        copy(site, View.of(site.read(0)).permuted(self.permutation), View.of(site.output))
