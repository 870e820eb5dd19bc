"""What SELECT and SELECT_V2 share: elements of one of two tensors, by a condition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._copy_kernel import View
from refint8.ops._dtypes import WHOLE_BYTES, rows
from refint8.ops._op import Array, Node, Record, Shape
from refint8.ops._select_kernel import choose
from refint8.ops._spread import spread

ROWS: Final = rows("BOOL,{T},{T}->{T}", WHOLE_BYTES)


@dataclass(frozen=True, eq=False, kw_only=True)
class Choice(Record):
    """The integer record. `condition` is the condition's shape as it broadcasts to the output."""

    condition: Shape

    def spec(self, condition: Array, x: Array, y: Array) -> Array:
        """Condition, x and y, which broadcast."""
        chosen: Array = np.where(condition.reshape(self.condition), x, y)
        return chosen.reshape(self.shapes[0])

    def lower(self, site: Site) -> None:
        """One pass over all elements; what broadcasts is written out first."""
        shapes = (self.condition, site.input(1).shape, site.input(2).shape)
        whole = np.broadcast_shapes(*shapes)
        views = (
            spread(View.of(site.read(position), shape), whole)
            for position, shape in enumerate(shapes)
        )
        choose(site, *views)


def single_elements(node: Node) -> bool:
    """Whether everything is one element: LiteRT then keeps the output's declared shape."""
    operands = (*(node.input(position) for position in range(3)), node.output)
    return all(int(np.prod(operand.shape)) == 1 for operand in operands)
