"""A Python function inside the child process; `option` is MODULE:FUNCTION or FILE.py:FUNCTION."""

from __future__ import annotations

import importlib
import runpy
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from refint8.model.reader import read_model
from refint8.oracle.targets.answers import called

NOTES_STDOUT = True
"""A function has no business on stdout; what it prints there is noted with its result."""


def version(option: str) -> str:
    """What is called; raises where there is no such function."""
    _function(option)
    return f"Python function {option}"


def run(
    option: str,
    content: bytes,
    inputs: Sequence[Mapping[int, Any]],
    tensors: Sequence[int],
    input_shapes: Mapping[int, tuple[int, ...]],
    stream: bool = False,
) -> list[dict[int, Any]]:
    """Every input set in a call of its own, in order."""
    graph = read_model(content).subgraphs[0]
    return [called(_function(option), content, given, graph) for given in inputs]


@cache
def _function(option: str) -> Callable[..., Any]:
    where, _, name = option.rpartition(":")
    if where.endswith(".py"):
        found = runpy.run_path(where).get(name)
    else:
        found = getattr(importlib.import_module(where), name, None)
    if not callable(found):
        raise LookupError(f"{where} has no function {name!r}")
    return found  # type: ignore[no-any-return]
