"""What operators that run subgraphs share: conditions on the callee, the outputs' shapes.

A subgraph runs by its specs, in compiled programs too: control flow is an interlude there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from refint8.ops._dtypes import ANY
from refint8.ops._op import Node, Operand, Record, Shape, check
from refint8.ops._surroundings import Callee

VALUES: Final = f"{'|'.join((*ANY, 'RESOURCE'))}*"
"""Any number of tensors of any dtype."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Caller(Record):
    """A record of control flow; `static` says whether `shapes` are known before a run."""

    needs_environment = True

    static: bool

    @property
    def open_shapes(self) -> bool:
        """Whether only a run knows the shapes."""
        return not self.static


def present(node: Node, first: int = 0) -> tuple[Operand, ...]:
    """The inputs from position `first` on; all must be there (C1)."""
    operands = tuple(operand for operand in node.inputs[first:] if operand is not None)
    check(len(operands) == len(node.inputs) - first, "C1", "an input is absent")
    return operands


def called(node: Node, subgraph: int, inputs: Sequence[Operand], outputs: int) -> Callee:
    """The planned subgraph: C1 it takes the inputs and gives so many outputs, C2 their dtypes."""
    callee = node.surroundings.callee(subgraph, inputs)
    check(
        len(callee.inputs) == len(inputs) and len(callee.outputs) == outputs,
        "C1",
        f"subgraph {subgraph} takes {len(callee.inputs)} tensors and gives {len(callee.outputs)},"
        f" not {len(inputs)} and {outputs}",
    )
    pairs = zip(callee.inputs, inputs, strict=True)
    wrong = [(a.dtype, b.dtype) for a, b in pairs if a.dtype != b.dtype]
    check(not wrong, "C2", f"subgraph {subgraph} takes and is given {wrong[:1]}")
    return callee


def check_outputs(node: Node, callee: Callee) -> None:
    """C2: the callee's outputs have the dtypes of the operator's."""
    pairs = zip(callee.outputs, node.outputs, strict=True)
    wrong = [(a.dtype, b.dtype) for a, b in pairs if a.dtype != b.dtype]
    check(not wrong, "C2", f"subgraph {callee.index} gives {wrong[:1]}, the operator has the other")


def common_shapes(callees: Sequence[Callee]) -> tuple[Shape, ...] | None:
    """The shapes of the outputs where they are known and all callees agree, else None."""
    known: list[Shape] = []
    for shapes in zip(*(callee.shapes for callee in callees), strict=True):
        first = shapes[0]
        if first is None or any(shape != first for shape in shapes):
            return None
        known.append(first)
    return tuple(known)
