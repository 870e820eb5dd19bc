# ruff: noqa: N999  (the keyword is the operator's name)
"""WHILE: a subgraph again and again, as long as another one says so.

x = in...; while cond(x): x = body(x); out... = x

C1  cond takes the inputs and gives one output, body takes and gives them
C2  body gives the dtypes that it takes, cond a bool
C3  cond gives one element
C4  the loop ends within the environment's limit (REFINT8_LOOP_LIMIT, 100,000 turns)

Semantics: LiteRT `kernels/while.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

from refint8.errors import DomainError
from refint8.native.control import count_turn, jump, jump_unless, set_word
from refint8.native.lowering import Label, NotFastError, Site
from refint8.ops._control import (
    VALUES,
    Caller,
    append_call,
    append_copies,
    called,
    check_outputs,
    present,
)
from refint8.ops._op import Array, Node, check, operator
from refint8.ops._surroundings import Environment


@operator("WHILE", versions=range(1, 2), dtypes=(f"{VALUES}->{VALUES}",))
@dataclass(frozen=True, eq=False, kw_only=True)
class While(Caller):
    """The integer record."""

    condition: int
    body: int

    @property
    def subgraphs(self) -> tuple[int, ...]:
        """See Record."""
        return (self.condition, self.body)

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3; shapes that the body changes are known when it has run."""
        options, inputs = node.options, present(node)
        condition = called(node, int(options["cond_subgraph_index"]), inputs, 1)
        answer, shape = condition.outputs[0], condition.shapes[0]
        check(answer.dtype == "BOOL", "C2", f"the condition is {answer.dtype}")
        check(shape is None or math.prod(shape) == 1, "C3", f"the condition has shape {shape}")
        body = called(node, int(options["body_subgraph_index"]), inputs, len(inputs))
        check(len(node.outputs) == len(inputs), "C1", f"{len(node.outputs)} outputs")
        check_outputs(node, body)
        given = [operand.dtype for operand in body.outputs]
        taken = [operand.dtype for operand in body.inputs]
        check(given == taken, "C2", f"the body takes {taken} and gives {given}")
        shapes = tuple(operand.shape for operand in inputs)
        return cls(
            shapes=shapes if body.shapes == shapes else (),
            static=body.shapes == shapes,
            condition=condition.index,
            body=body.index,
        )

    def spec(self, environment: Environment, *inputs: Array) -> tuple[Array, ...]:
        """The values with which the condition failed."""
        values = tuple(array.copy() for array in inputs)
        for _ in range(environment.loop_limit + 1):
            (answer,) = environment.call(self.condition, values)
            if answer.size != 1:
                raise DomainError(f"the condition has shape {answer.shape}", label="C3")
            if not bool(answer.reshape(-1)[0]):
                return values
            values = environment.call(self.body, values)
        self.stopped(environment)
        raise AssertionError("it has been reported")

    def stopped(self, environment: Environment) -> None:
        """Condition C4."""
        raise DomainError(
            f"the loop has not ended after {environment.loop_limit} turns",
            label="C4",
            hint="set REFINT8_LOOP_LIMIT higher if it is meant to run so long",
        )

    def lower(self, site: Site) -> None:
        """The outputs hold the values from turn to turn; a jump back, counted."""
        condition, body = self.landings(site)
        (answer,) = condition.outputs
        inputs, outputs = self.given(site), site.outputs
        if answer.data is not None:
            raise NotFastError("the condition is a constant")
        places = {place.offset for place in outputs}
        if len(places) < len(outputs) or not places.isdisjoint(p.offset for p in inputs):
            raise NotFastError("an output is another one, or an input")
        counter, again, end = site.around.counter(), Label(), Label()
        append_copies(site, inputs, outputs)
        site.call(set_word, counter, 0)
        site.mark(again)
        append_copies(site, outputs, condition.inputs)
        append_call(site, condition)
        site.call(jump_unless, site.alarm, end, answer.offset)
        append_copies(site, outputs, body.inputs)
        append_call(site, body)
        append_copies(site, body.outputs, outputs)
        site.call(count_turn, site.alarm, counter, site.around.loop_limit)
        site.call(jump, site.alarm, again)
        site.mark(end)
