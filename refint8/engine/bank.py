"""The resource variables of a program, in its arena while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refint8.engine.layout import Layout
from refint8.native.control import ASSIGNED, LOADED
from refint8.native.lowering import Place
from refint8.ops._op import Array


def view(arena: NDArray[np.uint8], place: Place) -> Array:
    """The bytes of a place as an array."""
    raw: Any = arena[place.offset : place.offset + place.nbytes]
    shaped: Array = raw.view(place.dtype).reshape(place.shape)
    return shaped


def word(arena: NDArray[np.uint8], offset: int) -> NDArray[np.int64]:
    """An int64 of the arena, as an array of one."""
    return arena[offset : offset + 8].view(np.int64)


class Bank:
    """Values and states (`Held`) in one arena, and which subgraphs CALL_ONCE has run.

    A variable of another dtype or size than the program's stays outside, so that the program's
    operators find none and their specs say what is wrong.
    """

    def __init__(self, arena: NDArray[np.uint8], layout: Layout) -> None:
        self._values = {n: view(arena, held.value) for n, held in layout.variables.items()}
        self._states = {n: word(arena, held.state) for n, held in layout.variables.items()}
        self._once = {subgraph: word(arena, at) for subgraph, at in layout.once.items()}

    def __bool__(self) -> bool:
        return bool(self._values or self._once)

    def load(self, variables: Mapping[int, Array], initialized: set[int]) -> None:
        """Take over what has been assigned elsewhere."""
        for number, value in self._values.items():
            given = variables.get(number)
            fits = given is not None and given.dtype == value.dtype and given.size == value.size
            if given is not None and fits:
                value[...] = given.reshape(value.shape)
            self._states[number][0] = LOADED if fits else 0
        for subgraph, done in self._once.items():
            done[0] = subgraph in initialized

    def store(self, variables: dict[int, Array], initialized: set[int]) -> None:
        """Hand over what the program has assigned."""
        for number, state in self._states.items():
            if state[0] == ASSIGNED:
                variables[number] = self._values[number].copy()
        initialized |= {subgraph for subgraph, done in self._once.items() if done[0]}
