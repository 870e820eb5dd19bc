"""All subgraphs of a model as plans, each made once for given input shapes.

This is what operators see of the model around them while they are prepared (`Surroundings`):
control flow calls subgraphs, resource variables have one number in all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from refint8.errors import UnsupportedError
from refint8.model.types import Model, Subgraph
from refint8.numerics.rules import Rules
from refint8.ops import Operand, Registration
from refint8.ops._op import Shape
from refint8.ops._surroundings import Callee

if TYPE_CHECKING:
    from refint8.engine.plan import Plan

Shapes = Mapping[int, Shape]
Name = tuple[str, str]
"""(container, shared name) of a resource variable."""

MOST_PLANS = 64
"""Plans that are kept; a loop whose tensors grow makes one for each turn."""


class Subgraphs:
    """The plans of a model under one assignment of rules and set of custom operators."""

    def __init__(
        self,
        model: Model,
        rules: Rules,
        operators: Mapping[str, Registration],
        planner: Callable[[Subgraphs, int, Shapes], Plan],
    ) -> None:
        self.model, self.rules, self.operators = model, rules, operators
        self._planner = planner
        self._plans: dict[tuple[int, tuple[tuple[int, Shape], ...]], Plan] = {}
        self._active: list[int] = []

    def plan(self, subgraph: int, input_shapes: Shapes) -> Plan:
        """A subgraph's plan. Raises UnsupportedError, also where it calls itself; DomainError."""
        key = (subgraph, tuple(sorted(input_shapes.items())))
        if key not in self._plans:
            if subgraph in self._active:
                raise UnsupportedError(f"subgraph {subgraph} calls itself", label="recursion")
            self._active.append(subgraph)
            try:
                plan = self._planner(self, subgraph, input_shapes)
            finally:
                self._active.pop()
            while len(self._plans) >= MOST_PLANS:
                del self._plans[next(iter(self._plans))]
            self._plans[key] = plan
        return self._plans[key]

    def callee(self, subgraph: int, inputs: Sequence[Operand]) -> Callee:
        """See Surroundings."""
        graph = self._graph(subgraph)
        shapes = {i: operand.shape for i, operand in zip(graph.inputs, inputs, strict=False)}
        plan = self.plan(subgraph, shapes)

        def operands(indexes: Sequence[int]) -> tuple[Operand, ...]:
            return tuple(
                Operand.of(graph.tensors[i], self.rules, shape=plan.shapes[i], dtype=plan.dtypes[i])
                for i in indexes
            )

        outputs = tuple(plan.shapes[i] for i in graph.outputs)
        return Callee(subgraph, operands(graph.inputs), operands(graph.outputs), outputs)

    def body(self, subgraph: int) -> tuple[str, ...]:
        """See Surroundings."""
        return tuple(operator.name for operator in self._graph(subgraph).operators)

    def _graph(self, subgraph: int) -> Subgraph:
        if not 0 <= subgraph < len(self.model.subgraphs):
            raise UnsupportedError(
                f"subgraph {subgraph} is called, the model has {len(self.model.subgraphs)}",
                label="subgraph",
            )
        return self.model.subgraphs[subgraph]

    def variable(self, container: str, name: str) -> int:
        """See Surroundings: the order of the VAR_HANDLE operators in the file counts."""
        return self._numbers[container, name]

    def first_value(self, variable: int) -> int | None:
        """See Environment."""
        return self._first_values.get(variable)

    @cached_property
    def _numbers(self) -> dict[Name, int]:
        names = dict.fromkeys(
            name for graph in self.model.subgraphs for name in handles(graph).values()
        )
        return {name: number for number, name in enumerate(names)}

    @cached_property
    def _first_values(self) -> dict[int, int]:
        values: dict[int, int] = {}
        for graph in self.model.subgraphs:
            known = handles(graph)
            for operator in graph.operators:
                if operator.name != "ASSIGN_VARIABLE" or len(operator.inputs) != 2:
                    continue
                handle, value = operator.inputs
                if handle in known and value >= 0:
                    quantization = graph.tensors[value].quantization
                    points = [] if quantization is None else quantization.zero_points[:1].tolist()
                    values.setdefault(self._numbers[known[handle]], int((points or [0])[0]))
        return values


def handles(graph: Subgraph) -> dict[int, Name]:
    """The variable that each handle of a subgraph's VAR_HANDLE operators stands for."""
    return {
        operator.outputs[0]: (
            str(operator.options.get("container", "")),
            str(operator.options.get("shared_name", "")),
        )
        for operator in graph.operators
        if operator.name == "VAR_HANDLE" and operator.outputs
    }
