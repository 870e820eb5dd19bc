"""ASSIGN_VARIABLE: give a resource variable a value.

variable(handle) = x

The variable takes over dtype and shape as well.

C1  the handle is one element

Whether resetting a model's variables gives this one its zero point is the rule `reset`.

Semantics: LiteRT `kernels/assign_variable.cc`, ai-edge-litert 2.3.0, whose `reset_all_variables`
leaves variables alone; TFLM `micro_resource_variable.cc` (ResetAll), tflite-micro 0.dev20261023.
Both were measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

from refint8.ops._dtypes import ANY
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._surroundings import Environment


@operator("ASSIGN_VARIABLE", versions=range(1, 2), dtypes=(f"RESOURCE|INT32,{'|'.join(ANY)}->",))
@dataclass(frozen=True, eq=False, kw_only=True)
class AssignVariable(Record):
    """The integer record."""

    needs_environment = True

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1."""
        handle = node.input(0).shape
        check(math.prod(handle) == 1, "C1", f"the handle has shape {handle}")
        return cls(shapes=())

    def spec(self, environment: Environment, handle: Array, x: Array) -> tuple[()]:
        """No output."""
        environment.variables[int(handle.reshape(-1)[0])] = x.copy()
        return ()
