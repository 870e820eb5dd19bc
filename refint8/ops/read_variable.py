"""READ_VARIABLE: the value of a resource variable.

out = variable(handle)

An output declared without dimensions takes the variable's shape.

By the rule `unassigned_variable` a variable that nothing has assigned yet is an error, or holds
in every byte the zero point of the first tensor that the model assigns to it.

C1  the handle is one element
C2  the variable has a value when it is read
C3  the variable has the dtype and, unless it has no dimensions, the size of the output

Semantics: LiteRT `kernels/read_variable.cc`, ai-edge-litert 2.3.0; TFLM
`micro_resource_variable.cc`, tflite-micro 0.dev20261023.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

from refint8.errors import DomainError
from refint8.model.types import NUMPY_DTYPE
from refint8.native.control import read_variable
from refint8.native.lowering import NotFastError, Site
from refint8.ops._dtypes import ANY
from refint8.ops._op import Array, Node, Record, Shape, check, operator
from refint8.ops._surroundings import Environment
from refint8.ops._variables import in_every_byte


@operator("READ_VARIABLE", versions=range(1, 2), dtypes=(f"RESOURCE|INT32->{'|'.join(ANY)}",))
@dataclass(frozen=True, eq=False, kw_only=True)
class ReadVariable(Record):
    """The integer record; `shape` is None where the variable's decides."""

    needs_environment = True

    dtype: str
    shape: Shape | None
    unassigned: str = "refused"

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1."""
        handle, out = node.input(0).shape, node.output
        check(math.prod(handle) == 1, "C1", f"the handle has shape {handle}")
        return cls(
            shapes=(out.shape,) if out.shape else (),
            dtype=out.dtype,
            shape=out.shape or None,
            unassigned=node.rules.unassigned_variable,
        )

    @property
    def open_shapes(self) -> bool:
        """Whether the variable's shape decides."""
        return self.shape is None

    def spec(self, environment: Environment, handle: Array) -> Array:
        """The value, in the output's shape."""
        number = int(handle.reshape(-1)[0])
        value = environment.variables.get(number)
        if value is None:
            return self._first_value(environment.first_value(number))
        if value.dtype != NUMPY_DTYPE[self.dtype]:
            raise DomainError(f"the variable is {value.dtype.name}, not {self.dtype}", label="C3")
        if self.shape is None:
            return value
        if value.size != math.prod(self.shape):
            raise DomainError(f"the variable has shape {value.shape}, not {self.shape}", label="C3")
        return value.reshape(self.shape)

    def _first_value(self, byte: int | None) -> Array:
        if self.unassigned == "refused" or byte is None or self.shape is None:
            raise DomainError(
                "the variable is read before it is assigned",
                label="C2",
                hint="run the subgraph that initializes it, or CALL_ONCE it in the model",
            )
        return in_every_byte(byte, self.shape, NUMPY_DTYPE[self.dtype])

    def lower(self, site: Site) -> None:
        """A copy; the alarm while there is nothing to copy."""
        held, out = site.around.held(0), site.output
        if (out.nbytes, out.dtype) != (held.value.nbytes, held.value.dtype):
            raise NotFastError("the variable has another size or dtype")
        words = (site.alarm, held.state, held.value.offset, out.offset, out.nbytes)
        site.call(read_variable, *words)
