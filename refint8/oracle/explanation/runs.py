"""Whole runs of a model beside each other: what every tensor holds, and which tensors differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from refint8.engine.session import Session
from refint8.errors import DomainError, UnsupportedError
from refint8.model.types import Model, Operator
from refint8.numerics.profiles import Profile
from refint8.ops._op import Array
from refint8.oracle.compare import compare_arrays
from refint8.oracle.explanation.entering import Number
from refint8.oracle.explanation.focus import Index


@dataclass(frozen=True)
class Difference:
    """A tensor of which two whole runs differ."""

    tensor: int
    name: str
    operator: int | None
    operator_name: str
    differing: int
    elements: int


@dataclass(frozen=True)
class OwnRun:
    """B's own run of the whole model, beside the derivation from A's values.

    `value` is the element there. `inputs` are the operator's inputs that already differ from A's,
    `first` the first tensor of the model that does. `refused` says why there is no such run.
    """

    value: Number | None = None
    inputs: tuple[Difference, ...] = ()
    first: Difference | None = None
    refused: str = ""


@dataclass(frozen=True, eq=False)
class Run:
    """One run: every tensor after it, and the variables before it."""

    session: Session | None
    tensors: Mapping[int, Array]
    before: Mapping[int, Array]
    refused: str = ""

    @classmethod
    def of(
        cls,
        model: Model,
        profile: Profile,
        arrays: Mapping[int, Array],
        *,
        may_refuse: bool = False,
    ) -> Run:
        """Run. Raises UnsupportedError and DomainError, unless they may become `refused`."""
        try:
            session = Session(model, profile, {i: a.shape for i, a in arrays.items()})
            graph = session.plan.subgraph
            variables = {
                t.index: session.view(t.index).copy() for t in graph.tensors if t.is_variable
            }
            tensors = {**session.plan.values, **session.run(arrays)}
        except (UnsupportedError, DomainError) as error:
            if not may_refuse:
                raise
            return cls(None, {}, {}, str(error))
        return cls(session, tensors, {**tensors, **variables})


def own_run(a: Run, b: Run, operator: Operator, tensor: int, at: Index) -> OwnRun:
    """What B's run has where A's is explained."""
    if b.refused:
        return OwnRun(refused=b.refused)
    assert a.session is not None
    model = a.session.plan.model
    theirs = b.tensors[tensor]
    same_shape = theirs.shape == a.tensors[tensor].shape
    differing = list(differences(model, a, b))
    return OwnRun(
        value=theirs[at].item() if same_shape else None,
        inputs=tuple(d for d in differing if d.tensor in operator.inputs),
        first=differing[0] if differing else None,
    )


def differences(model: Model, a: Run, b: Run) -> Iterator[Difference]:
    """The tensors that differ, in execution order."""
    graph = model.subgraphs[0]
    for op in graph.operators:
        for index in op.outputs:
            if index not in a.tensors or index not in b.tensors:
                continue
            diff = compare_arrays(index, a.tensors[index], b.tensors[index])
            if not diff.equal:
                name = graph.tensors[index].name
                yield Difference(index, name, op.index, op.title, diff.differing, diff.elements)
