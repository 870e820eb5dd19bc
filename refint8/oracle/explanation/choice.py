"""Which element is meant: tensors by name or number, elements by index, the nearest names."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from refint8.errors import UsageError
from refint8.model.types import Model, Tensor
from refint8.ops._op import Array
from refint8.oracle.explanation.focus import Index
from refint8.oracle.explanation.runs import Run, differences


def tensor_of(model: Model, wanted: int | str | None, a: Run, b: Run | None) -> Tensor:
    """A tensor by name or number, None for the first that differs. Raises UsageError."""
    tensors = model.subgraphs[0].tensors
    if wanted is None:
        return tensors[_first_parting(model, a, b)]
    names = [t.name for t in tensors]
    if isinstance(wanted, str) and wanted in names:
        # Of several with one name the first that a run computes.
        found = [t for t in tensors if t.name == wanted]
        return next((t for t in found if t.index in a.tensors), found[0])
    if isinstance(wanted, str) and not wanted.isdecimal():
        near = _nearest(wanted, names)
        hint = "did you mean " + " or ".join(f"'{name}'" for name in near) + "?" if near else ""
        raise UsageError(
            f"the model has no tensor '{wanted}'", hint=hint or "`refint8 inspect` lists them"
        )
    number = int(wanted)
    if not 0 <= number < len(tensors):
        raise UsageError(
            f"the model has no tensor {number}", hint=f"its tensors are 0 to {len(tensors) - 1}"
        )
    return tensors[number]


def _nearest(wanted: str, names: list[str]) -> list[str]:
    """Names that contain the wanted one, then those that look like it; five at most."""
    inside = [name for name in names if wanted.lower() in name.lower()]
    alike = difflib.get_close_matches(wanted, [name for name in names if name], n=5, cutoff=0.3)
    return list(dict.fromkeys([*inside, *alike]))[:5]


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
