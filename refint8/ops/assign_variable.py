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

from refint8.native.control import assign_variable
from refint8.native.lowering import NotFastError, Site
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

    def lower(self, site: Site) -> None:
        """A copy, for the one shape and dtype that the program gives the variable."""
        held, x = site.around.held(0), site.input(1)
        if (x.shape, x.dtype) != (held.value.shape, held.value.dtype):
            raise NotFastError("the variable is assigned in several shapes or dtypes")
        constant = x.data is not None
        source = site.constant(x.data) if x.data is not None else x.offset
        words = (held.state, held.value.offset, source, int(not constant), x.nbytes)
        site.call(assign_variable, *words)
