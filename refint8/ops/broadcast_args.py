"""BROADCAST_ARGS: the shape that two shapes broadcast to.

out[k] = b[k] where a[k] = 1, else a[k], both aligned at their last entry and continued with 1 in
front.

C1  both shapes are vectors

Where both entries differ and neither is 1 nothing broadcasts: DomainError, as only a run knows the
values. LiteRT ends the process there.

Semantics: LiteRT `kernels/broadcast_args.cc` and `reference/broadcast_args.h`, ai-edge-litert
2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.errors import DomainError
from refint8.native.lowering import Site
from refint8.native.shape_arithmetic import broadcast_shapes
from refint8.ops._op import Array, Node, Record, check, operator


@operator(
    "BROADCAST_ARGS",
    versions=range(1, 2),
    dtypes=("INT32,INT32->INT32", "INT64,INT64->INT64"),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class BroadcastArgs(Record):
    """The integer record: nothing but the shape of the shape."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1."""
        shapes = [node.input(position).shape for position in range(2)]
        check(
            all(len(shape) == 1 for shape in shapes),
            "C1",
            f"shapes of ranks {[len(shape) for shape in shapes]} are no vectors",
        )
        return cls(shapes=((max(shapes[0][0], shapes[1][0]),),))

    def spec(self, a: Array, b: Array) -> Array:
        """Two vectors of sizes to the one of their broadcast."""
        size = self.shapes[0][0]
        a, b = (np.pad(shape, (size - len(shape), 0), constant_values=1) for shape in (a, b))
        if ((a != b) & (a != 1) & (b != 1)).any():
            raise DomainError(
                f"shapes {a.tolist()} and {b.tolist()} do not broadcast",
                hint="an engine ends the process here",
            )
        return np.where(a == 1, b, a)

    def lower(self, site: Site) -> None:
        """One loop; what does not broadcast raises the alarm."""
        a, b, out = site.read(0), site.read(1), site.output
        words = (a.offset, a.size, b.offset, b.size, out.offset, site.alarm)
        site.call(broadcast_shapes(out.dtype.name.upper()), *words)
