"""SELECT_V2: each element from one of two tensors, with broadcasting.

out = x where condition is true, else y

C1  condition, x and y broadcast, to a rank of at most 8

Where condition, x, y and the declared output hold one element each, the output has its declared
shape. Values are moved as they are: any dtype of 8, 16, 32 or 64 bits. Quantization is not looked
at.

Semantics: LiteRT `kernels/select.cc` and `reference/select.h`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.ops._choose import ROWS, Choice, single_elements
from refint8.ops._op import Node, check, operator, refuse


@operator("SELECT_V2", versions=range(1, 3), dtypes=ROWS, dtype_of=1)
@dataclass(frozen=True, eq=False, kw_only=True)
class SelectV2(Choice):
    """The integer record."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1, shapes."""
        shapes = [node.input(position).shape for position in range(3)]
        if single_elements(node):
            return cls(shapes=(node.output.shape,), condition=shapes[0])
        try:
            shape = np.broadcast_shapes(*shapes)
        except ValueError:
            refuse("C1", f"the shapes {shapes} do not broadcast")
        check(len(shape) <= 8, "C1", f"a rank of {len(shape)} is above 8")
        return cls(shapes=(shape,), condition=shapes[0])
