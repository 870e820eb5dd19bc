"""CALL_ONCE: run a subgraph the first time, and never again.

(nothing) = subgraph(), which assigns variables; no operation after the first run

Once means once in the life of an interpreter, whichever CALL_ONCE asks; resetting variables does
not count as a new life, in TFLM neither.

C1  the subgraph takes and gives nothing

Semantics: LiteRT `kernels/call_once.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from refint8.native.control import jump_if_set, set_word
from refint8.native.lowering import Label, Site
from refint8.ops._control import append_call
from refint8.ops._op import Node, Record, check, operator
from refint8.ops._surroundings import Environment


@operator("CALL_ONCE", versions=range(1, 2), dtypes=("->",))
@dataclass(frozen=True, eq=False, kw_only=True)
class CallOnce(Record):
    """The integer record."""

    needs_environment = True

    subgraph: int

    @property
    def subgraphs(self) -> tuple[int, ...]:
        """See Record."""
        return (self.subgraph,)

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1, and those of the subgraph's operators."""
        callee = node.surroundings.callee(int(node.options["init_subgraph_index"]), ())
        check(
            not callee.inputs and not callee.outputs,
            "C1",
            f"subgraph {callee.index} has {len(callee.inputs)} inputs and {len(callee.outputs)}"
            " outputs",
        )
        return cls(shapes=(), subgraph=callee.index)

    def spec(self, environment: Environment) -> tuple[()]:
        """No output."""
        if self.subgraph not in environment.initialized:
            environment.call(self.subgraph, ())
            environment.initialized.add(self.subgraph)
        return ()

    def lower(self, site: Site) -> None:
        """A call that is jumped over from the second time on."""
        around, end = site.around, Label()
        landing, done = around.landing(self.subgraph, 0), around.once(self.subgraph)
        site.call(jump_if_set, site.alarm, end, done)
        append_call(site, landing)
        site.call(set_word, done, 1)
        site.mark(end)
