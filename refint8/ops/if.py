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

from refint8.native.control import jump, jump_unless
from refint8.native.lowering import Label, Site
from refint8.ops._control import (
    VALUES,
    Caller,
    append_run,
    called,
    check_outputs,
    common_shapes,
    present,
)
from refint8.ops._op import Array, Node, check, operator
from refint8.ops._surroundings import Environment


@operator("IF", versions=range(1, 2), dtypes=(f"BOOL,{VALUES}->{VALUES}", f"BOOL,{VALUES}->"))
@dataclass(frozen=True, eq=False, kw_only=True)
class If(Caller):
    """The integer record."""

    passed_from = 1

    then: int
    otherwise: int

    @property
    def subgraphs(self) -> tuple[int, ...]:
        """See Record."""
        return (self.then, self.otherwise)

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

    def lower(self, site: Site) -> None:
        """Two calls, one of which is jumped over."""
        then, otherwise = self.landings(site)
        given = self.given(site)
        no, end = Label(), Label()
        site.call(jump_unless, site.alarm, no, site.read(0).offset)
        append_run(site, then, given)
        site.call(jump, site.alarm, end)
        site.mark(no)
        append_run(site, otherwise, given)
        site.mark(end)
