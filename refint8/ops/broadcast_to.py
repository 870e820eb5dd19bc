"""BROADCAST_TO: a tensor repeated along its axes of size 1, and along new ones in front.

out[i_0, ..., i_n] = in[j_0, ..., j_m], aligned at the last axis, with j_k = 0 where in has size 1
and the index of out elsewhere.

C1  the shape is a vector of sizes, not negative, at least as many as the input has axes
C2  every axis of the input has size 1 or the one asked for

Values are moved as they are: any dtype of whole bytes. Quantization is not looked at.

Semantics: LiteRT `kernels/broadcast_to.cc` and `reference/broadcast_to.h`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._copy_kernel import View, copy
from refint8.ops._dtypes import WHOLE_BYTES, rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._spread import spread


@operator(
    "BROADCAST_TO",
    versions=range(1, 5),
    dtypes=rows("{T},INT32|INT64->{T}", (*WHOLE_BYTES, "COMPLEX128")),
    values=(1,),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class BroadcastTo(Record):
    """The integer record: nothing but the output's shape."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1, C2, the shape."""
        shape, wanted = node.input(0).shape, node.input(1)
        sizes = wanted.integers()
        check(
            len(wanted.shape) == 1 and len(sizes) >= len(shape) and all(n >= 0 for n in sizes),
            "C1",
            f"{shape} cannot be broadcast to {sizes}",
        )
        behind = sizes[len(sizes) - len(shape) :]
        check(
            all(n in (1, size) for n, size in zip(shape, behind, strict=True)),
            "C2",
            f"{shape} cannot be broadcast to {sizes}",
        )
        return cls(shapes=(sizes,))

    def spec(self, x: Array, _shape: Array) -> Array:
        """x of any shape to the larger one."""
        return np.broadcast_to(x, self.shapes[0]).copy()

    def lower(self, site: Site) -> None:
        """One copy, of a source that does not move along the repeated axes."""
        copy(site, spread(View.of(site.read(0)), self.shapes[0]), View.of(site.output))
