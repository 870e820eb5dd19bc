"""DENSIFY: a sparsely stored constant as a dense tensor.

out = in, where what is not stored is 0. How the stored values are arranged is in the tensor's
sparsity tables (`refint8/model/sparsity.py`).

C1  the input is a constant that is stored sparsely

The integer 0, whatever the zero point. The input is expanded before any operator sees it, so that
nothing is left to do here.

Semantics: LiteRT `kernels/densify.cc` and `internal/utils/sparsity_format_converter.cc`,
ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from refint8.native.lowering import Site
from refint8.ops._copy_kernel import copy_tensor
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator


@operator(
    "DENSIFY",
    versions=range(1, 2),
    dtypes=rows("{T}->{T}", ("INT8", "FLOAT16", "FLOAT32")),
    dtype_of=0,
    sparse=(0,),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Densify(Record):
    """The integer record: nothing but the shape."""

    always_folded = True

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1, the shape."""
        x = node.input(0)
        check(
            x.sparsity is not None and x.data is not None,
            "C1",
            f"tensor {x.index} '{x.name}' is no sparse constant",
        )
        return cls(shapes=(x.shape,))

    def spec(self, x: Array) -> Array:
        """The expanded constant."""
        return x.copy()

    def lower(self, site: Site) -> None:
        """One copy, where the output is not known beforehand."""
        copy_tensor(site, 0)
