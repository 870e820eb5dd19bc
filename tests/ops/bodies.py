"""Surroundings for operators whose computation is a subgraph: only its operators' names."""

from __future__ import annotations

from dataclasses import dataclass, replace

from refint8.ops._op import Node
from refint8.ops._surroundings import NOTHING_AROUND


@dataclass(frozen=True)
class Body:
    """Every subgraph has these operators."""

    names: tuple[str, ...]

    def body(self, subgraph: int) -> tuple[str, ...]:
        return self.names

    def __getattr__(self, name: str):
        return getattr(NOTHING_AROUND, name)


def with_body(operator: Node, *names: str) -> Node:
    """The node, with these operators as the body of any subgraph."""
    return replace(operator, surroundings=Body(names))
