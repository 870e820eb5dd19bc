"""What lives longer than a run: resource variables, subgraphs that ran once, called subgraphs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Protocol

from refint8.engine.machine import SpecMachine, reset_variables
from refint8.engine.subgraphs import MOST_PLANS, Subgraphs
from refint8.ops._op import Array, Shape
from refint8.ops._surroundings import Place
from refint8.ops._variables import in_every_byte

LOOP_LIMIT = 100_000
"""Turns of a WHILE before it counts as endless; REFINT8_LOOP_LIMIT replaces it."""


class Borrower(Protocol):
    """A program that has the resource variables in memory of its own while it runs."""

    def load(self, variables: Mapping[int, Array], initialized: set[int]) -> None:
        """Take them over."""
        ...

    def store(self, variables: dict[int, Array], initialized: set[int]) -> None:
        """Give back what has changed."""
        ...


class SharedEnvironment:
    """One for all runs of an interpreter, and for all of its subgraphs (see `Environment`)."""

    def __init__(self, subgraphs: Subgraphs) -> None:
        self.subgraphs = subgraphs
        self._variables: dict[int, Array] = {}
        self.memories: dict[Place, Array] = {}
        self._initialized: set[int] = set()
        self._borrower: Borrower | None = None
        self._machines: dict[tuple[int, tuple[Shape, ...]], SpecMachine] = {}

    @property
    def variables(self) -> dict[int, Array]:
        """See Environment."""
        self._settle()
        return self._variables

    @property
    def initialized(self) -> set[int]:
        """See Environment."""
        self._settle()
        return self._initialized

    def lend(self, borrower: Borrower) -> None:
        """Let a program keep the variables until anybody asks for them."""
        if self._borrower is not borrower:
            self._settle()
            borrower.load(self._variables, self._initialized)
            self._borrower = borrower

    def _settle(self) -> None:
        if self._borrower is not None:
            self._borrower.store(self._variables, self._initialized)
            self._borrower = None

    @property
    def loop_limit(self) -> int:
        """See Environment."""
        return int(os.environ.get("REFINT8_LOOP_LIMIT", LOOP_LIMIT))

    def first_value(self, variable: int) -> int | None:
        """See Environment."""
        return self.subgraphs.first_value(variable)

    def call(self, subgraph: int, inputs: Sequence[Array]) -> tuple[Array, ...]:
        """See Environment. The specs run it; its variable tensors stay from call to call."""
        machine = self._machine(subgraph, inputs)
        graph = machine.plan.subgraph
        for index, value in zip(graph.inputs, inputs, strict=True):
            machine.view(index)[...] = value
        machine.invoke()
        known = machine.plan.values
        return tuple(
            (known[index] if index in known else machine.view(index)).copy()
            for index in graph.outputs
        )

    def reset_variable_tensors(self) -> None:
        """Set the variable tensors of called subgraphs to their initial values."""
        for machine in self._machines.values():
            reset_variables(machine.plan, machine)

    def reset_resource_variables(self) -> None:
        """Set what has been assigned to the zero point in every byte, as TFLM does.

        Subgraphs that CALL_ONCE has run do not run again.
        """
        for number, value in self.variables.items():
            byte = self.first_value(number) or 0
            self.variables[number] = in_every_byte(byte, value.shape, value.dtype)

    def forget(self, subgraph: int) -> None:
        """Let the operators of a subgraph keep nothing, as if they were new."""
        for place in [place for place in self.memories if place[0] == subgraph]:
            del self.memories[place]

    def restart(self) -> None:
        """Forget everything, as if nothing had run."""
        self.variables.clear()
        self.memories.clear()
        self.initialized.clear()
        self._machines.clear()

    def _machine(self, subgraph: int, inputs: Sequence[Array]) -> SpecMachine:
        key = (subgraph, tuple(value.shape for value in inputs))
        if key not in self._machines:
            graph = self.subgraphs.model.subgraphs[subgraph]
            shapes = {i: value.shape for i, value in zip(graph.inputs, inputs, strict=True)}
            while len(self._machines) >= MOST_PLANS:
                del self._machines[next(iter(self._machines))]
            self._machines[key] = SpecMachine(self.subgraphs.plan(subgraph, shapes), self)
        return self._machines[key]
