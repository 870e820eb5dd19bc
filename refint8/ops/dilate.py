"""DILATE: gaps between the elements of a tensor.

out[i_0 * d_0, ..., i_n * d_n] = in[i_0, ..., i_n], the value elsewhere, with d_k the k-th entry of
the second input: an axis of size n gets (n - 1) * d + 1 elements. The third input is the value.

C1  the input has a rank of at least 1, and no axis of it is empty
C2  the dilations are a vector of one number per axis, at least 1
C3  the value has at least one element; the first counts

Values are moved as they are: any dtype of whole bytes. Quantization is not looked at.

Semantics: LiteRT `kernels/dilate.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

from refint8.native.lowering import Site
from refint8.ops._copy_kernel import View
from refint8.ops._dtypes import WHOLE_BYTES, rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._placement import Placement, first_element


@operator(
    "DILATE",
    versions=range(1, 2),
    dtypes=rows("{T},INT32,{T}->{T}", (*WHOLE_BYTES, "COMPLEX128")),
    values=(1,),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Dilate(Record):
    """The integer record."""

    placement: Placement

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, the shape."""
        shape, dilations = node.input(0).shape, node.input(1).integers()
        check(shape and min(shape) >= 1, "C1", f"an input of {shape}")
        check(
            node.input(1).shape == (len(shape),) and min(dilations) >= 1,
            "C2",
            f"the dilations {dilations} for {shape}",
        )
        check(math.prod(node.input(2).shape) >= 1, "C3", "the value is empty")
        out = tuple((n - 1) * d + 1 for n, d in zip(shape, dilations, strict=True))
        return cls(shapes=(out,), placement=Placement(shape, (0,) * len(shape), dilations, out))

    def spec(self, x: Array, _dilations: Array, value: Array) -> Array:
        """x of any shape, the value in its first element, to the larger shape."""
        return self.placement(x, value.reshape(-1)[0])

    def lower(self, site: Site) -> None:
        """The value everywhere, then the elements."""
        self.placement.lower(site, site.read(0), View.of(site.output), first_element(site, 2))
