"""Tensors by what a user calls them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from refint8.errors import UsageError
from refint8.model.types import Subgraph, Tensor

MOST_NEAREST = 3


def tensor_of(graph: Subgraph, name: str | int) -> Tensor:
    """The tensor of that name or index; an index may be given as text ("12").

    Of several tensors with one name it is the first. Raises UsageError with the nearest names.
    """
    text = str(name)
    for tensor in graph.tensors:
        if tensor.name == name:
            return tensor
    if text.lstrip("-").isdecimal():
        count = len(graph.tensors)
        if 0 <= int(text) < count:
            return graph.tensors[int(text)]
        raise UsageError(
            f"there is no tensor {text}", hint=f"the model's tensors are 0 to {count - 1}"
        )
    near = nearest(text, [tensor.name for tensor in graph.tensors if tensor.name])
    raise UsageError(f"there is no tensor {text!r}", hint=near)


def nearest(name: str, names: Iterable[str]) -> str:
    """A hint with the names most like `name`."""
    known = list(dict.fromkeys(names))
    # A part of a long name is what people remember of it.
    close = [each for each in known if name.lower() in each.lower()]
    lower = {each.lower(): each for each in reversed(known)}
    alike = difflib.get_close_matches(name.lower(), lower, MOST_NEAREST, 0.5)
    close += [lower[each] for each in alike if lower[each] not in close]
    if close:
        return "the nearest: " + ", ".join(repr(each) for each in close[:MOST_NEAREST])
    return "there are: " + ", ".join(repr(each) for each in known[:MOST_NEAREST])
