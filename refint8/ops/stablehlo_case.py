"""STABLEHLO_CASE: one of several subgraphs.

out = branch[index](in...); an index outside takes the last branch

C1  every branch takes the inputs behind the index and gives as many outputs as the operator
C2  of the same dtypes
C3  the index is one element, and there is a branch

Semantics: LiteRT `kernels/stablehlo_case.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

from refint8.native.control import jump, jump_to_case
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


@operator("STABLEHLO_CASE", versions=range(1, 2), dtypes=(f"INT32,{VALUES}->{VALUES}",))
@dataclass(frozen=True, eq=False, kw_only=True)
class StablehloCase(Caller):
    """The integer record."""

    passed_from = 1

    branches: tuple[int, ...]

    @property
    def subgraphs(self) -> tuple[int, ...]:
        """See Record."""
        return self.branches

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3 for all branches, whichever will run."""
        subgraphs = tuple(int(i) for i in node.options["branch_subgraph_indices"])
        index, inputs = node.input(0).shape, present(node, 1)
        check(
            math.prod(index) == 1 and subgraphs,
            "C3",
            f"the index has shape {index}, there are {len(subgraphs)} branches",
        )
        branches = [called(node, subgraph, inputs, len(node.outputs)) for subgraph in subgraphs]
        for branch in branches:
            check_outputs(node, branch)
        shapes = common_shapes(branches)
        return cls(shapes=shapes or (), static=shapes is not None, branches=subgraphs)

    def spec(self, environment: Environment, index: Array, *inputs: Array) -> tuple[Array, ...]:
        """The outputs of the chosen subgraph."""
        number = int(index.reshape(-1)[0])
        inside = 0 <= number < len(self.branches)
        return environment.call(self.branches[number if inside else -1], inputs)

    def lower(self, site: Site) -> None:
        """A call for each branch, and a jump to one of them."""
        landings, given = self.landings(site), self.given(site)
        cases, end = [Label() for _ in landings], Label()
        site.call(jump_to_case, site.alarm, site.read(0).offset, len(cases), *cases)
        for case, landing in zip(cases, landings, strict=True):
            site.mark(case)
            append_run(site, landing, given)
            site.call(jump, site.alarm, end)
        site.mark(end)
