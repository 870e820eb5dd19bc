"""CALL: run a subgraph.

out = subgraph(in...)

No engine has a kernel for it; the schema leaves nothing open.

C1  the subgraph takes the inputs and gives as many outputs as the operator
C2  of the same dtypes

Semantics: the schema of ai-edge-litert 2.3.0 (CallOptions).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from refint8.native.lowering import Site
from refint8.ops._control import (
    VALUES,
    Caller,
    append_run,
    called,
    check_outputs,
    common_shapes,
    present,
)
from refint8.ops._op import Array, Node, operator
from refint8.ops._surroundings import Environment


@operator("CALL", versions=range(1, 2), dtypes=(f"{VALUES}->{VALUES}", f"{VALUES}->"))
@dataclass(frozen=True, eq=False, kw_only=True)
class Call(Caller):
    """The integer record."""

    subgraph: int

    @property
    def subgraphs(self) -> tuple[int, ...]:
        """See Record."""
        return (self.subgraph,)

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 and C2."""
        subgraph = int(node.options["subgraph"])
        callee = called(node, subgraph, present(node), len(node.outputs))
        check_outputs(node, callee)
        shapes = common_shapes([callee])
        return cls(shapes=shapes or (), static=shapes is not None, subgraph=subgraph)

    def spec(self, environment: Environment, *inputs: Array) -> tuple[Array, ...]:
        """The subgraph's outputs."""
        return environment.call(self.subgraph, inputs)

    def lower(self, site: Site) -> None:
        """A call."""
        (landing,) = self.landings(site)
        append_run(site, landing, self.given(site))
