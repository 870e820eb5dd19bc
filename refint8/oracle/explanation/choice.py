"""Which element is meant: tensors by name or number, elements by index, the nearest names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from refint8.errors import UsageError
from refint8.model import names
from refint8.model.types import Model, Tensor
from refint8.ops._op import Array
from refint8.oracle.explanation.focus import Index
from refint8.oracle.explanation.runs import Run, differences


def tensor_of(model: Model, wanted: int | str | None, a: Run, b: Run | None) -> Tensor:
    """A tensor by name or number, None for the first that differs. Raises UsageError."""
    graph = model.subgraphs[0]
    if wanted is None:
        return graph.tensors[_first_parting(model, a, b)]
    # Of several with one name the first that a run computes.
    named = [t for t in graph.tensors if t.name == wanted and t.index in a.tensors]
    return named[0] if named else names.tensor_of(graph, wanted)


def _first_parting(model: Model, a: Run, b: Run | None) -> int:
    if b is None or b.refused:
        raise UsageError(
            "no tensor was named" + (f", and there is no second run: {b.refused}" if b else ""),
            hint="--tensor names one; with --against the first that differs is taken",
        )
    first = next(differences(model, a, b), None)
    if first is None:
        raise UsageError("the two profiles compute equal tensors", hint="name one with --tensor")
    return first.tensor


def index_of(tensor: Tensor, wanted: Sequence[int] | None, tensors: Mapping[int, Array]) -> Index:
    """An element's index, None for the first one. Raises UsageError."""
    shape = tensors[tensor.index].shape
    what = f"tensor {tensor.index} '{tensor.name}' has shape {list(shape)}"
    if not tensors[tensor.index].size:
        raise UsageError(f"{what}, no element")
    if wanted is None:
        return (0,) * len(shape)
    if len(wanted) != len(shape):
        raise UsageError(f"{what}; an element of it has {len(shape)} numbers, not {len(wanted)}")
    for axis, (i, size) in enumerate(zip(wanted, shape, strict=True)):
        if not 0 <= i < size:
            raise UsageError(
                f"{what}; {i} is outside dimension {axis}", hint=f"it goes from 0 to {size - 1}"
            )
    return tuple(int(i) for i in wanted)
