"""What operators that run subgraphs share: conditions on the callee, shapes, calls in programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from refint8.native.control import call_subgraph, copy_tensors
from refint8.native.lowering import Label, Landing, NotFastError, Place, Site
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

    def given(self, site: Site) -> list[Place]:
        """The inputs that subgraphs are given. Raises NotFastError for handles."""
        places = [place for place in site.inputs[self.passed_from :] if place is not None]
        if len(places) < len(site.inputs) - self.passed_from:
            raise NotFastError("a handle is passed on")
        return places

    def landings(self, site: Site) -> list[Landing]:
        """The subgraphs' instructions. Raises NotFastError where one has none."""
        if self.open_shapes:
            raise NotFastError("only a run knows the shapes")
        return [site.around.landing(subgraph, self.passed_from) for subgraph in self.subgraphs]


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


def append_call(site: Site, landing: Landing) -> None:
    """Run a subgraph on what lies in its inputs."""
    back = Label()
    site.call(call_subgraph, site.alarm, landing.entry, landing.back, back)
    site.mark(back)


def append_copies(site: Site, sources: Sequence[Place], targets: Sequence[Place]) -> None:
    """Copy tensors one after the other. Raises NotFastError where they differ in bytes."""
    words: list[int] = []
    for source, target in zip(sources, targets, strict=True):
        if source.nbytes != target.nbytes:
            raise NotFastError(f"{source.nbytes} bytes are passed as {target.nbytes}")
        constant = source.data is not None
        at = site.constant(source.data) if source.data is not None else source.offset
        words += [at, int(not constant), target.offset, source.nbytes]
    if words:
        site.call(copy_tensors, len(sources), *words)


def append_run(site: Site, landing: Landing, given: Sequence[Place]) -> None:
    """Inputs in, the subgraph, the operator's outputs out."""
    append_copies(site, given, landing.inputs)
    append_call(site, landing)
    append_copies(site, landing.outputs, site.outputs)
