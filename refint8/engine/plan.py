"""From a model to prepared steps: order, shapes, integer records.

Shapes and the values of shape arithmetic (SHAPE, STRIDED_SLICE, PACK, ... feeding a RESHAPE) are
followed from the input shapes, so almost every operator is prepared before the first invoke. What
depends on values that only an invoke knows stays open and is prepared then.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from refint8.engine.limits import check_memory, check_written, empty_constants
from refint8.engine.refusal import refuse_all, refuse_custom
from refint8.engine.subgraphs import Subgraphs
from refint8.errors import DomainError, ModelError, UnsupportedError, Where
from refint8.model.sparsity import MAX_ELEMENTS, expand
from refint8.model.types import NUMPY_DTYPE, Model, Operator, Subgraph
from refint8.numerics.rules import Rules
from refint8.ops import REGISTRY, Node, Operand, Record, Registration, prepare
from refint8.ops._custom import find_custom
from refint8.ops._op import Array, Shape
from refint8.ops._surroundings import Environment

FOLD_LIMIT = 1 << 16
"""A value of more elements than this is not computed while planning, only when run."""


@dataclass(frozen=True, eq=False)
class Step:
    """One operator in execution order; `record` is None while a value it needs is unknown.

    A plan's steps have no `refusal`; a survey's may have one instead of a record.
    """

    operator: Operator
    where: Where
    record: Record | None
    refusal: UnsupportedError | DomainError | None = None


@dataclass(frozen=True, eq=False)
class Plan:
    """A subgraph, ready to run under one assignment of rules.

    `shapes` are the actual shapes by tensor index (None: known only when run), `dtypes` the actual
    dtypes; `values` what is known before a run: constants, and what follows from them and shapes.
    """

    model: Model
    subgraph: Subgraph
    rules: Rules
    steps: tuple[Step, ...]
    shapes: Mapping[int, Shape | None]
    dtypes: Mapping[int, str]
    values: Mapping[int, Array]
    subgraphs: Subgraphs

    def is_known(self, step: Step) -> bool:
        """Whether there is nothing to run: all that the operator writes is in `values`."""
        outputs = step.operator.outputs
        return bool(outputs) and all(index in self.values for index in outputs)

    @property
    def stateful(self) -> bool:
        """Whether a run may leave something behind for the next one."""
        if any(tensor.is_variable for tensor in self.subgraph.tensors):
            return True
        return any(self._leaves_something(step) for step in self.steps)

    def _leaves_something(self, step: Step) -> bool:
        record = step.record
        if record is None or not record.needs_environment:
            return record is None
        called = [self.called(step, subgraph) for subgraph in record.subgraphs]
        return not called or any(plan is None or plan.stateful for plan in called)

    def called(self, step: Step, subgraph: int) -> Plan | None:
        """The plan of a subgraph that a step runs; None while a shape that it is given is open."""
        assert step.record is not None
        passed = step.operator.inputs[step.record.passed_from :]
        taken = self.model.subgraphs[subgraph].inputs
        given = {i: self.shapes.get(k) for i, k in zip(taken, passed, strict=True)}
        known = {i: shape for i, shape in given.items() if shape is not None}
        return self.subgraphs.plan(subgraph, known) if len(known) == len(given) else None


def make_plan(
    model: Model,
    rules: Rules,
    input_shapes: Mapping[int, Shape] | None = None,
    subgraph: int = 0,
    operators: Mapping[str, Registration] | None = None,
) -> Plan:
    """Prepare every operator of a subgraph, and of the subgraphs that it calls.

    `input_shapes` replaces declared shapes of graph inputs by tensor index; `operators` are
    custom ones by code. Raises UnsupportedError with *all* operators that cannot run, or
    DomainError for the first one whose arithmetic is not defined.
    """
    return all_subgraphs(model, rules, operators).plan(subgraph, input_shapes or {})


def all_subgraphs(
    model: Model, rules: Rules, operators: Mapping[str, Registration] | None = None
) -> Subgraphs:
    """The plans of a model, none of them made yet."""
    return Subgraphs(model, rules, operators or {}, _plan)


def _plan(around: Subgraphs, subgraph: int, input_shapes: Mapping[int, Shape]) -> Plan:
    model = around.model
    check_written(model, model.subgraphs[subgraph])
    plan = _survey(around, subgraph, input_shapes)
    refused = [step.refusal for step in plan.steps if step.refusal is not None]
    unsupported = [error for error in refused if isinstance(error, UnsupportedError)]
    if unsupported:
        raise refuse_all(unsupported, model)
    if refused:
        raise refused[0]
    check_memory(model, plan.shapes, plan.dtypes)
    return plan


def survey(
    model: Model,
    rules: Rules,
    input_shapes: Mapping[int, Shape] | None = None,
    subgraph: int = 0,
) -> Plan:
    """Like make_plan, but what an operator refuses stays with its step, to be looked at.

    Behind a refused operator shapes are taken as declared.
    """
    return _survey(all_subgraphs(model, rules), subgraph, input_shapes or {})


def _survey(around: Subgraphs, subgraph: int, input_shapes: Mapping[int, Shape]) -> Plan:
    model, rules = around.model, around.rules
    graph = model.subgraphs[subgraph]
    shapes: dict[int, Shape | None] = {t.index: t.shape for t in graph.tensors}
    shapes.update(input_shapes)
    dtypes = {t.index: t.dtype for t in graph.tensors}
    values = known_values(model, graph)
    steps: list[Step] = []
    for operator in graph.operators:
        where = Where(model.name, subgraph, operator.index, operator.title)
        _overrule_dtype(operator, rules, dtypes)
        try:
            record = prepare_operator(operator, where, graph, around, shapes, dtypes, values)
            _follow(operator, record, shapes, values)
            steps.append(Step(operator, where, record))
        except (UnsupportedError, DomainError) as error:
            steps.append(Step(operator, where, None, error.at(where)))
    return Plan(model, graph, rules, tuple(steps), shapes, dtypes, values, around)


def known_values(model: Model, graph: Subgraph) -> dict[int, Array]:
    """The constants by tensor index, sparse ones as the dense tensors that they stand for.

    Sparse tensors that no operator takes as such are left out; their operators refuse them.
    Constants without elements, such as the shape of a scalar, have no bytes in the file.
    """
    values = {t.index: t.data for t in graph.tensors if t.data is not None and not t.sparse}
    values |= {t.index: np.zeros(t.shape, NUMPY_DTYPE[t.dtype]) for t in empty_constants(graph)}
    for operator in graph.operators:
        registration = REGISTRY.get(operator.name)
        for position in registration.sparse if registration else ():
            index = operator.inputs[position] if position < len(operator.inputs) else -1
            tensor = graph.tensors[index] if index >= 0 else None
            if tensor and tensor.data is not None and tensor.sparsity and index not in values:
                try:
                    values[index] = expand(tensor.data, tensor.sparsity, tensor.shape)
                except ModelError as error:
                    place = Where(model.name, graph.index, tensor=index, tensor_name=tensor.name)
                    raise error.at(place) from None
    return values


def prepare_operator(
    operator: Operator,
    where: Where,
    graph: Subgraph,
    around: Subgraphs,
    shapes: Mapping[int, Shape | None],
    dtypes: Mapping[int, str],
    values: Mapping[int, Array],
) -> Record | None:
    """The integer record, or None while a shape or a value that it needs is unknown.

    Raises UnsupportedError and DomainError with the place filled in.
    """
    registration = _registration(operator, around)
    if operator.name == "CUSTOM" and registration is None:
        raise refuse_custom(operator).at(where)
    taken_sparse = registration.sparse if registration else ()
    for position, index in enumerate(operator.inputs):
        if index >= 0 and graph.tensors[index].sparse and position not in taken_sparse:
            raise UnsupportedError(
                f"tensor {index} '{graph.tensors[index].name}' is stored sparsely",
                label="sparse",
                where=where,
                hint="convert the model with dense weights",
            )

    node = node_of(operator, graph, around, shapes, dtypes, values)
    needs = registration.values if registration else ()
    needed = [node.optional_input(position) for position in needs]
    unknown_shape = any(shapes[i] is None for i in operator.inputs if i >= 0)
    if registration and (unknown_shape or any(o is not None and o.data is None for o in needed)):
        try:
            registration.check_node(node)
        except UnsupportedError as error:
            raise error.at(where) from None
        return None
    return prepare(node, where, registration)


def node_of(
    operator: Operator,
    graph: Subgraph,
    around: Subgraphs,
    shapes: Mapping[int, Shape | None],
    dtypes: Mapping[int, str],
    values: Mapping[int, Array],
) -> Node:
    """What the operator's `prepare` is given; an unknown shape stands as declared."""
    rules = around.rules

    def operand(index: int) -> Operand:
        return Operand.of(
            graph.tensors[index],
            rules,
            shape=shapes[index],
            dtype=dtypes[index],
            data=values.get(index),
        )

    return Node(
        name=operator.custom_code or operator.name,
        inputs=tuple(operand(i) if i >= 0 else None for i in operator.inputs),
        outputs=tuple(operand(i) for i in operator.outputs),
        rules=rules,
        options=operator.options,
        version=operator.version,
        intermediates=tuple(operand(i) if i >= 0 else None for i in operator.intermediates),
        custom_options=operator.custom_options,
        surroundings=around,
        place=(graph.index, operator.index),
    )


def _registration(operator: Operator, around: Subgraphs) -> Registration | None:
    if operator.name == "CUSTOM":
        return find_custom(operator.custom_code, around.operators)
    found = REGISTRY.get(operator.name)
    return None if found is None or found.custom else found


def _overrule_dtype(operator: Operator, rules: Rules, dtypes: dict[int, str]) -> None:
    """Give outputs the dtype of an input where the operator does so whatever the model says."""
    registration = REGISTRY.get(operator.name)
    if registration is None or registration.dtype_of is None or rules.declared_dtype == "trusted":
        return
    source = operator.inputs[registration.dtype_of : registration.dtype_of + 1]
    if source and source[0] >= 0:
        dtypes.update(dict.fromkeys(operator.outputs, dtypes[source[0]]))


def _follow(
    operator: Operator,
    record: Record | None,
    shapes: dict[int, Shape | None],
    values: dict[int, Array],
) -> None:
    """Note what an operator makes known: its outputs' shapes, and values if all inputs are."""
    if record is None or record.open_shapes:
        shapes.update(dict.fromkeys(operator.outputs))
        return
    shapes.update(zip(operator.outputs, record.shapes, strict=True))
    size = sum(math.prod(shape) for shape in record.shapes)
    if size > (MAX_ELEMENTS if record.always_folded else FOLD_LIMIT):
        return
    known = record.known_outputs()
    pure = not record.needs_environment
    if known is None and pure and all(i < 0 or i in values for i in operator.inputs):
        known, _ = apply(record, operator, values)
    if known is not None:
        values.update(zip(operator.outputs, known, strict=True))


def apply(
    record: Record,
    operator: Operator,
    values: Mapping[int, Array],
    environment: Environment | None = None,
) -> tuple[tuple[Array, ...], dict[int, Array]]:
    """The spec on the operands' values: the outputs, and new values of its state by tensor index.

    The new state is a copy: a spec may return an array that it was given.
    """
    arrays = (values[i] if i >= 0 else None for i in operator.inputs)
    result = record.spec(*((environment,) if record.needs_environment else ()), *arrays)
    made = result if isinstance(result, tuple) else (result,)
    count = len(made) - len(record.state)
    written = (operator.inputs[position] for position in record.state)
    state = (value.copy() for value in made[count:])
    return made[:count], dict(zip(written, state, strict=True))
