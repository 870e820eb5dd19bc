"""Stand-ins for the model around an operator: variables in a dict, subgraphs as functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refint8.errors import UnsupportedError
from refint8.ops._op import Node, Operand
from refint8.ops._surroundings import Callee

Function = Callable[..., tuple[NDArray[Any], ...]]


@dataclass
class Around:
    """Surroundings and Environment in one."""

    functions: dict[int, Function] = field(default_factory=dict)
    callees: dict[int, Callee] = field(default_factory=dict)
    variables: dict[int, NDArray[Any]] = field(default_factory=dict)
    memories: dict[tuple[int, int], NDArray[Any]] = field(default_factory=dict)
    initialized: set[int] = field(default_factory=set)
    loop_limit: int = 50
    zero_points: dict[int, int] = field(default_factory=dict)
    calls: list[int] = field(default_factory=list)

    def variable(self, container: str, name: str) -> int:
        return 10 * len(container) + len(name)

    def first_value(self, variable: int) -> int | None:
        return self.zero_points.get(variable)

    def body(self, subgraph: int) -> tuple[str, ...]:
        return ()

    def callee(self, subgraph: int, inputs: Sequence[Operand]) -> Callee:
        if subgraph not in self.callees:
            raise UnsupportedError("no such subgraph", label="subgraph")
        return self.callees[subgraph]

    def call(self, subgraph: int, inputs: Sequence[NDArray[Any]]) -> tuple[NDArray[Any], ...]:
        self.calls.append(subgraph)
        return self.functions[subgraph](*inputs)

    def subgraph(
        self,
        index: int,
        inputs: Sequence[Operand],
        outputs: Sequence[Operand],
        function: Function = lambda *arrays: arrays,
        shapes: Sequence[tuple[int, ...] | None] | None = None,
    ) -> None:
        """Declare a subgraph; its outputs have the operands' shapes unless told otherwise."""
        known = [operand.shape for operand in outputs] if shapes is None else shapes
        self.callees[index] = Callee(index, tuple(inputs), tuple(outputs), tuple(known))
        self.functions[index] = function

    def node(self, made: Node) -> Node:
        return replace(made, surroundings=self)


def double(x: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    return (np.asarray(2 * x),)
