"""Operators on two integer tensors that broadcast, without scales."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.errors import DomainError
from refint8.ops._elementwise import broadcast_shape
from refint8.ops._op import Array, Node, Record

EVERY_WIDTH = ("UINT8", "INT8", "UINT16", "INT16", "UINT32", "INT32")


@dataclass(frozen=True, eq=False, kw_only=True)
class IntegerPair(Record):
    """The integer record: nothing but the shape."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1."""
        return cls(shapes=(broadcast_shape(node.input(0), node.input(1), "C1"),))


def check_divisor(x: Array) -> None:
    """Report a divisor of 0, on which the engine refuses to run."""
    if not x.all():
        where = tuple(int(i) for i in np.argwhere(x == 0)[0])
        raise DomainError(f"the divisor is 0 at {where}")
