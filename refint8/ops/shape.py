"""SHAPE: the sizes of a tensor as a vector.

out[k] = size of axis k of in. The values of the input do not matter.

C1  the option `out_type` is INT32 or INT64, and the output's dtype

LiteRT overwrites the output's declared dtype with the option; a file where they differ is refused
here.

Semantics: LiteRT `kernels/shape.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.model.types import NUMPY_DTYPE
from refint8.native.lowering import Site
from refint8.ops._copy_kernel import View, copy
from refint8.ops._dtypes import ANY, rows
from refint8.ops._op import Array, Node, Record, check, operator


@operator("SHAPE", versions=range(1, 2), dtypes=rows("{T}->INT32|INT64", ANY))
@dataclass(frozen=True, eq=False, kw_only=True)
class ShapeOf(Record):
    """The integer record. `sizes` is the whole answer."""

    sizes: tuple[int, ...]
    dtype: str

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1, the sizes."""
        declared, option = node.output.dtype, node.options["out_type"]
        check(declared == option, "C1", f"the option says {option}, the output {declared}")
        sizes = node.input(0).shape
        return cls(shapes=((len(sizes),),), sizes=sizes, dtype=declared)

    def spec(self, _x: Array | None) -> Array:
        """x of any shape to [rank]; only the record is read."""
        return np.array(self.sizes, NUMPY_DTYPE[self.dtype])

    def lower(self, site: Site) -> None:
        """A copy of the answer."""
        copy(site, View.constant(site, self.spec(None)), View.of(site.output))

    def known_outputs(self) -> tuple[Array, ...]:
        """The sizes, known before any value is."""
        return (self.spec(None),)
