"""SELECT: each element from one of two tensors.

out[i, ...] = x[i, ...] where condition[i, ...] is true, else y[i, ...]. A condition of rank 1
beside tensors of a higher rank chooses whole slices of their first axis, one of rank 0 a whole
tensor.

C1  x and y have the same shape
C2  the condition has that shape too, or is one value, or one per index of the first axis

Where condition, x, y and the declared output hold one element each, any ranks go together and the
output has its declared shape.

Values are moved as they are: any dtype of 8, 16, 32 or 64 bits. Quantization is not looked at.

Semantics: LiteRT `kernels/select.cc` and `reference/select.h`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from refint8.ops._choose import ROWS, Choice, single_elements
from refint8.ops._op import Node, check, operator


@operator("SELECT", versions=range(1, 5), dtypes=ROWS, dtype_of=1)
@dataclass(frozen=True, eq=False, kw_only=True)
class Select(Choice):
    """The integer record."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1, C2, shapes."""
        condition, x, y = (node.input(position).shape for position in range(3))
        if single_elements(node):
            return cls(shapes=(node.output.shape,), condition=condition)
        check(x == y, "C1", f"values of {x} and {y}")
        if condition == x:
            return cls(shapes=(x,), condition=condition)
        check(
            condition == () or condition == x[:1],
            "C2",
            f"a condition of {condition} does not choose from {x}",
        )
        return cls(shapes=(x,), condition=condition + (1,) * (len(x) - len(condition)))
