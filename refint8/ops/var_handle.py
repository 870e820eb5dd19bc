"""VAR_HANDLE: the handle of a resource variable.

out = the number of the variable that `container` and `shared_name` name

Every operator with the same two names, in any subgraph, gives the same handle. The numbers count
the names in the order of the file; nothing but READ_VARIABLE and ASSIGN_VARIABLE looks at them.

C1  the handle is one element

Semantics: LiteRT `kernels/var_handle.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.ops._op import Array, Node, Record, check, operator


@operator("VAR_HANDLE", versions=range(1, 2), dtypes=("->RESOURCE|INT32",))
@dataclass(frozen=True, eq=False, kw_only=True)
class VarHandle(Record):
    """The integer record."""

    variable: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1, the variable's number."""
        shape, options = node.output.shape, node.options
        check(math.prod(shape) == 1, "C1", f"the handle has shape {shape}")
        names = str(options.get("container", "")), str(options.get("shared_name", ""))
        return cls(shapes=(shape,), variable=node.surroundings.variable(*names))

    def spec(self) -> Array:
        """The handle, int32."""
        return np.full(self.shapes[0], self.variable, np.int32)

    def known_outputs(self) -> tuple[Array, ...]:
        """The same before any run."""
        return (self.spec(),)
