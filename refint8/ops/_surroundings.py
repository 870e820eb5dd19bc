"""What lies around an operator: other subgraphs and resource variables.

Two views of it. While a plan is made an operator asks its `Surroundings`, which know names,
shapes and dtypes; when it runs, its spec is given an `Environment`, which holds values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from numpy.typing import NDArray

from refint8.errors import UnsupportedError

if TYPE_CHECKING:
    from refint8.ops._op import Operand

Place = tuple[int, int]
"""Which operator of a model: its subgraph's number and its own in it."""


@dataclass(frozen=True, eq=False)
class Callee:
    """A subgraph planned for given input shapes. An output's shape is None if only a run knows."""

    index: int
    inputs: tuple[Operand, ...]
    outputs: tuple[Operand, ...]
    shapes: tuple[tuple[int, ...] | None, ...]


class Surroundings(Protocol):
    """The model around an operator, before a run."""

    def variable(self, container: str, name: str) -> int:
        """The number that stands for a resource variable in every subgraph."""
        ...

    def body(self, subgraph: int) -> tuple[str, ...]:
        """The names of a subgraph's operators, for one that only asks which computation it is.

        Raises UnsupportedError when there is no such subgraph.
        """
        ...

    def callee(self, subgraph: int, inputs: Sequence[Operand]) -> Callee:
        """A subgraph planned for inputs of these shapes, or declared shapes where there are none.

        Raises UnsupportedError (it does not exist, it calls itself, its operators do not run) and
        DomainError.
        """
        ...


class Environment(Protocol):
    """The model around an operator, during a run."""

    @property
    def variables(self) -> dict[int, NDArray[Any]]:
        """Resource variables by number, those that have been assigned."""
        ...

    @property
    def memories(self) -> dict[Place, NDArray[Any]]:
        """What operators keep for their next run, by their place; at the start nothing."""
        ...

    @property
    def initialized(self) -> set[int]:
        """Subgraphs that CALL_ONCE has run."""
        ...

    @property
    def loop_limit(self) -> int:
        """How many times a loop may run."""
        ...

    def first_value(self, variable: int) -> int | None:
        """The zero point of the first tensor that the model assigns to a variable; None: none."""
        ...

    def call(self, subgraph: int, inputs: Sequence[NDArray[Any]]) -> tuple[NDArray[Any], ...]:
        """Run a subgraph; its outputs, copied. Raises as Session.invoke."""
        ...


class _Nothing:
    """The surroundings of an operator that was not read from a model."""

    def variable(self, container: str, name: str) -> int:
        return 0

    def body(self, subgraph: int) -> tuple[str, ...]:
        raise UnsupportedError(f"there is no subgraph {subgraph}", label="subgraph")

    def callee(self, subgraph: int, inputs: Sequence[Operand]) -> Callee:
        raise UnsupportedError(f"there is no subgraph {subgraph}", label="subgraph")


NOTHING_AROUND: Surroundings = _Nothing()
"""What a Node has when nobody says otherwise."""
