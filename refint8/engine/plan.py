"""From a model to prepared steps: order, shapes, integer records.

Shapes and the values of shape arithmetic (SHAPE, STRIDED_SLICE, PACK, ... feeding a RESHAPE) are
followed from the input shapes, so almost every operator is prepared before the first invoke. What
depends on values that only an invoke knows stays open and is prepared then.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from refint8.engine.refusal import refuse_all, refuse_custom
from refint8.errors import DomainError, ModelError, UnsupportedError, Where
from refint8.model.types import NUMPY_DTYPE, Model, Operator, Subgraph
from refint8.numerics.rules import Rules
from refint8.ops import REGISTRY, Node, Operand, Record, prepare
from refint8.ops._op import Array, Shape

FOLD_LIMIT = 1 << 16
"""A value of more elements than this is not computed while planning, only when run."""

MEMORY_LIMIT = 1 << 30
"""Bytes that all tensors of a run may take; REFINT8_MEMORY_LIMIT (bytes) replaces it."""


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


def make_plan(
    model: Model,
    rules: Rules,
    input_shapes: Mapping[int, Shape] | None = None,
    subgraph: int = 0,
) -> Plan:
    """Prepare every operator of a subgraph.

    `input_shapes` replaces declared shapes of graph inputs by tensor index. Raises
    UnsupportedError with *all* operators that cannot run, or DomainError for the first one whose
    arithmetic is not defined.
    """
    graph = model.subgraphs[subgraph]
    check_written(model, graph)
    plan = survey(model, rules, input_shapes, subgraph)
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
    graph = model.subgraphs[subgraph]
    shapes: dict[int, Shape | None] = {t.index: t.shape for t in graph.tensors}
    shapes.update(input_shapes or {})
    dtypes = {t.index: t.dtype for t in graph.tensors}
    values = {t.index: t.data for t in graph.tensors if t.data is not None}
    steps: list[Step] = []
    for operator in graph.operators:
        where = Where(model.name, subgraph, operator.index, operator.title)
        _overrule_dtype(operator, rules, dtypes)
        try:
            record = prepare_operator(operator, where, graph, rules, shapes, dtypes, values)
            _follow(operator, record, shapes, values)
            steps.append(Step(operator, where, record))
        except (UnsupportedError, DomainError) as error:
            steps.append(Step(operator, where, None, error.at(where)))
    return Plan(model, graph, rules, tuple(steps), shapes, dtypes, values)


def check_written(model: Model, graph: Subgraph) -> None:
    """Refuse a graph that reads a tensor before anything gives it a value. Raises ModelError."""
    written = {t.index for t in graph.tensors if t.data is not None or t.is_variable}
    written |= set(graph.inputs)
    for operator in graph.operators:
        for index in operator.inputs:
            if index >= 0 and index not in written:
                raise _unwritten(model, graph, index, operator)
        written |= set(operator.outputs)
    for index in graph.outputs:
        if index not in written:
            raise _unwritten(model, graph, index, None)


def _unwritten(model: Model, graph: Subgraph, index: int, reader: Operator | None) -> ModelError:
    where = Where(model.name, graph.index)
    if reader is not None:
        where = replace(where, operator=reader.index, operator_name=reader.title)
    return ModelError(
        f"tensor {index} '{graph.tensors[index].name}' is"
        f" {'read' if reader else 'an output of the model'} but nothing has written it",
        where=where,
        hint="the file is damaged, or its operators are out of order",
    )


def check_memory(
    model: Model, shapes: Mapping[int, Shape | None], dtypes: Mapping[int, str]
) -> None:
    """Refuse shapes that no honest model has, before anything is allocated for them."""
    limit = int(os.environ.get("REFINT8_MEMORY_LIMIT", MEMORY_LIMIT))
    total = sum(
        math.prod(shape) * NUMPY_DTYPE[dtypes[index]].itemsize
        for index, shape in shapes.items()
        if shape is not None and dtypes[index] in NUMPY_DTYPE
    )
    if total > limit:
        raise UnsupportedError(
            f"the tensors take {total:,} bytes, the limit is {limit:,}",
            label="memory",
            where=Where(model=model.name),
            hint="set REFINT8_MEMORY_LIMIT to more bytes if the model is meant to be so large",
        )


def prepare_operator(
    operator: Operator,
    where: Where,
    graph: Subgraph,
    rules: Rules,
    shapes: Mapping[int, Shape | None],
    dtypes: Mapping[int, str],
    values: Mapping[int, Array],
) -> Record | None:
    """The integer record, or None while a shape or a value that it needs is unknown.

    Raises UnsupportedError and DomainError with the place filled in.
    """
    if operator.name == "CUSTOM":
        raise refuse_custom(operator).at(where)
    for index in operator.inputs:
        if index >= 0 and graph.tensors[index].sparse:
            raise UnsupportedError(
                f"tensor {index} '{graph.tensors[index].name}' is stored sparsely",
                label="sparse",
                where=where,
                hint="convert the model with dense weights",
            )

    def operand(index: int) -> Operand:
        # An unknown shape stands as declared: only dtypes are looked at until it is known.
        return Operand.of(
            graph.tensors[index],
            rules,
            shape=shapes[index],
            dtype=dtypes[index],
            data=values.get(index),
        )

    node = Node(
        name=operator.name,
        inputs=tuple(operand(i) if i >= 0 else None for i in operator.inputs),
        outputs=tuple(operand(i) for i in operator.outputs),
        rules=rules,
        options=operator.options,
        version=operator.version,
    )
    registration = REGISTRY.get(node.name)
    needs = registration.values if registration else ()
    needed = [node.optional_input(position) for position in needs]
    unknown_shape = any(shapes[i] is None for i in operator.inputs if i >= 0)
    if registration and (unknown_shape or any(o is not None and o.data is None for o in needed)):
        try:
            registration.check_node(node)
        except UnsupportedError as error:
            raise error.at(where) from None
        return None
    return prepare(node, where)


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
    if record is None:
        shapes.update(dict.fromkeys(operator.outputs))
        return
    shapes.update(zip(operator.outputs, record.shapes, strict=True))
    size = sum(math.prod(shape) for shape in record.shapes)
    if size > FOLD_LIMIT:
        return
    known = record.known_outputs()
    if known is None and all(i < 0 or i in values for i in operator.inputs):
        known = apply(record, operator, values)
    if known is not None:
        values.update(zip(operator.outputs, known, strict=True))


def apply(record: Record, operator: Operator, values: Mapping[int, Array]) -> tuple[Array, ...]:
    """The spec on the operands' values, as a tuple of outputs."""
    result = record.spec(*(values[i] if i >= 0 else None for i in operator.inputs))
    return result if isinstance(result, tuple) else (result,)
