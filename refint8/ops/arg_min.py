"""ARG_MIN: where the smallest value of an axis is.

out = the lowest index among those with the smallest value. Values are compared as they are, scales
and zero points do not matter. A NaN in FLOAT32 is a DomainError: LiteRT's vector and scalar code
give different indices then.

C1  the axis is one number inside the input
C2  the axis has at least one element
C3  the option `output_type` is INT32 or INT64, and the output's dtype

Semantics: LiteRT `kernels/arg_min_max.cc` and `reference/arg_min_max.h`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from refint8.errors import DomainError
from refint8.model.types import NUMPY_DTYPE
from refint8.native.lowering import NotFastError, Site
from refint8.ops._arg_max_kernel import arg_max_rows
from refint8.ops._arg_min_kernel import arg_min_axis
from refint8.ops._axes import read_axis, replace_axis
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator

DTYPES: Final = ("INT8", "UINT8", "INT32", "BOOL", "FLOAT32")


@operator(
    "ARG_MIN",
    versions=range(1, 4),
    dtypes=rows("{T},INT32|INT64->INT32|INT64", DTYPES),
    values=(1,),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class ArgMin(Record):
    """The integer record: the axis searched."""

    axis: int
    dtype: str

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, axis and shape."""
        shape, out = node.input(0).shape, node.output
        axis = read_axis(node.input(1), len(shape), "C1")
        check(shape[axis] > 0, "C2", f"axis {axis} of {shape} is empty")
        option = node.options["output_type"]
        check(out.dtype == option, "C3", f"the option says {option}, the output {out.dtype}")
        return cls(shapes=(replace_axis(shape, axis),), axis=axis, dtype=out.dtype)

    def spec(self, x: Array, _axis: Array | None = None) -> Array:
        """x of any shape to the indices, without the axis."""
        if x.dtype == np.float32 and np.isnan(x).any():
            raise DomainError(
                f"{int(np.isnan(x).sum())} inputs are NaN",
                hint="the engine's answer depends on the CPU's vector instructions",
            )
        found = x == x.min(self.axis, keepdims=True)
        index: Array = np.argmax(found, self.axis)
        return index.astype(NUMPY_DTYPE[self.dtype])

    def lower(self, site: Site) -> None:
        """Rows of bytes by vectors, as the largest of their complements; else whole slices."""
        x, out = site.read(0), site.output
        if x.dtype == np.float32:
            raise NotFastError("NaN in FLOAT32 is reported")
        wide, size = self.dtype == "INT64", x.shape[self.axis]
        before, behind = math.prod(x.shape[: self.axis]), math.prod(x.shape[self.axis + 1 :])
        if behind == 1 and x.dtype.itemsize == 1:
            flip = 0xFF if x.dtype == np.int8 else 0x7F
            site.call(arg_max_rows(wide), x.offset, out.offset, before, size, flip)
            return
        kernel = arg_min_axis(x.dtype.name.upper(), wide)
        site.call(kernel, x.offset, out.offset, before, size, behind, site.scratch(4 * behind))
