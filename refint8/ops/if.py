# ruff: noqa: N999  (the keyword is the operator's name)
"""IF: one of two subgraphs.

out = then(in...) where the condition holds, = else(in...) where it does not

C1  both subgraphs take the inputs behind the condition and give as many outputs as the operator
C2  of the same dtypes
C3  the condition is one element

Semantics: LiteRT `kernels/if.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

from refint8.ops._control import VALUES, Caller, called, check_outputs, common_shapes, present
from refint8.ops._op import Array, Node, check, operator
from refint8.ops._surroundings import Environment


@operator("IF", versions=range(1, 2), dtypes=(f"BOOL,{VALUES}->{VALUES}", f"BOOL,{VALUES}->"))
@dataclass(frozen=True, eq=False, kw_only=True)
class If(Caller):
    """The integer record."""

    then: int
    otherwise: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3 for both branches, whichever will run."""
        condition = node.input(0).shape
        check(math.prod(condition) == 1, "C3", f"the condition has shape {condition}")
        options, inputs = node.options, present(node, 1)
        subgraphs = (int(options["then_subgraph_index"]), int(options["else_subgraph_index"]))
        branches = [called(node, index, inputs, len(node.outputs)) for index in subgraphs]
        for branch in branches:
            check_outputs(node, branch)
        shapes = common_shapes(branches)
        return cls(
            shapes=shapes or (),
            static=shapes is not None,
            then=subgraphs[0],
            otherwise=subgraphs[1],
        )

    def spec(self, environment: Environment, condition: Array, *inputs: Array) -> tuple[Array, ...]:
        """The outputs of the chosen subgraph."""
        chosen = self.then if bool(condition.reshape(-1)[0]) else self.otherwise
        return environment.call(chosen, inputs)
